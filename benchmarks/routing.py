# SPDX-License-Identifier: Apache-2.0
"""What is saved by what we change in how Pecan and oslo.policy work.

    python -m benchmarks.routing

Prints, as JSON, microseconds of processor time: to find the method for a URL, in our
table and by Pecan's RestController; and for whole requests on SQLite, as they are,
with arguments that Pecan inspects anew each time, with checks that oslo.policy does,
and with files of rules that it looks for. ``saved`` is a part of a request.
"""

from oslo_service import backend

if __name__ == '__main__':
    # Before anything else chooses another.
    backend.init_backend(backend.BackendType.THREADING)

import contextlib
import inspect
import json
import statistics
import tempfile
import time
from unittest import mock

from oslo_policy import _checks
import pecan
from pecan import core
from pecan import rest
from pecan import routing
from pecan import util
import webob

from benchmarks import operations
from flocx import policy
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


def beside(request, times=300, rounds=3):
    """Microseconds of ``request``, and the part of it that each change saves."""
    found = {}
    for _ in range(rounds):
        for name, change in CHANGES.items():
            with change():
                taken = statistics.median(request() for _ in range(times))
                found[name] = min(taken, found.get(name, taken))
    least = found['as it is']
    return {'us': round(least * 1e6)} | {
        name: {'us': round(taken * 1e6), 'saved': round(1 - least / taken, 2)}
        for name, taken in found.items()
        if name != 'as it is'
    }


@contextlib.contextmanager
def arguments_inspected():
    """Pecan as it is shipped."""
    with (
        mock.patch.object(core, 'getargspec', util.getargspec),
        mock.patch.object(routing, 'getargspec', util.getargspec),
    ):
        yield


@contextlib.contextmanager
def checks_inspected():
    """oslo.policy as it is shipped."""
    with mock.patch.object(_checks, 'inspect', inspect):
        yield


@contextlib.contextmanager
def files_looked_for():
    """oslo.policy as it is shipped: for each question."""

    def use_files(rules):
        rules._enforcer.use_conf = True

    with mock.patch.object(policy.Policy, '_look', use_files):
        yield


CHANGES = {
    'as it is': contextlib.nullcontext,
    'arguments inspected': arguments_inspected,
    'checks inspected': checks_inspected,
    'files looked for': files_looked_for,
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        known = operations.Stage(folder).operations()
        requests = {
            name: beside(known[name]) for name in ('versions', 'show', 'refused')
        }
    table = measure(pecan.Pecan(root.Root()))
    controllers = measure(pecan.Pecan(_Root()))
    print(
        json.dumps(
            {
                'table_us': round(table * 1e6),
                'rest_controller_us': round(controllers * 1e6),
                'saved': round(1e6 * (controllers - table) / requests['show']['us'], 2),
                'requests': requests,
            },
            indent=2,
        )
    )


if __name__ == '__main__':
    main()
