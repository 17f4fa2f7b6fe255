# SPDX-License-Identifier: Apache-2.0
"""The stories in gabbits/, told to the services over HTTP.

Each file has a marketplace of its own. With ``FLOCX_MARKET`` in the environment
they are told to that one instead; then everything that ``environment`` says has to
be there too: URLs, tokens, projects and names of servers that can be offered.
"""

import datetime
import os
import pathlib

from gabbi import driver
from gabbi import fixture

from flocx.core import window
from tests import fixtures
from tests.functional import base

_HOURS = {'PAST': -2, 'SOON': 1, 'LATER': 2, 'EVENING': 8, 'END': 24, 'BEYOND': 48}


def times(now):
    """Moments for requests, by name: all are whole hours away from ``now``."""
    return {
        f'FLOCX_{name}': window.text(now + datetime.timedelta(hours=hours))
        for name, hours in _HOURS.items()
    }


def environment(marketplace):
    """What the stories refer to as $ENVIRON."""
    return {
        'FLOCX_MARKET': marketplace.catalog['marketplace'],
        'FLOCX_PROVIDER': marketplace.catalog['marketplace-provider'],
        'FLOCX_MATCHER': marketplace.catalog['marketplace-matcher'],
        'FLOCX_OWNER': 'acme-member',
        'FLOCX_OWNER_READER': 'acme-reader',
        'FLOCX_OWNER_PROJECT': 'acme',
        'FLOCX_LAB': 'acme-lab-member',
        'FLOCX_LAB_PROJECT': 'acme-lab',
        'FLOCX_RENTER': 'umbrella-member',
        'FLOCX_RENTER_READER': 'umbrella-reader',
        'FLOCX_RENTER_PROJECT': 'umbrella',
        'FLOCX_STRANGER': 'initech-member',
        'FLOCX_OPERATOR': 'operator-admin',
        'FLOCX_SERVICE': 'service-service',
        'FLOCX_UNSCOPED': 'unscoped',
        **{
            f'FLOCX_NODE_{number}': marketplace.add_node(f'node-{number}')
            for number in range(1, 6)
        },
    }


class Marketplace(fixture.GabbiFixture):
    """Services without workers: nothing happens but what the story says."""

    WORKERS = False

    def start_fixture(self):
        self.marketplace, values = None, {}
        clock = base.RealTime() if self.WORKERS else base.Clock()
        if 'FLOCX_MARKET' not in os.environ:
            self.marketplace = fixtures.Marketplace(
                workers=self.WORKERS, clock=None if self.WORKERS else clock
            )
            self.marketplace.setUp()
            values.update(times(clock()), **environment(self.marketplace))
        else:
            values.update(times(datetime.datetime.now(datetime.UTC)))
        self.before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)

    def stop_fixture(self):
        for name, value in self.before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if self.marketplace:
            self.marketplace.cleanUp()


class Working(Marketplace):
    """Services with the engine and the fulfiller."""

    WORKERS = True


def load_tests(loader, tests, pattern):
    """The protocol of unittest: one class for each file, one test for each request."""
    # Every URL in the stories is absolute; a request without one would fail here.
    return driver.build_tests(
        str(pathlib.Path(__file__).parent / 'gabbits'),
        loader,
        host='story-without-url.invalid',
        fixture_module=__import__(__name__, fromlist=['Marketplace']),
        test_loader_name=__name__,
        # Ours speak HTTP, and to read all authorities takes longer than a request.
        cert_validate='FLOCX_MARKET' in os.environ,
    )
