# SPDX-License-Identifier: Apache-2.0
"""The operator is told what looks like gaming."""

from tests.functional import market_rules


class AuditTest(market_rules.RulesTestCase):
    """The operator is told what looks like gaming, and only they are."""

    def findings(self, **params):
        answer = self.market('operator-admin').get('/v1/audit', **params)
        return self.good(answer, 200)['findings']

    def test_it_is_for_operators(self):
        for who in ('acme-manager', 'umbrella-member', 'initech-reader'):
            self.assertEqual(403, self.market(who).get('/v1/audit').status_code, who)

    def test_an_organisation_that_trades_with_itself_is_found(self):
        offer = self.offer('acme-lab-member', node=self.add_node(owner='acme-lab'))
        self.claim(offer, 'acme-web-member')
        (found,) = self.findings(rule='within_organisation', project_id='acme-web')
        self.assertEqual(
            ('acme-lab', 'acme-web', 1),
            (found['project_id'], found['other_project_id'], found['count']),
        )

    def test_squatting_is_found(self):
        offer = self.offer(hours=400)
        for _ in range(2):
            self.cancel(
                self.claim(offer, 'initech-member', start_time=self.time(300)),
                'initech-member',
            )
        (found,) = self.findings(rule='squatting')
        self.assertEqual(('initech', 2), (found['project_id'], found['count']))
        self.assertIn('100 %', found['detail'])

    def test_who_tries_prices_again_and_again_is_found(self):
        bid = self.bid(price='0.1', resource_class='probed')
        offer = self.offer(node=self.add_node(resource_class='probed'))
        for number in range(5):
            price = {'price': f'0.{number + 2}'}
            for who, path in (
                ('umbrella', f'/v1/bids/{bid["uuid"]}'),
                ('acme', f'/v1/offers/{offer["uuid"]}'),
            ):
                self.good(self.market(f'{who}-member').patch(path, price), 200)
        for rule, project in (('probing_bids', 'umbrella'), ('probing_asks', 'acme')):
            (found,) = self.findings(rule=rule)
            self.assertEqual(
                (project, 5, 'probed'),
                (found['project_id'], found['count'], found['resource_class']),
            )

    def test_a_period_and_a_rule_that_are_none(self):
        market = self.market('operator-admin')
        self.refused(market.get('/v1/audit', rule='x'), 400, 'rule')
        start = '2020-01-01T00:00:00Z'
        self.refused(market.get('/v1/audit', start_time=start), 400, 'start_time')
