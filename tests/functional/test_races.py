# SPDX-License-Identifier: Apache-2.0
"""Whoever races whom for a server, it is sold once."""

import decimal
import threading

from flocx import db
from tests.functional import test_engines
from tests.functional import test_webhooks


class RaceTest(test_engines.EngineTestCase):
    def together(self, *calls):
        """Do all of them at once; what went wrong fails the test."""
        barrier, failed = threading.Barrier(len(calls)), []

        def run(call):
            barrier.wait()
            try:
                call()
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=run, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)

    def another_engine(self):
        """An engine with a connection of its own to the same file."""
        connection = self.marketplace.conf.database.connection
        return self.new_engine(db.Database(connection))

    def another_round(self):
        engine = self.another_engine()
        return lambda: engine.run(self.clock())

    def test_d21_two_engines_never_book_a_server_twice(self):
        for _ in range(6):
            self.offer(price='1')
        for number in range(12):
            self.bid(
                price=str(decimal.Decimal('1.5') + number),
                duration=3600 * (1 + number % 5),
                quantity=1 + number % 3,
                min_quantity=1,
            )
        engines = [self.another_engine() for _ in range(2)]
        counted = []

        def work(engine):
            for _ in range(6):
                counted.append(engine.run(self.clock()))

        self.together(*(lambda each=each: work(each) for each in engines))
        self.require_sound()
        self.assertLess(0, sum(each.contracts for each in counted))
        ((matched,),) = self.ask(
            "SELECT COUNT(*) FROM bids WHERE status = 'matched' "
            'AND resource_class = :kind',
            kind=self.kind,
        )
        self.assertEqual(matched, sum(each.contracts for each in counted))

    def test_d21_the_loser_of_a_race_waits_for_the_next_round(self):
        for _ in range(5):
            self.offer()
            bids = [self.bid(price=str(price)) for price in (2, 3, 4)]
            self.together(*(self.another_round() for _ in range(3)))
            self.require_sound()
            statuses = [self.show('bids', bid['uuid'])['status'] for bid in bids]
            self.assertEqual(['available', 'available', 'matched'], sorted(statuses))
            for bid in bids:
                self.market('umbrella-member').delete(f'/v1/bids/{bid["uuid"]}')

    def test_a_claim_and_an_engine_race(self):
        claimed = []
        for _ in range(8):
            offer, bid = self.offer(hours=20), self.bid(hours=20)
            market = self.market('initech-member')

            def claim(path=f'/v1/offers/{offer["uuid"]}/claim', market=market):
                # Up to the bid's end: without one it takes the second that an
                # engine leaves, whose contracts begin in the next.
                to_the_end = {'end_time': self.time(20)}
                claimed.append(market.post(path, to_the_end).status_code)

            self.together(claim, self.another_round())
            self.require_sound()
            # One of the two has it, and the other was told so.
            self.assertEqual(claimed[-1] == 201, self.contract(bid) is None)
            self.market('umbrella-member').delete(f'/v1/bids/{bid["uuid"]}')
        self.assertLessEqual(set(claimed), {201, 409})

    def test_claims_race(self):
        offer, codes = self.offer(), []
        path = f'/v1/offers/{offer["uuid"]}/claim'
        self.together(
            *(
                lambda who=who: codes.append(self.market(who).post(path).status_code)
                for who in ('umbrella-member', 'initech-member', 'acme-lab-member')
            )
        )
        self.assertEqual([201, 409, 409], sorted(codes))
        self.require_sound()

    def test_d20_publishing_races(self):
        for _ in range(5):
            node, codes = self.add_node(resource_class=self.kind), []
            terms = {'resource_uuid': node, 'end_time': self.time(5), 'price': '1'}

            def publish(terms=terms, codes=codes):
                response = self.provider('acme-member').post('/v1/offers', terms)
                codes.append(response.status_code)

            self.together(*[publish] * 4)
            self.assertEqual([201, 409, 409, 409], sorted(codes))

    def test_quotas_are_kept_by_those_who_ask_at_once(self):
        conf, terms = self.marketplace.conf, {'end_time': self.time(5), 'price': '1'}
        for name, projects in (
            ('open_bids', ('initech',)),
            # Both are of one organisation.
            ('organisation_open_bids', ('acme', 'acme-lab')),
        ):
            had, codes = conf.quota[name], []
            conf.set_override(name, 4, 'quota')
            self.addCleanup(conf.set_override, name, had, 'quota')

            def bid(project, codes=codes):
                market = self.market(f'{project}-member')
                codes.append(market.post('/v1/bids', terms).status_code)

            calls = [lambda each=each: bid(each) for each in projects]
            self.together(*calls * (8 // len(calls)))
            self.assertEqual([201] * 4 + [403] * 4, sorted(codes), name)

    def test_who_races_for_the_last_webhook_has_no_more_than_that(self):
        most, codes = self.marketplace.conf.webhooks.per_project, []
        body = {'url': 'https://example.org/', 'secret': test_webhooks.SECRET}
        latest = {'OpenStack-API-Version': 'marketplace latest'}

        def add():
            market = self.market('initech-member')
            answer = market.post('/v1/webhooks', body, headers=latest)
            codes.append(answer.status_code)

        self.together(*[add] * (most + 3))
        self.assertEqual([201] * most + [403] * 3, sorted(codes))

    def test_cancelling_and_an_engine_race(self):
        for _ in range(8):
            offer, bid = self.offer(), self.bid()
            codes = []

            def cancel(path=f'/v1/bids/{bid["uuid"]}', codes=codes):
                codes.append(self.market('umbrella-member').delete(path).status_code)

            self.together(cancel, self.another_round())
            self.require_sound()
            status = self.show('bids', bid['uuid'])['status']
            self.assertEqual({204: 'cancelled', 409: 'matched'}[codes[0]], status)
            self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}')
