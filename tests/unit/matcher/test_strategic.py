# SPDX-License-Identifier: Apache-2.0
"""Bidders learn, and the simulation says what that does under each pricing."""

import contextlib
import decimal
import io
import json
import os
import pathlib
import random
import unittest

from matcher import mechanisms
from matcher import replay
from matcher import simulate
from matcher import strategic
from matcher.mechanisms import immediate
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price

CLOUDLAB = pathlib.Path(os.environ.get('FLOCX_CLOUDLAB', 'cloudlab'))
RULES = {
    'second_price': second_price.SecondPrice(),
    'k_double_auction': k_double_auction.KDoubleAuction(),
}


def simulated(*argv):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = simulate.main(list(argv))
    return status, json.loads(out.getvalue())


class LearnerTest(unittest.TestCase):
    def test_it_comes_to_choose_what_brings_most(self):
        rng = random.Random(1)
        learner = strategic.Learner(strategic.BIDS)
        for _ in range(2000):
            place = learner.choose(rng)
            learner.learn(place, 0.9 if learner.factor(place) == 1 else 0.1)
        self.assertGreater(learner.mean, 0.9)


class StrategicTest(unittest.TestCase):
    def compared(self, share):
        return strategic.compare(
            replay.generated(120, 3),
            immediate.Immediate(),
            RULES,
            mechanisms.Budget(seconds=None, moves=50),
            6 * 3600,
            share,
            1,
            lambda stage, part: None,
        )

    def test_without_strategy_nothing_is_lost(self):
        for result in self.compared(0).values():
            self.assertEqual(result['truthful'], result['welfare'])
            self.assertEqual(0, result['lost'])

    def test_what_renters_have_left_and_owners_get_is_all_there_is(self):
        first, again = self.compared(0.5), self.compared(0.5)
        self.assertEqual(first, again)
        for result in first.values():
            self.assertLess(result['shading']['renters'], 1)
            self.assertGreater(result['shading']['owners'], 1)
            welfare, surplus, income = (
                decimal.Decimal(result[name])
                for name in ('welfare', 'renters_surplus', 'owners_income')
            )
            # Owners' costs are a part of what they get.
            self.assertLess(welfare, surplus + income)


class SimulateTest(unittest.TestCase):
    def test_strategic_bidders_by_the_command(self):
        status, result = simulated(
            *('--generate', '40', '--strategic', '0.5', '--moves', '20'),
            *('--interval', '86400', '--pricings', 'second_price'),
        )
        self.assertEqual(0, status)
        self.assertEqual(['second_price'], list(result['pricings']))

    @unittest.skipUnless(CLOUDLAB.exists(), 'the data of CloudLab are not here')
    def test_strategic_bidders_in_real_demand(self):
        files = {
            'requests': 'requests.csv',
            'servers': 'servers.csv',
            'types': 'server_types.json',
        }
        status, result = simulated(
            *(f'--{name}={CLOUDLAB / file}' for name, file in files.items()),
            *('--strategic', '0.5', '--moves', '20', '--interval', '86400'),
            *('--first', '60', '--pricings', 'second_price'),
        )
        self.assertEqual(0, status)
        self.assertGreater(result['pricings']['second_price']['requests'], 0)
