# SPDX-License-Identifier: Apache-2.0
"""Firm and interruptible bids that compete for a few servers, as a seed has it."""

import json
import random

import sqlalchemy as sa

from tests.functional import base
from tests.functional import test_interruptible
from tests.simulation import unfilled

RENTERS = ('umbrella-member', 'initech-member')
#: Of the lines of displaced contracts; in SQL of its own.
DISPLACED = """SELECT l.uuid, l.contract_uuid, l.status, l.start_time, l.end_time,
l.reclaim_deadline, l.notice_seconds, c.interruptible_notice
FROM contract_lines l JOIN contracts c ON c.uuid = l.contract_uuid
WHERE l.reclaim_deadline IS NOT NULL AND l.reclaim_time IS NULL"""
#: Pairs of lines that have some time of a server both.
TWICE = """SELECT a.uuid, b.uuid FROM contract_lines a JOIN contract_lines b
ON a.resource_uuid = b.resource_uuid AND a.uuid < b.uuid
WHERE a.status <> 'cancelled' AND b.status <> 'cancelled'
AND a.start_time < b.end_time AND b.start_time < a.end_time"""
TOLD = """SELECT time, payload, object_uuid FROM events
WHERE type = 'contract.displaced' AND project_id IS NOT NULL"""


class DisplacementsTest(test_interruptible.InterruptibleTestCase):
    def place(self, draw):
        who = draw.choice(RENTERS)
        terms = {'quantity': draw.choice((1, 2)), 'min_quantity': 1}
        if draw.random() < 0.6:
            terms['interruptible_notice'] = draw.choice((300, 1800))
            terms['on_displaced'] = draw.choice(('end', 'move'))
            terms['price'] = draw.choice(('1.5', '2.25'))
        else:
            terms |= {'price': '30', 'duration': draw.choice((1800, 7200))}
        passed = self.clock() - base.parsed(self.time(0))
        hours = passed.total_seconds() / 3600 + draw.choice((3, 6, 9))
        self.bid(who, hours, **terms)

    def leave(self, draw):
        who = draw.choice(RENTERS)
        contracts = self.good(self.market(who).get('/v1/contracts'), 200)['contracts']
        if contracts:
            uuid = draw.choice(contracts)['uuid']
            self.market(who).delete(f'/v1/contracts/{uuid}')

    def rows(self, statement):
        with self.marketplace.database.reader() as session:
            return session.execute(sa.text(statement)).all()

    def trade(self, draw, steps):
        engine = self.new_engine()
        for _ in range(steps):
            for _ in range(draw.choice((1, 2))):
                self.place(draw)
            if draw.random() < 0.15:
                self.leave(draw)
            engine.run(self.clock())
            if draw.random() < 0.5:
                self.pass_time(draw.choice((60, 600, 1500)))

    def test_the_market_keeps_its_word(self):
        for _ in range(3):
            self.sell(price='1')
        self.trade(random.Random(1), 40)
        self.assertEqual([], self.rows(TWICE))
        displaced = self.rows(DISPLACED)
        self.assertLess(1, len(displaced))
        told = {
            line['uuid']: unfilled.moment(row.time)
            for row in self.rows(TOLD)
            for line in json.loads(row.payload)['lines']
        }
        for line in displaced:
            self.assertKept(line, told[line.uuid])
        self.pass_time(86400)
        usage = self.good(self.market(RENTERS[0]).newest('/v1/usage'), 200)['usage']
        billed = {row['line_uuid']: row for each in usage for row in each['lines']}
        for line in displaced:
            if line.status != 'cancelled' and line.uuid in billed:
                start, deadline = (
                    unfilled.moment(each)
                    for each in (line.start_time, line.reclaim_deadline)
                )
                served = billed[line.uuid]['server_seconds']
                self.assertLessEqual(served, (deadline - start).total_seconds())

    def assertKept(self, line, told):
        """It was not firm, had its notice, and ends when it was told."""
        self.assertIsNotNone(line.interruptible_notice, 'a firm one')
        start, end, deadline = map(
            unfilled.moment, (line.start_time, line.end_time, line.reclaim_deadline)
        )
        cancelled = line.status == 'cancelled'
        least = start if cancelled else deadline
        self.assertLessEqual(line.interruptible_notice, (least - told).total_seconds())
        self.assertEqual(0, line.notice_seconds)
        self.assertTrue(cancelled or end <= deadline)
