# SPDX-License-Identifier: Apache-2.0
"""What Ironic's history proves of a demanded cleaning."""

import itertools
import unittest

from hypothesis import given
from hypothesis import strategies as st

from provider import cleaning_history as history

DEMANDED = [
    {'interface': 'deploy', 'step': 'erase_devices'},
    {'interface': 'raid', 'step': 'delete_configuration', 'args': {'password': 'p'}},
]
#: As Ironic names them: with what it knows of each, and without passwords.
NAMED = [
    {**DEMANDED[0], 'args': {}, 'priority': 10, 'requires_ramdisk': True},
    {**DEMANDED[1], 'args': {'password': '***'}, 'priority': 0},
]
OTHER = [{'interface': 'deploy', 'step': 'erase_devices_metadata'}]
FAILED = 'cleaning'


def entries(*events):
    """(event_type, steps or None) of each, as Ironic writes them down."""
    return [
        {
            'uuid': str(number),
            'event_type': kind,
            'severity': 'ERROR' if kind == FAILED else 'INFO',
            'event': 'Manual cleaning'
            if steps is None
            else f'Manual cleaning with steps={steps}',
        }
        for number, (kind, steps) in enumerate(events)
    ]


def start(steps):
    return history.STARTED, steps


def end(steps=None):
    return history.ENDED, steps


class CleaningHistoryTest(unittest.TestCase):
    def proven(self, *events, seen=None):
        return history.is_proven(entries(*events), DEMANDED, seen)

    def test_a_start_that_names_them_and_its_end(self):
        self.assertTrue(self.proven(start(NAMED), end([])))
        self.assertFalse(self.proven(start(NAMED)))
        self.assertFalse(self.proven(start(OTHER), end([])))
        self.assertFalse(self.proven(start(NAMED[::-1]), end([])))
        self.assertFalse(self.proven(start(NAMED[:1]), end([])))

    def test_an_end_that_names_them(self):
        self.assertTrue(self.proven(end(NAMED)))
        self.assertFalse(self.proven(start(NAMED), end(OTHER)))

    def test_each_start_belongs_to_the_end_after_it(self):
        """One that was aborted leaves nothing in the history."""
        self.assertFalse(self.proven(start(NAMED), start(OTHER), end([])))
        self.assertFalse(self.proven(start(NAMED), (FAILED, None), end([])))
        self.assertFalse(self.proven(start(OTHER), end([]), end([])))
        self.assertTrue(self.proven(start(OTHER), end([]), start(NAMED), end([])))

    def test_what_was_seen_stands_for_names_that_are_not_there(self):
        self.assertTrue(self.proven(end([]), seen=True))
        self.assertFalse(self.proven(end([])))
        self.assertFalse(self.proven(end([]), seen=False))
        self.assertFalse(self.proven(start(OTHER), end([]), seen=True))
        # Ours was aborted, and what was seen then was somebody else's.
        self.assertFalse(self.proven(start(NAMED), end([]), seen=False))

    def test_other_arguments_are_other_steps(self):
        other = [NAMED[0], {**NAMED[1], 'args': {'only': 'a'}}]
        self.assertFalse(self.proven(start(other), end([])))

    def test_steps_of_ironic_itself_are_not_compared(self):
        """It leaves them out when it names the others."""
        held = [*DEMANDED, {'interface': 'power', 'step': 'hold'}]
        self.assertTrue(
            history.is_proven(entries(start(NAMED), end([])), held, seen=None)
        )

    def test_what_cannot_be_read_proves_nothing(self):
        for text in ('', '[', '[1]', '{}', "[{'step': 'x'}]", '__import__("os")'):
            self.assertFalse(self.proven(start(text), end([])), text)

    def test_only_what_is_later_counts(self):
        known = entries(start(NAMED), end([]), start(OTHER))
        self.assertEqual(known[2:], history.since(known, '1'))
        self.assertEqual([], history.since(known, '2'))
        # The entry is gone, with all before it.
        self.assertEqual(known, history.since(known, 'gone'))
        self.assertEqual(known, history.since(known, None))

    @given(
        st.lists(
            st.sampled_from(
                [start(OTHER), end([]), end(OTHER), end(), (FAILED, None)]
                + [('deploy_end', NAMED), ('manual_cleaning', NAMED)]
            )
        )
    )
    def test_nothing_is_proven_where_nobody_names_them(self, events):
        for seen in (None, False):
            self.assertFalse(self.proven(*events, seen=seen))

    @given(st.permutations([start(NAMED), end([]), start(OTHER), end([])]))
    def test_the_end_comes_right_after_the_start(self, events):
        pairs = list(itertools.pairwise(events))
        self.assertEqual((start(NAMED), end([])) in pairs, self.proven(*events))
