# SPDX-License-Identifier: Apache-2.0
"""A marketplace with the default rules, for tests of people who play them."""

from tests.functional import base

#: The rules that other tests are spared.
DEFAULTS = (
    ('contracts', 'notice', '900'),
    ('market', 'book_min_parties', '3'),
    ('market', 'prices_delay', '86400'),
)


class RulesTestCase(base.MarketplaceTestCase):
    OPTIONS = DEFAULTS

    def market(self, token):
        caller = super().market(token)
        caller.headers['OpenStack-API-Version'] = 'marketplace latest'
        return caller

    def claim(self, offer, who='umbrella-member', status=201, **terms):
        path = f'/v1/offers/{offer["uuid"]}/claim'
        return self.good(self.market(who).post(path, terms), status)

    def cancel(self, contract, who='umbrella-member'):
        self.good(self.market(who).delete(f'/v1/contracts/{contract["uuid"]}'), 204)

    def extend(self, contract, end, who='umbrella-member', **more):
        path = f'/v1/contracts/{contract["uuid"]}'
        return self.market(who).patch(path, {'end_time': self.time(end), **more})

    def bills(self, contract, who='umbrella-reader'):
        answer = self.market(who).newest(
            '/v1/usage', start_time=self.time(-1), end_time=self.time(2000)
        )
        return [
            row
            for group in self.good(answer, 200)['usage']
            for row in group['lines']
            if row['contract_uuid'] == contract['uuid']
        ]

    def refused(self, response, status, words):
        self.assertEqual(status, response.status_code, response.text)
        self.assertIn(words, base.error(response)['detail'])
