# SPDX-License-Identifier: Apache-2.0
"""A long list on MariaDB: it does not matter which of its pages is asked for."""

import unittest

from benchmarks import listing
from flocx import db
from tests.integration import daemons

OFFERS = 100_000

#: Below this many seconds, what is measured is the machine.
NOISE = 0.01


class ListingTest(unittest.TestCase):
    def setUp(self):
        daemon = daemons.MariaDB()
        daemon.setUp()
        self.addCleanup(daemon.cleanUp)
        self.database = db.Database(daemon.create('flocx'))
        self.addCleanup(lambda: self.database.engine.dispose())

    def test_a_page_in_the_middle_costs_what_the_first_costs(self):
        listing.fill(self.database, OFFERS)
        for name, asked in listing.LISTS.items():
            with self.subTest(name):
                found = listing.measure(self.database, asked, OFFERS, times=9)
                first, middle = (
                    max(each, NOISE) for each in (found.first, found.middle)
                )
                self.assertLess(max(first, middle), 2 * min(first, middle), found)
                self.assertNotIn('filesort', found.plan)
