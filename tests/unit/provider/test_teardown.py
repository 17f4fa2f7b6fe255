# SPDX-License-Identifier: Apache-2.0
"""What is asked of Ironic in each of its provision states."""

import importlib
import unittest

from provider import nodes
from provider import teardown


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
        asked = [*teardown.NEXT.items(), *teardown.NEXT_BY_HAND.items()]
        for state, verb in asked:
            self.assertIn(verb, events[state], state)

    def test_every_state_is_met(self):
        """All of Ironic's are known; where nothing can be asked, they pass."""
        known = {
            'available',
            # What nobody can rent: it was never verified, or could not be.
            'enroll',
            'clean failed',
            *teardown.NEXT,
            *teardown.ON_ITS_WAY,
        }
        self.assertEqual(set(self.events()), known)

    def test_a_node_comes_back_from_wherever_it_can_be(self):
        found, _ = machine()
        for state in {*teardown.NEXT, *teardown.NEXT_BY_HAND}:
            path, target = [state], 'manageable'
            while path[-1] != 'available':
                node = nodes.Node(
                    uuid='n', provision_state=path[-1], target_provision_state=target
                )
                verb = teardown.verb(node)
                if verb == 'provide':
                    # From here on it is our own cleaning, which ends there.
                    path.append('available')
                    break
                event = {'deleted': 'delete'}.get(verb, verb)
                path.append(found._transitions[path[-1]][event].name)
                if path[-1] == 'deleting':
                    path.append('available')
                self.assertLess(len(path), 6, path)


class VerbTest(unittest.TestCase):
    def test_our_own_cleaning_is_waited_for_and_never_aborted(self):
        for state in ('cleaning', 'clean wait', 'clean hold', 'clean failed'):
            node = nodes.Node(
                uuid='n', provision_state=state, target_provision_state='available'
            )
            self.assertIsNone(teardown.verb(node), state)
