# SPDX-License-Identifier: Apache-2.0
"""Who may offer a node, and in what state."""

import unittest

from flocx import exceptions
from provider import nodes
from provider import ownership


def node(**values):
    return nodes.Node(**{'uuid': 'n', 'owner': 'acme', **values})


class OwnershipTest(unittest.TestCase):
    def test_the_owner_may(self):
        for state in ownership.OFFERABLE:
            self.assertIsNone(ownership.check(node(provision_state=state), 'acme'))

    def test_d41_nobody_else_may_whatever_properties_say(self):
        forged = {'project_owner_id': 'umbrella', 'owner': 'umbrella'}
        for one in (
            node(properties=forged),
            node(lessee='umbrella'),
            node(owner=None),
            node(owner=''),
        ):
            with self.assertRaisesRegex(exceptions.NotFound, '^resource_uuid: '):
                ownership.check(one, 'umbrella')

    def test_a_node_without_an_owner_is_nobodys(self):
        for project in (None, ''):
            with self.assertRaises(exceptions.NotFound):
                ownership.check(node(owner=project), project)

    def test_a_stranger_learns_nothing_of_the_state(self):
        with self.assertRaises(exceptions.NotFound) as caught:
            ownership.check(node(maintenance=True), 'umbrella')
        self.assertNotIn('maintenance', str(caught.exception))

    def test_d42_what_cannot_be_handed_over_is_not_offered(self):
        for values in (
            {'maintenance': True},
            {'retired': True},
            {'protected': True},
            {'provision_state': 'enroll'},
            {'provision_state': 'error'},
            {'provision_state': 'clean failed'},
            {'provision_state': 'deploy failed'},
        ):
            with self.assertRaises(exceptions.Conflict) as caught:
                ownership.check(node(**values), 'acme')
            self.assertEqual('flocx.conflict.node', caught.exception.code)
