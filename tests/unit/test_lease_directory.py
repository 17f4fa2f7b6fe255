# SPDX-License-Identifier: Apache-2.0
"""Names that nobody has, asked for again and again, cost next to nothing."""

import types
import unittest

from flocx import exceptions
from lease import directory


class Site:
    """Servers and projects, and how often all of them were read."""

    def __init__(self):
        self.reads, self.servers, self.named = 0, {}, {}

    def all(self):
        self.reads += 1
        return [
            types.SimpleNamespace(uuid=uuid, name=name)
            for uuid, name in self.servers.items()
        ]

    def names(self):
        self.reads += 1
        return dict(self.named)


class DirectoryTest(unittest.TestCase):
    def setUp(self):
        self.now, self.site = 0, Site()
        self.directory = directory.Directory(self.site, self.site, 60, self.clock)

    def clock(self):
        return self.now

    def test_names_that_nobody_has_are_not_looked_for_each_time(self):
        for reads in (1, 2):
            for number in range(100):
                with self.assertRaises(exceptions.Invalid):
                    self.directory.project_id(f'nobody-{number}')
            self.assertEqual(reads, self.site.reads)
            self.now += directory._UNKNOWN_FOR

    def test_what_is_new_is_found(self):
        with self.assertRaises(exceptions.Invalid):
            self.directory.project_id('new')
        self.site.named['its-id'] = 'new'
        self.now += directory._UNKNOWN_FOR
        self.assertEqual('its-id', self.directory.project_id('new'))
        self.site.reads = 0
        self.assertEqual('its-id', self.directory.project_id('new'))
        self.assertEqual(0, self.site.reads)
        # A server that a lease has is one that there was.
        self.assertEqual({}, self.directory.nodes())
        self.site.servers['uuid'] = 'rack-1'
        self.assertEqual({'uuid'}, set(self.directory.nodes(['uuid'])))
        # One that is gone for good is looked for once.
        for _ in range(9):
            self.directory.nodes(['gone'])
        self.assertEqual(3, self.site.reads)
