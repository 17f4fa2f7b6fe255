# SPDX-License-Identifier: Apache-2.0
"""No rounds reach more than is proved of who had known all requests beforehand."""

import contextlib
import dataclasses
import datetime
import io
import json
import unittest

from flocx.core import money
from matcher import hindsight
from matcher import mechanisms
from matcher import replay
from matcher import simulate
from matcher.mechanisms import call
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import second_price
from tests import profiles

SCENES = profiles.number('FLOCX_HINDSIGHT_SCENES', 20, 500, quick=4)
BUDGET = mechanisms.Budget(seconds=None, moves=200)
HOUR = datetime.timedelta(hours=1)


def rounds(scene, allocation, interval):
    """The welfare that rounds reach."""
    account = replay.replay(
        scene,
        allocation,
        second_price.SecondPrice(),
        BUDGET,
        interval,
        True,
        lambda *_: None,
    )
    return figures.credits(figures.worth(award for _, award, _ in account.awards))


def crowded(seed):
    """Few servers, and requests of which a third want all of a window."""
    scene = replay.generated(60, seed)
    return dataclasses.replace(
        scene,
        offers=scene.offers[: 1 + seed % 4],
        requests=tuple(
            dataclasses.replace(each, duration=each.window.seconds)
            if number % 3 == 0
            else each
            for number, each in enumerate(scene.requests)
        ),
    )


class HindsightTest(unittest.TestCase):
    def test_whatever_rounds_do_it_is_not_more(self):
        for seed in range(SCENES):
            scene = crowded(seed)
            known = hindsight.of(scene, BUDGET)
            self.assertLessEqual(known.reached, known.upper_bound)
            for allocation, interval in (
                (immediate.Immediate(), 0),
                (immediate.Immediate(), 7 * 3600),
                (call.Call(), 3600),
            ):
                with self.subTest(seed=seed, rule=allocation.NAME, interval=interval):
                    reached = rounds(scene, allocation, interval)
                    self.assertLessEqual(reached, known.upper_bound)

    def test_the_rest_of_a_window_counts(self):
        """A request for all of a time of which the server is there for a part only."""
        scene = crowded(0)
        (server,) = scene.offers
        request = next(
            each
            for each in scene.requests
            if each.whole and each.requirements[0][2] == server.resource_class
        )
        late = request.end_time - HOUR
        request = dataclasses.replace(
            request, quantity=1, min_quantity=1, price=money.price('3')
        )
        server = dataclasses.replace(server, start_time=late, price=money.price('1'))
        first = dataclasses.replace(
            scene.requests[-1], start_time=late, end_time=late + HOUR, duration=60
        )
        first = dataclasses.replace(first, created_at=late, price=money.price('0.1'))
        scene = dataclasses.replace(scene, offers=(server,), requests=(request, first))
        known = hindsight.of(scene, BUDGET)
        self.assertEqual(money.price('2'), rounds(scene, immediate.Immediate(), 1))
        self.assertAlmostEqual(2, known.upper_bound, places=5)

    def test_the_program_says_which_part_of_it_was_reached(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            status = simulate.main(['--generate', '60', '--seed', '3'])
        result = json.loads(out.getvalue())
        bound = money.price(result['hindsight']['upper_bound'])
        self.assertEqual(0, status)
        for name, each in result['results'].items():
            part = money.price(each['welfare']) / bound
            self.assertAlmostEqual(float(part), each['part_of_bound'], places=4)
            self.assertLessEqual(each['part_of_bound'], 1, name)
            self.assertGreater(each['part_of_bound'], 0.5, name)
