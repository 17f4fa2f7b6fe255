# SPDX-License-Identifier: Apache-2.0
"""How long a line waits until it is tried again."""

import datetime
import unittest

import hypothesis
from hypothesis import strategies as st

from provider import backoff

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)


def line(number=0, node='n1'):
    return {'uuid': f'line-{number}', 'resource_uuid': node}


class PatienceTest(unittest.TestCase):
    @hypothesis.given(
        first=st.floats(0.1, 100),
        most=st.floats(0.1, 1000),
        draws=st.lists(st.floats(0, 1), min_size=1, max_size=60),
    )
    def test_waits_grow_within_their_limits(self, first, most, draws):
        given = iter(draws)
        waits = backoff.Backoff(first, most, lambda: next(given))
        for number in range(len(draws)):
            until = waits.wait(line(), NOON)
            seconds = (until - NOON).total_seconds()
            whole = min(most, first * 2**number)
            self.assertLessEqual(seconds, whole + 1e-5)
            self.assertGreaterEqual(seconds, whole / 2 - 1e-5)
            self.assertFalse(waits.is_over(line(), NOON))
            self.assertTrue(waits.is_over(line(), until))
            self.assertEqual(number + 1, waits.tries(line()))

    def test_each_line_has_its_own(self):
        waits = backoff.Backoff(2, 60, lambda: 1)
        waits.wait(line(1), NOON)
        self.assertTrue(waits.is_over(line(2), NOON))
        self.assertEqual((1, 0), (waits.tries(line(1)), waits.tries(line(2))))

    def test_what_got_somewhere_or_is_not_due_any_more_is_forgotten(self):
        waits = backoff.Backoff(2, 60, lambda: 1)
        for number in range(3):
            waits.wait(line(number), NOON)
        waits.forget(line(0))
        waits.keep([line(1)])
        self.assertEqual([0, 1, 0], [waits.tries(line(n)) for n in range(3)])
        self.assertIsNone(waits.until(line(2)))

    def test_news_of_a_node_are_of_its_lines_alone(self):
        waits = backoff.Backoff(2, 60, lambda: 1)
        waits.wait(line(1, 'n1'), NOON)
        waits.wait(line(2, 'n2'), NOON)
        waits.hurry({'n2'}, NOON)
        self.assertFalse(waits.is_over(line(1), NOON))
        self.assertTrue(waits.is_over(line(2), NOON))
