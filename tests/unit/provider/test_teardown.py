# SPDX-License-Identifier: Apache-2.0
"""What is asked of Ironic in each of its provision states."""

import importlib
import itertools
import unittest

from provider import handover
from provider import nodes
from provider import teardown
from provider import teardown_steps

P, L, T = handover.Phase, teardown_steps.Lessee, teardown_steps.Step


def machine():
    """Ironic's own state machine, or the test is skipped."""
    try:
        states = importlib.import_module('ironic.common.states')
        # Newer releases have it apart.
        module = importlib.import_module(
            'ironic.common.state_machine'
            if not hasattr(states, 'machine')
            else 'ironic.common.states'
        )
    except ImportError:
        raise unittest.SkipTest('ironic is not installed') from None
    return module.machine, states


class StatesTest(unittest.TestCase):
    def events(self):
        """{provision state: the verbs that Ironic takes in it}."""
        found, states = machine()
        return {
            state: {
                verb
                for verb, event in states.VERBS.items()
                if event in found._transitions[state]
            }
            for state in found.states
            if state
        }

    def test_ironic_takes_every_verb_that_it_is_asked_for(self):
        events = self.events()
        asked = [*teardown_steps.NEXT.items(), *teardown_steps.NEXT_BY_HAND.items()]
        for state, verb in asked:
            self.assertIn(verb, events[state], state)

    def test_every_state_is_met(self):
        """All of Ironic's are known; where nothing can be asked, they pass."""
        known = {
            'available',
            # What nobody can rent: it was never verified, or could not be.
            'enroll',
            'clean failed',
            *teardown_steps.NEXT,
            *teardown_steps.ON_ITS_WAY,
        }
        self.assertEqual(set(self.events()), known)

    def test_only_cleaning_leads_to_available(self):
        """So what was seen elsewhere under quarantine was cleaned when it is there."""
        found, _ = machine()
        sources = {
            state
            for state in found.states
            for target in found._transitions[state].values()
            if target.name == 'available'
        }
        self.assertEqual({'cleaning'}, sources)

    def test_the_lessee_can_be_changed_in_every_state(self):
        """At once, or after what is asked for, or when a conductor has done."""
        found, states = machine()
        allowed = {*states.UPDATE_ALLOWED_STATES, *states.STABLE_STATES}
        events = self.events()
        for state in filter(None, found.states):
            if state in allowed:
                continue
            self.assertIn(state, {*teardown_steps.INTERRUPT, *teardown_steps.BUSY})
            verb = teardown_steps.INTERRUPT.get(state)
            if verb:
                self.assertIn(verb, events[state], state)
                target = found._transitions[state][verb].name
                self.assertIn(target, {*allowed, *teardown_steps.INTERRUPT}, state)

    def test_a_node_comes_back_from_wherever_it_can_be(self):
        """It is cleaned after the quarantine began, and never but once for nothing."""
        found, _ = machine()
        starts = {*teardown_steps.NEXT, *teardown_steps.NEXT_BY_HAND, 'available'} - {
            'clean hold'
        }
        for start in starts:
            for by_hand in (False, True):
                with self.subTest(state=start, by_hand=by_hand):
                    self.walk(found, start, by_hand)

    def walk(self, found, state, by_hand):
        phase, cleaned = P.QUARANTINED, False
        for _ in range(12):
            step = teardown_steps.next_step(phase, L.QUARANTINE, state, by_hand=by_hand)
            if step is T.RETURN:
                self.assertTrue(cleaned)
                return
            if step is T.WAIT:
                # It goes on by itself; a cleaning that was there before ends.
                self.assertIn(state, teardown_steps.ON_ITS_WAY)
                state = 'available'
                continue
            if step is T.SET_ASIDE:
                verb = 'manage'
            else:
                self.assertIn(step, (T.CLEAN, T.EMPTY))
                phase, verb = P.CLEANING, teardown_steps._verb(state, by_hand)
            event = {'deleted': 'delete'}.get(verb, verb)
            state = found._transitions[state][event].name
            if verb in ('provide', 'deleted'):
                self.assertIn(state, ('cleaning', 'deleting'))
                state, by_hand, cleaned = 'available', False, True
        self.fail(f'{state} is where it ends')


class StepsTest(unittest.TestCase):
    def steps(self, **known):
        """{(phase, lessee, state): step} of all that there are."""
        states = {
            *teardown_steps.NEXT,
            *teardown_steps.ON_ITS_WAY,
            'available',
            'clean failed',
        }
        return {
            each: teardown_steps.next_step(*each, **known)
            for each in itertools.product(P, L, states)
        }

    def test_a_renter_loses_their_rights_first(self):
        for (phase, lessee, _), step in self.steps().items():
            if lessee is L.RENTER:
                given_back = phase is P.RETURNING
                self.assertIs(T.DONE if given_back else T.QUARANTINE, step)

    def test_the_node_of_somebody_else_is_not_touched(self):
        for (_, lessee, _), step in self.steps().items():
            if lessee is L.OTHER:
                self.assertIs(T.DONE, step)

    def test_nothing_is_given_back_but_what_was_cleaned_in_quarantine(self):
        for (phase, lessee, state), step in self.steps().items():
            if step is T.RETURN:
                wanted = P.CLEANING, L.QUARANTINE, 'available'
                self.assertEqual(wanted, (phase, lessee, state))
            if step is T.RELEASE:
                wanted = P.RETURNING, L.QUARANTINE, 'available'
                self.assertEqual(wanted, (phase, lessee, state))

    def test_while_something_can_still_run_nothing_is_done(self):
        allowed = {T.QUARANTINE, T.NOTE_QUARANTINE, T.WAIT, T.FAIL, T.DONE}
        self.assertLess(set(self.steps(ready=False).values()), allowed | {None})

    def test_every_step_is_done_by_somebody(self):
        self.assertEqual(set(T) - {T.FAIL, T.DONE}, set(teardown._DO))
        self.assertEqual(set(T), set(self.steps().values()) | {T.WAIT})


class VerbTest(unittest.TestCase):
    def test_our_own_cleaning_is_waited_for_and_never_aborted(self):
        for state in ('cleaning', 'clean wait', 'clean hold', 'clean failed'):
            node = nodes.Node(
                uuid='n', provision_state=state, target_provision_state='available'
            )
            self.assertIsNone(teardown_steps.verb(node), state)
