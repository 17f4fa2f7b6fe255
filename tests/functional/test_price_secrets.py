# SPDX-License-Identifier: Apache-2.0
"""What prices give away, and what a high ceiling costs: nothing."""

import json

from tests.functional import test_engines

#: What differs between two contracts that are otherwise alike.
_OWN = ('uuid', 'offer_uuid', 'resource_uuid', 'bid_uuid', 'round_uuid', 'name')


def alike(document):
    """A contract without what no other contract could have."""
    return {
        name: [alike(each) for each in value] if name == 'lines' else value
        for name, value in document.items()
        if name not in (*_OWN, 'created_at', 'updated_at', 'start_time', 'end_time')
    }


class PriceSecretsTest(test_engines.EngineTestCase):
    def at(self, kind, token, service_token=None):
        """Whoever it is, they ask for what says how prices are made."""
        caller = super().at(kind, token, service_token)
        caller.headers['OpenStack-API-Version'] = 'marketplace 1.1'
        return caller

    def sold(self, *ceilings, ask='1', **fields):
        """What the first of bids at these ceilings gets of one server."""
        offer = self.offer(price=ask)
        window = {'start_time': self.time(1), 'end_time': self.time(3), **fields}
        first, *_ = [self.bid(price=each, **window) for each in ceilings]
        self.round()
        found = self.contract(first)
        for bid in self.good(
            self.market('umbrella-member').get('/v1/bids', status='available'), 200
        )['bids']:
            self.market('umbrella-member').delete(f'/v1/bids/{bid["uuid"]}')
        self.provider('acme-member').delete(f'/v1/offers/{offer["uuid"]}')
        return found

    def test_k_no_price_gives_the_ceiling_away(self):
        """Not to the owner, and not to bystanders who know the ask."""
        contract = self.sold('7.654321')
        own = self.market('acme-member').get(f'/v1/contracts/{contract["uuid"]}')
        self.assertEqual('1.000000', own.json()['lines'][0]['price'])
        prices = self.market('initech-member').get('/v1/prices', interval='3600')
        events = self.market('acme-member').get('/v1/events')
        for answer in (own, prices, events):
            self.assertNotIn('7.65', answer.text)
            self.assertNotIn('4.327', answer.text)

    def test_k_also_where_others_wanted_the_server(self):
        low, high = self.sold('5', '4.25'), self.sold('987.654321', '4.25')
        self.assertEqual('4.250000', low['lines'][0]['price'])
        self.assertEqual(alike(low), alike(high))

    def test_k_also_of_several_servers_and_of_a_part_of_the_time(self):
        self.offer(price='1.5')
        low = self.sold('6', '4', quantity=2)
        self.offer(price='1.5')
        high = self.sold('60', '4', quantity=2)
        self.assertEqual(alike(low), alike(high))

    def test_m_a_high_ceiling_costs_no_more_than_a_claim(self):
        offer = self.offer(price='0.58')
        claimed = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(1)}
            )
        )
        paid = [claimed['lines'][0]['price']]
        for ceiling in ('0.6', '1', '3', '100'):
            contract = self.sold(ceiling, ask='0.58')
            paid.append(contract['lines'][0]['price'])
        self.assertEqual(['0.580000'] * 5, paid)

    def test_m_nor_where_others_wanted_the_server(self):
        paid = [
            self.sold(ceiling, '0.75', ask='0.58')['lines'][0]['price']
            for ceiling in ('0.8', '3', '100')
        ]
        self.assertEqual(['0.750000'] * 3, paid)

    def test_m_nor_of_servers_that_ask_for_different_prices(self):
        paid = []
        for ceiling in ('2', '100'):
            self.offer(price='1.5')
            contract = self.sold(ceiling, ask='0.58', quantity=2)
            paid.append(sorted(line['price'] for line in contract['lines']))
        self.assertEqual([['0.580000', '1.500000']] * 2, paid)

    def test_a_line_says_how_its_price_was_made_and_names_nobody(self):
        contract = self.sold('5', '4.25')
        (line,) = contract['lines']
        rule, ask, displaced, round_uuid = self.origin(line)
        self.assertEqual(
            ('second_price', '1.000000', '3.250000'), (rule, ask, displaced)
        )
        rounds = self.matcher('operator-admin').get('/v1/rounds').json()['rounds']
        self.assertIn(round_uuid, {each['uuid'] for each in rounds})
        for reader in ('umbrella-member', 'acme-member'):
            seen = self.show('contracts', contract['uuid'], reader)
            self.assertEqual(line, seen['lines'][0])
        offer = self.offer(price='2')
        claimed = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(1)}
            )
        )
        (line,) = claimed['lines']
        self.assertEqual(
            ('claim', '2.000000', None, None), self.origin(line), json.dumps(line)
        )

    def origin(self, line):
        return tuple(
            line.get(name) for name in ('price_rule', 'ask', 'displaced', 'round_uuid')
        )

    def test_another_pricing_touches_no_contract_that_was_made(self):
        before = self.sold('5')
        conf = self.marketplace.conf
        conf.set_override('pricing', 'k_double_auction', 'matcher')
        self.addCleanup(conf.clear_override, 'pricing', 'matcher')
        after = self.sold('5')
        self.assertEqual('3.000000', after['lines'][0]['price'])
        self.assertEqual('k_double_auction', after['lines'][0]['price_rule'])
        self.assertEqual(before, self.show('contracts', before['uuid']))
