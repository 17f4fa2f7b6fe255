# SPDX-License-Identifier: Apache-2.0
"""What reports of faults and upgrades make of what was seen."""

import unittest

from tools.rigging import chaos
from tools.rigging import upgrade

SURVIVED = {'process': 'galera-1', 'action': 'kill', 'without': 5.0, 'recovered': 9.0}


class ChaosReportTest(unittest.TestCase):
    def test_a_fault_is_survived_while_it_lasts_and_after(self):
        self.assertFalse(chaos.failed(SURVIVED))
        self.assertFalse(chaos.failed({'recovered': 1.0}))
        for name in ('without', 'minority refuses', 'recovered'):
            with self.subTest(name):
                self.assertTrue(chaos.failed(SURVIVED | {name: None}))

    def test_seconds_are_summed_up_by_kind_and_action(self):
        clock = SURVIVED | {'action': 'clock +30 s', 'process': 'engine-2'}
        other = SURVIVED | {'process': 'galera-3', 'recovered': 11.0, 'without': None}
        found = chaos.recovery([SURVIVED, other, clock])
        self.assertEqual({'engine clock', 'galera kill'}, set(found))
        self.assertEqual(
            {'faults': 2, 'median': 10.0, 'most': 11.0},
            found['galera kill']['recovered'],
        )
        self.assertEqual(1, found['galera kill']['without']['faults'])


class UpgradeReportTest(unittest.TestCase):
    GOOD = {
        'check': {'violations': []},
        'errors': [],
        'asked again': {},
        'steps': [{'canary': 3.0, 'messages lost': 0}],
    }

    def test_it_held_where_nobody_noticed_anything(self):
        self.assertTrue(upgrade.held(self.GOOD))
        for noticed in (
            {'check': {'violations': None}},
            {'errors': ['bid: 500']},
            {'asked again': {'GET bids 503': 1}},
            {'steps': [{'canary': None, 'messages lost': 0}]},
            {'steps': [{'canary': 3.0, 'messages lost': 1}]},
        ):
            with self.subTest(noticed):
                self.assertFalse(upgrade.held(self.GOOD | noticed))

    def test_what_a_process_logs_of_a_lost_message(self):
        for line in (
            'changed could not be sent to flocx-matcher; it will be noticed',
            'changed to flocx-matcher is dropped: 1000 messages wait already',
        ):
            self.assertTrue(upgrade.LOST.search(line), line)
