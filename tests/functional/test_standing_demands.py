# SPDX-License-Identifier: Apache-2.0
"""So many servers are held until told otherwise, whatever dies meanwhile."""

import contextlib
import datetime

from flocx.core import window
from market import organisations
from market import projects
from market import quotas
from market import standing_demands
from market.db import purge
from tests.functional import market_rules
from tests.functional import test_standing_extensions

HOUR = datetime.timedelta(hours=1)


class StandingDemandsTest(market_rules.RulesTestCase):
    OPTIONS = (*market_rules.DEFAULTS, ('quota', 'committed_amount', '100000'))

    def setUp(self):
        super().setUp()
        # The market is that of the class; each test has servers of its own.
        self.kind = self.id().rpartition('.')[2]

    def worker(self, database=None):
        conf = self.marketplace.conf
        database = database or self.marketplace.database
        return standing_demands.StandingDemands(
            conf,
            database,
            quotas.Quotas(conf, organisations.Organisations(conf, database)),
            projects.Projects(conf),
        )

    def sell(self, count=1, **values):
        return [
            self.offer(
                node=self.add_node(resource_class=self.kind),
                **{'hours': 200, **values},
            )
            for _ in range(count)
        ]

    def demand(self, quantity=2, **values):
        terms = {
            'quantity': quantity,
            'max_price': '2',
            'duration': 4 * 3600,
            'resource_class': self.kind,
            **values,
        }
        made = self.market('umbrella-member').post('/v1/standing_demands', terms)
        made = self.good(made)
        self.addCleanup(self.end, made)
        return made

    def end(self, demand):
        self.market('umbrella-member').delete(f'/v1/standing_demands/{demand["uuid"]}')

    def change(self, demand, code=200, who='umbrella-member', **values):
        path = f'/v1/standing_demands/{demand["uuid"]}'
        return self.good(self.market(who).patch(path, values), code)

    def now(self, demand, who='umbrella-reader'):
        path = f'/v1/standing_demands/{demand["uuid"]}'
        return self.good(self.market(who).get(path), 200)

    def work(self, hours=0):
        """Look, and let the engine award; in each half of so many hours."""
        for half in range(2 * hours + 1):
            if half:
                self.clock.advance(minutes=30)
            self.worker().run(self.clock())
            self.round()

    def figures(self, demand):
        found = self.now(demand)
        return found['held'], found['reserved'], found['wanted']

    def told(self, demand):
        listing = '/v1/events', {'object_uuid': demand['uuid']}
        events = self.market('umbrella-reader').get(listing[0], **listing[1])
        return [each['type'] for each in self.good(events, 200)['events']]

    def lines(self, demand):
        """The time and the server of all that was ever bought for a demand."""
        found = self.market('umbrella-reader').get(
            '/v1/contracts', status='any', resource_class=self.kind, limit=1000
        )
        return [
            (
                window.instant(line['start_time'], 'start_time'),
                window.instant(line['end_time'], 'end_time'),
                line['resource_uuid'],
            )
            for contract in self.good(found, 200)['contracts']
            for line in contract['lines']
            if line['status'] != 'cancelled'
        ]

    def test_servers_are_held_extended_and_replaced(self):
        first, second, spare = self.sell(3)
        self.change_offer(spare, price='1.5')
        demand = self.demand()
        self.assertEqual((0, 0, 0), self.figures(demand))
        self.work()
        self.clock.advance(minutes=1)
        self.assertEqual((2, 0, 0), self.figures(demand))
        # To look again buys nothing more.
        self.work(hours=2)
        self.assertEqual((2, 0, 0), self.figures(demand))
        servers = {server for *_, server in self.lines(demand)}
        # One of them becomes too dear: the spare one follows it at its end.
        self.change_offer(second, price='3')
        self.work(hours=4)
        self.assertEqual((2, 0, 0), self.figures(demand))
        bought = self.lines(demand)
        self.assertEqual(3, len(bought), bought)
        (replaced,) = {server for *_, server in bought} - servers
        self.assertEqual(spare['resource_uuid'], replaced)
        self.assertTrue(first)
        self.assertEqual(['standing_demand.created'], self.told(demand))

    def change_offer(self, offer, **values):
        path = f'/v1/offers/{offer["uuid"]}'
        self.good(self.market('acme-member').patch(path, values), 200)

    def test_what_is_lacking_is_said_and_bought_when_it_is_to_be_had(self):
        demand = self.demand()
        self.work()
        found = self.now(demand)
        self.assertEqual((0, 0, 2), (found['held'], found['reserved'], found['wanted']))
        self.assertEqual('hardware', found['outlook']['reason'])
        self.sell()
        self.work(hours=1)
        self.assertEqual((1, 0, 1), self.figures(demand))
        self.sell()
        self.work(hours=2)
        self.assertEqual((2, 0, 0), self.figures(demand))

    def test_a_quota_refuses_it_and_says_so_once(self):
        self.sell(2)
        conf = self.marketplace.conf
        conf.set_override('committed_amount', 9, 'quota')
        self.addCleanup(conf.set_override, 'committed_amount', 100000, 'quota')
        demand = self.demand()
        self.work(hours=1)
        found = self.now(demand)
        self.assertEqual((1, 'flocx.quota'), (found['held'], found['refusal']))
        self.assertIn('committed_amount', found['detail'])
        refused = 'standing_demand.refused'
        self.assertEqual(['standing_demand.created', refused], self.told(demand))
        conf.set_override('committed_amount', 100000, 'quota')
        self.work(hours=1)
        found = self.now(demand)
        self.assertEqual((2, None), (found['held'], found['refusal']))

    def test_it_is_changed_paused_and_ended(self):
        self.sell(3)
        demand = self.demand(1, end_time=self.time(9))
        self.work()
        self.change(demand, quantity=3)
        self.work()
        self.clock.advance(minutes=1)
        self.assertEqual((3, 0, 0), self.figures(demand))
        # What is too many runs out, and what it holds while it is paused.
        self.change(demand, quantity=1)
        self.work(hours=5)
        self.assertEqual((1, 0, 0), self.figures(demand))
        self.change(demand, status='paused')
        self.work(hours=2)
        self.assertEqual('paused', self.now(demand)['status'])
        self.change(demand, status='active')
        self.work(hours=3)
        found = self.now(demand)
        self.assertEqual(
            ('ended', 0, 0), (found['status'], found['held'], found['wanted'])
        )
        last = max(end for _, end, _ in self.lines(demand))
        self.assertEqual(demand['end_time'], window.text(last))
        self.change(demand, 409, quantity=2)
        waiting = self.demand(resource_class='none')
        self.work()
        (bid, _) = self.now(waiting)['bids']
        self.end(waiting)
        self.assertEqual('cancelled', self.show('bids', bid)['status'])
        self.assertEqual('standing_demand.ended', self.told(waiting)[-1])
        purged = purge.purge(self.marketplace.database, self.clock() + HOUR)
        self.assertLessEqual(2, purged['standing_demands'])
        path = f'/v1/standing_demands/{waiting["uuid"]}'
        self.refused(self.market('umbrella-reader').get(path), 404, 'not found')

    def test_what_cannot_be_is_refused_by_name(self):
        terms = {'quantity': 1, 'max_price': '1', 'duration': 3600}
        for values in (
            {'quantity': 0},
            {'quantity': 101},
            {'max_price': '-1'},
            {'duration': 0},
            {'end_time': self.time(-1)},
            {'requirements': [['cpus', '~', 1]]},
        ):
            answer = self.market('umbrella-member').post(
                '/v1/standing_demands', terms | values
            )
            self.refused(answer, 400, next(iter(values)))
        demand = self.demand()
        answer = self.market('umbrella-member').patch(
            f'/v1/standing_demands/{demand["uuid"]}', {'status': 'ended'}
        )
        self.refused(answer, 400, 'status')
        self.change(demand, 409, generation=7, quantity=1)
        self.change(demand, 404, 'initech-member', quantity=1)
        conf = self.marketplace.conf
        conf.set_override('standing_demands_per_project', 1, 'market')
        self.addCleanup(conf.clear_override, 'standing_demands_per_project', 'market')
        answer = self.market('umbrella-member').post('/v1/standing_demands', terms)
        self.refused(answer, 403, 'standing_demands')

    def test_weeks_of_workers_that_die(self):
        days, wanted, lead = test_standing_extensions.DAYS, 3, 48
        offers = self.sell(5, hours=days * 24 + 200)
        conf = self.marketplace.conf
        conf.set_override('extend_lead', lead * 3600, 'market')
        self.addCleanup(conf.clear_override, 'extend_lead', 'market')
        begin = self.clock()
        demand = self.demand(wanted, duration=72 * 3600)
        deadly = test_standing_extensions.Deadly(self.marketplace.database, 11)
        for step in range(days * 4):
            if step % 20 == 0:
                # One after the other becomes too dear, and cheap again.
                for number, offer in enumerate(offers):
                    dear = step // 20 % len(offers) == number
                    self.change_offer(offer, price='3' if dear else '1')
            with contextlib.suppress(test_standing_extensions.Killed):
                self.worker(deadly).run(self.clock())
            self.round()
            self.clock.advance(hours=6)
        self.assertLess(days, deadly.deaths)
        bought = self.lines(demand)
        over = self.clock() - 6 * HOUR
        moments = {each for start, end, _ in bought for each in (start, end)}
        for moment in sorted(moments):
            held = [server for start, end, server in bought if start <= moment < end]
            # Never more, and no server twice; and no gap: a server was always free.
            self.assertEqual(len(held), len(set(held)))
            self.assertLessEqual(len(held), wanted)
            if begin + lead * HOUR < moment < over:
                self.assertEqual(wanted, len(held), window.text(moment))
        # It was extended, and replaced: a purchase of its own for each would be more.
        self.assertLess(wanted, len(bought))
        self.assertLess(len(bought), wanted * days * 24 // 72)
