# SPDX-License-Identifier: Apache-2.0
import unittest

from flocxclient.osc import columns
from flocxclient.osc import fitting

HEADINGS = ('Name', 'Resource Class', 'Price', 'Start Time', 'End Time', 'Amount')
ROWS = [
    (
        'rack01-18-1122',
        'compute.large',
        columns.Money('0.440000'),
        columns.Time('2027-01-05T09:00:00Z'),
        columns.Time('2027-01-06T21:00:00Z'),
        columns.Money('15.840000'),
    )
]


def shown(row):
    return [getattr(cell, 'human_readable', lambda cell=cell: cell)() for cell in row]


class FittingTest(unittest.TestCase):
    def width(self, rows):
        cells = zip(HEADINGS, *map(shown, rows), strict=True)
        widths = [max(len(line) for c in cs for line in c.split('\n')) for cs in cells]
        return 1 + sum(3 + width for width in widths)

    def test_the_widest_columns_give_way(self):
        self.assertEqual(98, self.width(ROWS))
        (row,) = fitting.fitted(HEADINGS, ROWS, 80)
        self.assertLessEqual(self.width([row]), 80)
        self.assertEqual(
            [
                'rack01-18-\n1122',
                'compute.large',
                '0.44',
                '2027-01-05\n09:00 UTC',
                '2027-01-06\n21:00 UTC',
                '15.84',
            ],
            shown(row),
        )

    def test_what_fits_is_left_alone(self):
        self.assertIs(ROWS, fitting.fitted(HEADINGS, ROWS, 98))
        self.assertEqual([], fitting.fitted(HEADINGS, [], 80))

    def test_headings_are_not_broken(self):
        self.assertIs(ROWS, fitting.fitted(HEADINGS, ROWS, 20))

    def test_they_are_sorted_as_before(self):
        (early,) = fitting.fitted(HEADINGS, ROWS, 80)
        later = [(*ROWS[0][:3], columns.Time('2027-02-05T09:00:00Z'), *ROWS[0][4:])]
        (late,) = fitting.fitted(HEADINGS, later, 80)
        self.assertLess(early[3], late[3])
