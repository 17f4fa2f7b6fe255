# SPDX-License-Identifier: Apache-2.0
"""Several projects of one organisation are one party."""

from tests.functional import base
from tests.functional import market_rules


class OrganisationTest(market_rules.RulesTestCase):
    """Several projects of one organisation have no more than it may have."""

    OPTIONS = (
        *market_rules.DEFAULTS,
        ('quota', 'organisation_open_bids', '2'),
        ('quota', 'organisation_reserved_hours', '40'),
    )

    def test_quotas_count_all_projects_of_an_organisation(self):
        for who in ('acme-lab', 'acme-web'):
            self.bid(f'{who}-member', 3, duration=3600)
        bid = {'price': '1', 'end_time': self.time(3), 'duration': 3600}
        for who in ('acme', 'acme-lab', 'acme-web', 'acme-internal'):
            refused = self.market(f'{who}-member').post('/v1/bids', bid)
            self.refused(refused, 403, 'open_bids')
            self.assertIn('organisation acme', base.error(refused)['detail'])
        self.good(self.market('initech-member').post('/v1/bids', bid))
        offer = self.offer(who='umbrella-member', hours=60)
        claim = f'/v1/offers/{offer["uuid"]}/claim'
        far = {'start_time': self.time(5), 'end_time': self.time(44)}
        refused = self.market('acme-internal-member').post(claim, far)
        self.refused(refused, 403, 'reserved_hours')
