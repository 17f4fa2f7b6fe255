# SPDX-License-Identifier: Apache-2.0
"""The book and the prices betray nobody, and nobody makes them alone."""

import decimal

from tests.functional import market_rules


class BookTest(market_rules.RulesTestCase):
    """Line l: the book tells of nobody."""

    def book(self, kind, **params):
        params.setdefault('end_time', self.time(48))
        answer = self.market('umbrella-reader').get(
            '/v1/book', resource_class=kind, **params
        )
        return self.good(answer, 200)

    def demand(self, kind, **params):
        found = self.book(kind, **params)['book']
        return [
            (each['price'], each['servers'])
            for each in (found[0]['demand'] if found else ())
        ]

    def bids(self, kind, *prices):
        for who, price in prices:
            self.bid(f'{who}-member', 24, price=price, resource_class=kind)

    def test_l_no_level_is_of_fewer_than_three_projects(self):
        self.bids('few', ('umbrella', '9'), ('initech', '9'), ('umbrella', '9'))
        self.assertEqual([], self.demand('few'))
        self.bids('few', ('acme-web', '4.04'))
        self.assertEqual([('4.000000', 4)], self.demand('few'))

    def test_l_what_is_left_over_lowers_the_level_before(self):
        self.bids('more', ('umbrella', '9'), ('initech', '8'), ('acme-web', '7'))
        self.bids('more', ('umbrella', '6'))
        self.assertEqual([('6.000000', 4)], self.demand('more'))
        self.bids('more', ('initech', '5'), ('acme-web', '4'))
        self.assertEqual([('7.000000', 3), ('4.000000', 3)], self.demand('more'))

    def test_l_narrow_windows_are_whole_days(self):
        self.bids('days', ('umbrella', '9'), ('initech', '9'), ('acme-web', '9'))
        wide = self.book('days', start_time=self.time(5), end_time=self.time(5.001))
        self.assertTrue(wide['start_time'].endswith('T00:00:00Z'), wide)
        self.assertTrue(wide['end_time'].endswith('T00:00:00Z'), wide)

    def test_l_a_level_is_a_part_of_the_price(self):
        for price, level in (('0.0123456', '0.012000'), ('7.654321', '7.600000')):
            kind = f'tick-{level}'
            self.bids(kind, *((who, price[:8]) for who in
                              ('umbrella', 'initech', 'acme-web')))  # fmt: skip
            self.assertEqual([(level, 3)], self.demand(kind))


class PricesTest(market_rules.RulesTestCase):
    """Line n: who trades with themselves does not make the prices."""

    def sell(self, kind, price, owner='acme', renter='umbrella', hours=5):
        """A contract that was delivered, and is over."""
        offer = self.offer(
            f'{owner}-member',
            node=self.add_node(owner=owner, resource_class=kind),
            price=price,
            hours=hours + 1,
        )
        return self.claim(offer, f'{renter}-member', end_time=self.time(hours))

    def pass_time(self, hours):
        """So many hours, in which servers are handed over and taken back."""
        self.fulfil()
        self.clock.advance(hours=hours)
        self.fulfil(3)

    def prices(self, kind):
        answer = self.market('initech-reader').get('/v1/prices', resource_class=kind)
        return self.good(answer, 200)

    def test_n_what_was_claimed_and_cancelled_was_sold_to_nobody(self):
        for _ in range(5):
            offer = self.offer(
                node=self.add_node(resource_class='poisoned'),
                price='999999',
                hours=2000,
            )
            self.cancel(self.claim(offer, start_time=self.time(1990)))
        self.clock.advance(hours=50)
        found = self.prices('poisoned')
        self.assertEqual(([], []), (found['prices'], found['fills']))

    def test_n_a_fill_is_shown_a_day_after_the_hand_over(self):
        self.sell('late', '2')
        self.pass_time(20)
        self.assertEqual([], self.prices('late')['fills'])
        self.clock.advance(hours=5)
        (fill,) = self.prices('late')['fills']
        # What has served when a day has passed since, not what was promised.
        self.assertTrue(0 < decimal.Decimal(fill['server_hours']) <= 5, fill)
        self.assertEqual('2.000000', fill['price'])

    def test_n_a_pair_that_trades_much_is_one_pair(self):
        for _ in range(4):
            self.sell('pairs', '100', 'acme', 'umbrella')
        self.sell('pairs', '2', 'acme', 'initech')
        self.sell('pairs', '3', 'initech', 'umbrella')
        self.pass_time(40)
        (day,) = self.prices('pairs')['prices']
        self.assertEqual((3, 6), (day['pairs'], day['fills']))
        self.assertEqual(
            ('2.000000', '3.000000', '100.000000'),
            (day['min'], day['median'], day['max']),
        )

    def test_n_what_an_organisation_sells_to_itself_is_no_price(self):
        self.sell('own', '999', 'acme-lab', 'acme-web')
        self.pass_time(40)
        self.assertEqual([], self.prices('own')['prices'])

    def test_n_prices_are_rounded_as_in_the_book(self):
        self.sell('rounded', '7.654321')
        self.pass_time(40)
        found = self.prices('rounded')
        self.assertEqual('7.600000', found['prices'][0]['median'])
        self.assertEqual('7.600000', found['fills'][0]['price'])
