# SPDX-License-Identifier: Apache-2.0
"""What a renter may change of a node, and what is found of it."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from provider import node_settings as settings

RAID = {'logical_disks': [{'size_gb': 100, 'raid_level': '1'}], 'last_updated': 'then'}
PASSING = sorted(settings.IRONICS_OWN - {'raid_config', *settings.APART})
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text())


def kinds(before, after):
    return [(each.kind, each.name) for each in settings.differences(before, after)]


class NodeSettingsTest(unittest.TestCase):
    def test_raid_is_compared_where_it_is_shown(self):
        before = settings.of({'raid_config': RAID})
        later = settings.of({'raid_config': {**RAID, 'last_updated': 'now'}})
        self.assertEqual([], kinds(before, later))
        for changed in ({}, {'logical_disks': []}, {'logical_disks': [{'size_gb': 1}]}):
            after = settings.of({'raid_config': changed})
            self.assertEqual([('raid', 'raid')], kinds(before, after))
        # Made where there was none.
        self.assertEqual(
            [('raid', 'raid')], kinds(settings.of({'raid_config': {}}), before)
        )
        # What one of them does not know is no difference.
        self.assertEqual([], kinds(before, settings.of({'raid_config': None})))

    def test_what_raid_is_to_become_is_put_back_by_itself(self):
        before, after = (
            settings.of({'target_raid_config': each}) for each in ({}, RAID)
        )
        name = 'target_raid_config'
        self.assertEqual([(name, name)], kinds(before, after))

    @given(st.dictionaries(st.text(), VALUES), st.text(min_size=1), VALUES, VALUES)
    def test_a_field_that_nobody_has_thought_of_is_compared(self, node, name, one, two):
        if name in settings.IRONICS_OWN | {'fault'} | set(settings.APART):
            return
        before, after = ({**node, name: each} for each in (one, two))
        expected = [('field', name)] if one != two else []
        found = kinds(settings.of(before), settings.of(after))
        self.assertEqual(expected, found)

    @given(st.sampled_from(PASSING), VALUES, VALUES)
    def test_what_ironic_alone_writes_is_not(self, name, one, two):
        self.assertEqual([], kinds(settings.of({name: one}), settings.of({name: two})))
