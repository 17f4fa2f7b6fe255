# SPDX-License-Identifier: Apache-2.0
"""However claims, bids, ends, grants and engines race, no budget is overspent."""

import collections
import decimal
import threading

from flocx import db
from market import bookkeeping
from tests.functional import ledgers

OPERATOR, OWNER, RENTER = ledgers.OPERATOR, ledgers.OWNER, ledgers.RENTER


class BudgetRaceTest(ledgers.LedgerTestCase):
    def setUp(self):
        super().setUp()
        self.fund('acme', '0.000001')
        self.addCleanup(self.clean)

    def clean(self):
        for kind in ('bids', 'contracts'):
            for each in self.market(RENTER).get(f'/v1/{kind}').json()[kind]:
                self.market(RENTER).delete(f'/v1/{kind}/{each["uuid"]}')
        self.pass_time(60)
        self.pass_time(3600)
        self.assertEqual('0.000000', self.account('umbrella')[1])
        self.assertBooksAgree()

    def together(self, *calls):
        """Do all of them at once; return what they answered, in any order."""
        barrier, answers, failed = threading.Barrier(len(calls)), [], []

        def run(call):
            barrier.wait()
            try:
                answers.append(call())
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=run, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)
        return answers

    def test_claims_and_bids_at_once_spend_what_is_there(self):
        self.fund('umbrella', 50)
        paths = [f'/v1/offers/{self.sell(notice=None)["uuid"]}/claim' for _ in range(6)]
        stay = {'start_time': self.time(2), 'end_time': self.time(12)}
        claims = [lambda p=p: self.market(RENTER).post(p, stay) for p in paths]
        bid = {'price': '1', 'end_time': self.time(20), 'duration': 36000}
        bids = [lambda: self.market(RENTER).post('/v1/bids', bid) for _ in range(6)]
        answers = self.together(*claims, *bids)
        codes = collections.Counter(each.status_code for each in answers)
        self.assertEqual({201: 5, 403: 7}, dict(codes))
        self.assertEqual(('0.000000', '50.000000'), self.account('umbrella'))
        self.assertBooksAgree()

    def test_engines_ends_grants_and_transfers_at_once(self):
        self.fund('umbrella', 1000)
        contracts = [
            self.claim(self.sell(notice=None, price='1.333333'), end_time=self.time(9))
            for _ in range(4)
        ]
        self.pass_time(60)
        for _ in range(4):
            self.sell(notice=None)
        bid = {'price': '2', 'end_time': self.time(20), 'resource_class': self.kind}
        for _ in range(6):
            self.good(self.market(RENTER).post('/v1/bids', bid))
        self.assertBooksAgree()
        answers = self.together(
            *(lambda: self.clear() for _ in range(2)),
            *(lambda each=each: self.end(each) for each in contracts),
            *(self.grant, self.grant, self.change, self.keep, self.keep),
        )
        codes = {code for each in answers for code in each}
        self.assertLessEqual(codes, {200, 201, 204, 404, 409})
        self.assertBooksAgree()
        self.pass_time(60)
        self.assertBooksAgree()
        balance, held = map(decimal.Decimal, self.account('umbrella'))
        self.assertGreaterEqual(balance, 0)
        self.assertGreater(held, 0)

    # What each of them does, with connections of their own; their answers' codes

    def database(self):
        return db.Database(self.marketplace.conf.database.connection)

    def clear(self):
        engine = self.new_engine(self.database())
        for _ in range(3):
            engine.run(self.clock())
        return []

    def end(self, contract):
        return [self.market(RENTER).delete(f'/v1/contracts/{contract}').status_code]

    def grant(self):
        body = {'project_id': 'umbrella', 'amount': '0.000001'}
        market = self.market(OPERATOR)
        return [market.post('/v1/grants', body).status_code for _ in range(4)]

    def change(self):
        market = self.market(RENTER)
        return [
            market.patch(
                f'/v1/bids/{each["uuid"]}', {'price': f'2.{number:06d}'}
            ).status_code
            for number, each in enumerate(market.get('/v1/bids').json()['bids'])
        ]

    def keep(self):
        books = bookkeeping.Bookkeeping(self.marketplace.conf, self.database())
        books.run(self.clock())
        return []

    def test_a_grant_of_a_month_is_given_once_by_many_workers(self):
        self.fund('umbrella', 1)
        body = {'project_id': 'umbrella', 'amount': '10', 'monthly': True}
        grant = self.good(self.market(OPERATOR).post('/v1/grants', body))
        self.clock.advance(days=31)
        workers = [
            bookkeeping.Bookkeeping(self.marketplace.conf, self.database())
            for _ in range(3)
        ]
        now = self.clock()
        self.together(*(lambda each=each: each.run(now) for each in workers))
        given = self.market(OPERATOR).get('/v1/transfers', object_uuid=grant['uuid'])
        self.assertEqual(2, len(self.good(given, 200)['transfers']))
        self.good(self.market(OPERATOR).delete(f'/v1/grants/{grant["uuid"]}'), 204)
