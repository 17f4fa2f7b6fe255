# SPDX-License-Identifier: Apache-2.0
"""The client and the services agree on a version of the API, or say why they cannot."""

from unittest import mock

import requests

from flocx.api import versions
from flocxclient.sdk import microversions
from tests.functional import test_client

SERVED = versions.VERSIONS


class VersionTest(test_client.ClientTestCase):
    WORKERS = False

    def setUp(self):
        super().setUp()
        self.offer(name='any')

    def listed(self, *options):
        """What a list came to, and the versions of the requests for it."""
        asked, send = [], requests.Session.request

        def request(session, method, url, **kwargs):
            version = (kwargs.get('headers') or {}).get(microversions.HEADER)
            if version:
                asked.append(version)
            return send(session, method, url, **kwargs)

        with mock.patch.object(requests.Session, 'request', request):
            done = self.run_command(
                'umbrella-member', 'offer', 'list', '-f', 'json', options=options
            )
        return done, asked

    def test_a_client_newer_than_the_service_takes_what_the_service_has(self):
        with mock.patch.object(microversions, 'NEWEST', '1.999'):
            done, asked = self.listed()
        self.assertEqual(0, done.code, done.err)
        self.assertNotEqual([], done.json)
        self.assertEqual(['marketplace 1.999', f'marketplace {SERVED[-1]}'], asked)

    def test_a_service_that_knows_the_newest_is_asked_once(self):
        with mock.patch.object(microversions, 'NEWEST', SERVED[-1]):
            done, asked = self.listed()
        self.assertEqual(0, done.code, done.err)
        self.assertEqual([f'marketplace {SERVED[-1]}'], asked)

    def test_nothing_fits(self):
        with mock.patch.multiple(microversions, OLDEST='1.998', NEWEST='1.999'):
            done, _ = self.listed()
        self.assertEqual((1, ''), (done.code, done.out))
        self.assertIn(
            'this client knows 1.998 to 1.999, the service has '
            f'{SERVED[0]} to {SERVED[-1]}',
            done.err,
        )

    def test_a_version_that_is_asked_for_is_that_or_nothing(self):
        version = SERVED[0]
        done, asked = self.listed(f'--os-market-api-version={version}')
        self.assertEqual(0, done.code, done.err)
        self.assertEqual([f'marketplace {version}'], asked)
        with mock.patch.object(microversions, 'NEWEST', '1.999'):
            done, _ = self.listed('--os-market-api-version=1.998')
        self.assertEqual((1, ''), (done.code, done.out))
        self.assertIn('version 1.998 of the API was asked for; the service', done.err)

    def test_a_version_that_the_client_does_not_know(self):
        done, asked = self.listed('--os-market-api-version=1.77')
        self.assertEqual((1, '', []), (done.code, done.out, asked))
        self.assertIn('this client knows', done.err)
