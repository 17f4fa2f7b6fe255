# SPDX-License-Identifier: Apache-2.0
"""The engine's book, step by step, is the book of the database."""

import dataclasses
import random
import types

from oslo_db import exception as db_exc

from flocx import db
from matcher import book_cache
from matcher import terms
from tests.functional import base

STEPS = 25


class EngineTestCase(base.MarketplaceTestCase):
    """Has an engine that is told of changes, or not."""

    def setUp(self):
        super().setUp()
        conf = self.marketplace.conf
        self.database = db.Database(conf.database.connection)
        self.addCleanup(self.database.engine.dispose)
        self.terms = terms.MarketTerms(conf)
        self.engine = self.new_engine(self.database)

    def rack(self, number):
        return self.add_node(owner='acme', resource_class=f'rack-{number}')


class ReadingTest(EngineTestCase):
    def seen(self, reader, now=None):
        """What a round would see of the market."""
        book = reader.book(now or self.clock())
        free = {
            offer.uuid: (offer, book.free(offer))
            for offer in book.offers
            if book.free(offer)
        }
        return free, {bid.uuid: bid for bid in book.bids}

    def require_equal(self, reader):
        now, fresh = self.clock(), book_cache.Reader(self.database, self.terms)
        self.assertEqual(self.seen(fresh, now), self.seen(reader, now))

    def test_whatever_was_told_the_next_round_reads(self):
        for seed in (1, 2, 3):
            reader = book_cache.Reader(self.database, self.terms)
            self.seen(reader)
            history = History(self, random.Random(seed), reader)
            for _ in range(STEPS):
                history.step()
                self.require_equal(reader)

    def test_what_half_a_change_leaves_is_read_anew(self):
        reader = book_cache.Reader(self.database, self.terms)
        self.seen(reader)
        offer = self.offer()
        reader.note('offer', offer['uuid'])
        self.database.engine.dispose()
        broken = db.Database('sqlite:////nowhere/at/all')
        reader._database, whole = broken, reader._database
        self.assertRaises(db_exc.DBError, self.seen, reader)
        reader._database = whole
        self.assertIn(offer['uuid'], self.seen(reader)[0])

    def test_what_has_changed_meanwhile_waits_and_the_rest_is_written(self):
        """One batch: a filled bid, an offer claimed by another, and two good ones."""
        offers = [self.offer(node=self.rack(number)) for number in range(4)]
        bids = [self.bid(resource_class=f'rack-{number}') for number in range(4)]
        write, wrote = self.engine._write, []

        def meanwhile(drafts, now):
            claim = f'/v1/offers/{offers[0]["uuid"]}/claim'
            self.good(self.market('initech-member').post(claim))
            cancel = f'/v1/bids/{bids[1]["uuid"]}'
            self.good(self.market('umbrella-member').delete(cancel), 204)
            wrote.extend(write(drafts, now))
            return wrote

        self.engine._write = meanwhile
        done = self.engine.run(self.clock())
        self.assertEqual((2, 2), (done.contracts, done.conflicts))
        statuses = [self.show('bids', bid['uuid'])['status'] for bid in bids]
        self.assertEqual(['available', 'cancelled', 'matched', 'matched'], statuses)
        # What was read before is not what the next round rests on.
        self.engine._write = write
        again = self.engine.run(self.clock())
        self.assertEqual((0, 0), (again.contracts, again.conflicts))


class TouchedTest(EngineTestCase):
    def test_a_round_looks_at_what_a_bid_touches_and_now_and_then_at_all(self):
        waiting = []
        for number in (7, 8):
            self.offer(node=self.rack(number))
            waiting.append(self.bid(resource_class=f'rack-{number}', price='0.5'))
        self.engine.run(self.clock())
        self.engine._conf = types.SimpleNamespace(round_interval=3600)
        bid = self.bid(resource_class='rack-7')
        self.engine.note('bid', bid['uuid'])
        done = self.engine.run(self.clock())
        self.assertEqual((1, 2), (done.contracts, done.bids))
        # Of those that wait, the one that it did not look at was told before.
        for each in waiting:
            shown = self.show('bids', each['uuid'], 'umbrella-member')
            self.assertEqual('price', shown['outlook']['reason'])
        self.engine._conf.round_interval = self.engine._whole_took = 0
        self.engine.note('bid', bid['uuid'])
        self.assertGreaterEqual(self.engine.run(self.clock()).bids, 2)


@dataclasses.dataclass
class History:
    """What sellers and renters do, at random; ``reader`` hears of half of it."""

    test: ReadingTest
    random: random.Random
    reader: book_cache.Reader

    def __post_init__(self):
        self.offers, self.bids, self.contracts = [], [], []

    def step(self):
        steps = [self.publish, self.place, self.wait, self.clear]
        steps += [self.claim, self.withdraw] if self.offers else []
        steps += [self.cancel] if self.bids else []
        steps += [self.release] if self.contracts else []
        self.random.choice(steps)()

    def tell(self, kind, uuid):
        if self.random.random() < 0.5:
            self.reader.note(kind, uuid)

    def publish(self):
        hours = self.random.randrange(2, 40)
        self.offers.append(self.test.offer(hours=self.ahead() + hours)['uuid'])
        self.tell('offer', self.offers[-1])

    def place(self):
        hours = self.random.randrange(2, 40)
        price = self.random.choice(('0.5', '2'))
        bid = self.test.bid(hours=self.ahead() + hours, price=price)
        self.bids.append(bid['uuid'])
        self.tell('bid', bid['uuid'])

    def ahead(self):
        """Whole hours that have passed since the test began."""
        passed = self.test.clock() - self.test.began
        return int(passed.total_seconds() // 3600)

    def wait(self):
        self.test.clock.advance(hours=self.random.randrange(3))

    def clear(self):
        """Another engine's round, of which nobody tells."""
        self.test.engine.run(self.test.clock())

    def claim(self):
        offer = self.random.choice(self.offers)
        end = {'end_time': self.test.time(self.ahead() + 1)}
        path = f'/v1/offers/{offer}/claim'
        answer = self.test.market('umbrella-member').post(path, end)
        if answer.status_code == 201:
            self.contracts.append(answer.json()['uuid'])
        self.tell('offer', offer)

    def withdraw(self):
        offer = self.offers.pop(self.random.randrange(len(self.offers)))
        self.test.provider('acme-member').delete(f'/v1/offers/{offer}')
        self.tell('offer', offer)

    def cancel(self):
        bid = self.bids.pop(self.random.randrange(len(self.bids)))
        self.test.market('umbrella-member').delete(f'/v1/bids/{bid}')
        self.tell('bid', bid)

    def release(self):
        contract = self.contracts.pop()
        self.test.market('umbrella-member').delete(f'/v1/contracts/{contract}')
        self.tell('contract', contract)
