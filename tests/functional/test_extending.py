# SPDX-License-Identifier: Apache-2.0
"""An extension costs what the time is worth today."""

import decimal

from tests.functional import market_rules


class ExtendingTest(market_rules.RulesTestCase):
    """Line p: an extension pays what the time is worth today."""

    def contract(self, **offered):
        offer = self.offer(**{'hours': 200, **offered})
        return offer, self.claim(offer, end_time=self.time(1))

    def change(self, offer, **values):
        path = f'/v1/offers/{offer["uuid"]}'
        self.good(self.market('acme-member').patch(path, values), 200)

    def segments(self, contract):
        (line,) = contract['lines']
        return [
            (each['end_time'], decimal.Decimal(each['price']))
            for each in line['price_segments']
        ]

    def test_p_added_time_costs_what_the_owner_asks_today(self):
        offer, contract = self.contract()
        self.change(offer, price='50')
        longer = self.good(self.extend(contract, 192), 200)
        self.assertEqual(
            [(self.time(1), 1), (self.time(192), 50)], self.segments(longer)
        )
        self.assertEqual('1.000000', longer['lines'][0]['price'])

    def test_p_it_is_billed_by_itself_to_the_last_digit(self):
        offer, contract = self.contract(price='0.777777')
        self.change(offer, price='3.333333')
        self.good(self.extend(contract, 3), 200)
        self.fulfil()
        self.clock.advance(hours=4)
        self.fulfil(3)
        first, second = self.bills(contract)
        self.assertEqual(
            ('3.333333', 7200, '6.666666', self.time(1)),
            (
                second['price'],
                second['server_seconds'],
                second['amount'],
                second['start_time'],
            ),
        )
        self.assertEqual('0.777777', first['price'])
        self.assertEqual([first, second], self.bills(contract, 'acme-reader'))

    def test_p_a_lower_ask_does_not_make_it_cheaper(self):
        offer, contract = self.contract(price='2')
        self.change(offer, price='1')
        longer = self.good(self.extend(contract, 2), 200)
        self.assertEqual([(self.time(2), 2)], self.segments(longer))

    def test_p_not_where_the_offer_is_withdrawn_or_meant_for_others(self):
        offer, contract = self.contract()
        self.change(offer, lessee_id='initech')
        self.refused(self.extend(contract, 2), 409, 'another project')
        self.change(offer, lessee_id='umbrella')
        self.good(self.extend(contract, 2), 200)
        self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}')
        self.refused(self.extend(contract, 3), 409, 'cancelled')

    def test_p_the_refusal_says_how_late_the_end_can_be(self):
        offer, contract = self.contract(name='how-late')
        other = self.offer(hours=200)
        self.refused(self.extend(contract, 300), 409, 'it can end ' + self.time(200))
        taken = {'start_time': self.time(50), 'end_time': self.time(60)}
        self.claim(offer, 'initech-member', **taken)
        refusal = self.extend(contract, 55)
        self.refused(refusal, 409, self.time(50) + ' at the latest')
        self.assertNotIn(offer['uuid'], refusal.text)
        both = {'offers': [other['uuid']], 'end_time': self.time(2)}
        pair = self.claim(self.offer(hours=40), **both)
        self.refused(self.extend(pair, 60), 409, self.time(40) + ' at the latest')
        self.claim(other, 'initech-member', start_time=self.time(2))
        self.refused(self.extend(pair, 3), 409, 'not free on every server')

    def test_p_it_costs_what_bids_left_out_would_pay(self):
        kind = 'wanted'
        node = self.add_node(resource_class=kind)
        _, contract = self.contract(node=node)
        # They need the hour that is added; one could wait, one wants more servers
        # than there are, one other hardware, and the last is cheaper.
        taking = {'start_time': self.time(1), 'resource_class': kind}
        self.bid('initech-member', 3, price='7.654321', **taking)
        self.bid('initech-member', 200, price='90', duration=3600, **taking)
        self.bid('initech-member', 3, price='80', quantity=9, min_quantity=9, **taking)
        self.bid('initech-member', 3, price='70', start_time=self.time(1),
                 resource_class='other')  # fmt: skip
        self.bid('initech-member', 3, price='5', **taking)
        # Of its alternatives one would take it for less.
        others = [{'price': '7.5', 'resource_class': kind}, {'price': '95'}]
        self.bid('initech-member', 3, price='80', start_time=self.time(1),
                 resource_class='other', alternatives=others)  # fmt: skip
        longer = self.good(self.extend(contract, 2), 200)
        self.assertEqual(
            [(self.time(1), 1), (self.time(2), decimal.Decimal('7.6'))],
            self.segments(longer),
        )

    def test_p_a_preview_says_the_price_and_changes_nothing(self):
        offer, contract = self.contract()
        self.change(offer, price='50')
        before = self.show('contracts', contract['uuid'])
        seen = self.good(self.extend(contract, 4, dry_run=True), 200)
        self.assertEqual([(self.time(1), 1), (self.time(4), 50)], self.segments(seen))
        self.assertEqual(before, self.show('contracts', contract['uuid']))
        events = self.market('umbrella-reader').get(
            '/v1/events', object_uuid=contract['uuid']
        )
        self.assertNotIn('contract.changed', events.text)
        self.refused(self.extend(contract, 4, max_price='49'), 409, 'max_price')
        self.assertEqual(before, self.show('contracts', contract['uuid']))
        self.good(self.extend(contract, 4, max_price='50'), 200)
