# SPDX-License-Identifier: Apache-2.0
"""A long list on MariaDB: it does not matter which of its pages is asked for."""

import unittest

from benchmarks import listing
from flocx import db
from tests.integration import daemons

#: ``benchmarks/listing.py`` has five times as many, and says how long a page takes.
OFFERS = 20_000


class ListingTest(unittest.TestCase):
    def setUp(self):
        self.database = db.Database(daemons.MariaDB.new())
        self.addCleanup(lambda: self.database.engine.dispose())

    def test_a_page_in_the_middle_costs_what_the_first_costs(self):
        listing.fill(self.database, OFFERS)
        for name, asked in listing.LISTS.items():
            with self.subTest(name):
                first, middle = listing.rows_read(self.database, asked, OFFERS)
                self.assertGreater(first, 100)
                self.assertLess(max(first, middle), 2 * min(first, middle))
                plan = listing.measure(self.database, asked, OFFERS, times=1).plan
                self.assertNotIn('filesort', plan)
