# SPDX-License-Identifier: Apache-2.0
"""A request is about the very object that it names, or about none."""

import http.client
import json
import urllib.parse

import hypothesis
from hypothesis import strategies as st

from flocx.api import routing
from flocx.core import names
from market.api import root as market
from matcher.api import root as matcher
from provider.api import root as provider
from tests import profiles
from tests.functional import base

#: What may part a path, end it, be escaped, or be equal to something to a database.
_SIGNS = ('/', '//', '%', '%2F', '?', '#', ';', '\\', '.', '..', '/..', '/.', ' ', '\t')
_SIGNS += ('\n', '\0', '+', '&', '=', ':', '\u00a0', 'é', '/claim', '/lines', '/health')
_ROOTS = {
    'marketplace': market.Root(),
    'marketplace-matcher': matcher.Root(),
    'marketplace-provider': provider.Root(),
}
_NAME = 'p2'
#: What is for providers and operators, whatever the object: a 403 betrays nothing.
_THEIRS = ('/health', '/hardware', '/lines/{line_uuid}', '/handover', '/rounds/{uuid}')
_THEIRS += ('/accounts/{ident}', '/disputes/{ident}', '/grants/{ident}')


@st.composite
def _near(draw):
    """What differs from the name of an object by signs of these, or is only these."""
    start, end = draw(st.sampled_from([(_NAME, ''), ('', _NAME), ('p', '2'), ('', '')]))
    signs = draw(st.lists(st.sampled_from(_SIGNS), min_size=1, max_size=3))
    return start + ''.join(signs) + end


def _settings(examples):
    return hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        # A failure has to come back when it is looked for; the night looks elsewhere.
        derandomize=not profiles.NIGHTLY,
    )


class NamesTest(base.MarketplaceTestCase):
    def setUp(self):
        super().setUp()
        self.add_node(_NAME, owner='umbrella')
        self.add_node('p', owner='umbrella')
        self.offer('acme-member', name=_NAME)
        self.offer('umbrella-member', node=_NAME, name=_NAME, hours=10)
        sold = self.offer('acme-member')
        self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{sold["uuid"]}/claim', {'name': _NAME}
            )
        )
        self.bid(name=_NAME)

    def send(self, service, method, path, body=None):
        """The answer to a request whose path nobody tidies up."""
        url = urllib.parse.urlsplit(self.marketplace.catalog[service])
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        headers = {
            'X-Auth-Token': 'umbrella-member',
            'X-Service-Token': 'service-service',
            'OpenStack-API-Version': 'marketplace latest',
            'Content-Type': 'application/json',
        }
        text = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, text, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def everything(self):
        """All that could have been changed."""
        admin = self.market('operator-admin')
        found = []
        for name in ('offers', 'bids', 'contracts'):
            found += self.good(admin.get(f'/v1/{name}?status=any'), 200)[name]
        for each in found:
            # What is free begins now, whenever that is.
            each.pop('availabilities', None)
        return found

    @property
    def body(self):
        """What every operation finds something in, so that none is refused for it."""
        return {
            'PATCH': [
                {'name': 'changed'},
                {'end_time': self.time(5)},
                {'status': 'error'},
            ],
            'POST': [{}],
        }

    def test_hostile_identifiers_mean_nothing(self):
        before = self.everything()

        # Each identifier is for one operation in four: each of these has 25.
        @_settings(100)
        @hypothesis.given(
            ident=_near(),
            safe=st.sampled_from(('', '/', ';', '/;')),
            quarter=st.integers(0, 3),
        )
        def ask(ident, safe, quarter):
            part = urllib.parse.quote(ident.encode(), safe=safe)
            for service, path, method in self._operations()[quarter::4]:
                self._ask(service, path, method, ident, part)

        ask()
        self.assertEqual(before, self.everything())

    @staticmethod
    def _operations():
        """Those that take an identifier, but for what only reads about an object."""
        return [
            (service, path, method)
            for service, root in _ROOTS.items()
            for path, method, _ in routing.operations(root.v1)
            if path.endswith('}') or ('{' in path and method != 'GET')
        ]

    def _ask(self, service, path, method, ident, part):
        for body in self.body.get(method, [None]):
            first, *others = path.split('{')
            # The first identifier is the hostile one; what follows is what there is.
            rest = others[0].partition('}')[2] + ''.join(
                _NAME + each.partition('}')[2] for each in others[1:]
            )
            asked = f'{first}{part}{rest}'
            status, answer = self.send(service, method, asked, body)
            theirs = asked.endswith(_THEIRS) or path.endswith(_THEIRS)
            # A hostile identifier may make one of these of another path.
            theirs = theirs or '/lines/' in asked
            refusals = (400, 403, 404, 405) if theirs else (400, 404, 405)
            self.assertIn(status, refusals, (service, method, path, ident, answer))


class GivenNamesTest(base.MarketplaceTestCase):
    def test_a_name_that_is_given_means_that_object_alone(self):
        self.bid(name=_NAME)
        renter = self.market('umbrella-member')
        original = self.good(renter.get(f'/v1/bids/{_NAME}'), 200)
        seen = set()

        @_settings(60)
        @hypothesis.given(name=_near())
        def trade(name):
            # A closed bid keeps its name, and two of one name are a conflict.
            hypothesis.assume(name not in seen)
            seen.add(name)
            values = {'name': name, 'end_time': self.time(24), 'price': '1'}
            created = renter.post('/v1/bids', values)
            self.assertEqual(
                201 if names.identifies(name) else 400, created.status_code, name
            )
            if created.status_code == 400:
                self.assertTrue(base.error(created)['detail'].startswith('name: '))
                return
            path = f'/v1/bids/{urllib.parse.quote(name, safe="")}'
            uuid = created.json()['uuid']
            self.assertEqual(uuid, self.good(renter.get(path), 200)['uuid'])
            changed = self.good(renter.patch(path, {'price': '1.5'}), 200)
            self.assertEqual(uuid, changed['uuid'])
            self.assertEqual(204, renter.delete(path).status_code)

        trade()
        self.assertEqual(original, self.good(renter.get(f'/v1/bids/{_NAME}'), 200))

    def test_a_slash_that_was_encoded_is_no_slash(self):
        uuid = self.offer('acme-member', name='sold')['uuid']
        before = self.show('offers', uuid)
        for path in ('/v1/offers/sold%2Fclaim', '/v1/offers/sold%2fclaim'):
            response = self.market('umbrella-member').post(path)
            self.assertEqual(404, response.status_code, response.text)
        self.assertEqual(before, self.show('offers', uuid))

    def test_a_rename_keeps_to_the_rule(self):
        self.bid(name='old')
        renter = self.market('umbrella-member')
        for name in ('a/b', '', ' a', '..', '8e3cf0b5-3d3c-4b5e-8d4d-1b2a3c4d5e6f'):
            response = renter.patch('/v1/bids/old', {'name': name})
            self.assertEqual(400, response.status_code, name)
            self.assertTrue(base.error(response)['detail'].startswith('name: '))
        self.assertEqual('old', self.good(renter.get('/v1/bids/old'), 200)['name'])
