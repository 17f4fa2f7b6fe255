# SPDX-License-Identifier: Apache-2.0
import unittest

from keystoneauth1 import exceptions
from openstack import exceptions as sdk_exceptions

from flocxclient.osc import names
from flocxclient.sdk import node

PROJECT, SERVER = 32 * 'a', '5e35efa2-aa14-438e-8cf3-83a97d6d67bc'


class Command:
    """What is asked of a command, whose services refuse, or do not answer."""

    def __init__(self):
        self.asked = []

    @property
    def connection(self):
        self.asked.append('keystone')
        raise sdk_exceptions.ForbiddenException('not yours')

    @property
    def market(self):
        raise exceptions.ConnectFailure('away')

    @property
    def provider(self):
        return self

    def nodes(self):
        return [node.Node.existing(uuid=SERVER, name='rack-1')]


class TestNames(unittest.TestCase):
    def test_what_is_not_known_keeps_its_id(self):
        found = names.Names(Command())
        self.assertEqual(PROJECT, found.name('project', PROJECT))
        self.assertEqual('rack-1', found.name('server', SERVER))
        self.assertEqual(SERVER[::-1], found.name('server', SERVER[::-1]))
        self.assertEqual('other', found.name('account', SERVER))
        self.assertIsNone(found.name('project', None))

    def test_the_beginning_does_in_a_list(self):
        found = names.Names(Command(), short=True)
        self.assertEqual('aaaaaaaa', found.name('project', PROJECT))
        self.assertEqual('acme', found.name('project', 'acme'))
        self.assertEqual('rack-1', found.name('server', SERVER))

    def test_who_may_not_ask_is_not_asked_again(self):
        command = Command()
        found = names.Names(command)
        for ident in (PROJECT, PROJECT, 32 * 'b', 32 * 'c'):
            self.assertEqual(ident, found.name('project', ident))
        # For one's own projects, and for the first of the others.
        self.assertEqual(2, len(command.asked))
