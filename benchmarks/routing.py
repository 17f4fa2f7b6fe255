# SPDX-License-Identifier: Apache-2.0
"""What it takes to find the method for a URL: our table beside Pecan's RestController.

    python -m benchmarks.routing

Prints, as JSON, microseconds of processor time for each, and for a whole request for
one object on SQLite, of which the difference is a part.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import json
import statistics
import tempfile
import time

import pecan
from pecan import rest
import webob

from benchmarks import operations
from market.api import root

PATH = '/v1/offers/one'


class _Offers(rest.RestController):
    @pecan.expose(content_type='application/json')
    def get_one(self, ident):
        return ''


class _V1:
    offers = _Offers()


class _Root:
    v1 = _V1()


def measure(application, times=2000):
    """Seconds to find the method for ``PATH``, the median."""
    taken = []
    for _ in range(times):
        request = webob.Request.blank(PATH)
        request.pecan = {}
        began = time.process_time()
        application.route(request, application.root, PATH)
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def main():
    with tempfile.TemporaryDirectory() as folder:
        show = operations.Stage(folder).operations()['show']
        for _ in range(50):
            show()
        request = statistics.median(show() for _ in range(500))
    table = measure(pecan.Pecan(root.Root()))
    controllers = measure(pecan.Pecan(_Root()))
    print(
        json.dumps(
            {
                'table_us': round(table * 1e6),
                'rest_controller_us': round(controllers * 1e6),
                'request_us': round(request * 1e6),
                'saved': round((controllers - table) / request, 2),
            },
            indent=2,
        )
    )


if __name__ == '__main__':
    main()
