# SPDX-License-Identifier: Apache-2.0
import datetime
import decimal
import unittest
import zoneinfo

from flocxclient.osc import heatmap

SUNDAY = datetime.datetime(2026, 11, 29, 19, tzinfo=datetime.UTC)


def starts(*prices, first=SUNDAY, step=1):
    """Starts so many hours apart at these prices; None: nothing can be had."""
    return [
        (
            first + datetime.timedelta(hours=number * step),
            None if price is None else decimal.Decimal(price),
        )
        for number, price in enumerate(prices)
    ]


class TestHours(unittest.TestCase):
    def test_a_row_for_each_day_and_a_legend(self):
        found = heatmap.hours(starts('1', '2', None, '2', '1', '3', '5', '9'))
        self.assertEqual(
            [
                '                00    03    06    09    12    15    18    21',
                'Sun 2026-11-29  ' + 38 * ' ' + '░░▒▒··▒▒░░',
                'Mon 2026-11-30  ▓▓████',
                '',
                '░░ 1   ▒▒ 2   ▓▓ 3   ██ 5 to 9   ·· not enough servers',
            ],
            list(found),
        )

    def test_in_ascii_and_on_a_terminal_of_eighty_columns(self):
        prices = [f'{100000 + number}.123456' for number in range(24 * 7)]
        lines = list(heatmap.hours(starts(*prices), heatmap.ASCII))
        self.assertTrue(all(line.isascii() and len(line) <= 80 for line in lines))
        self.assertEqual(8, sum(line[:4] in ('Sun ', 'Mon ') for line in lines) + 5)

    def test_an_hour_that_comes_twice(self):
        berlin = zoneinfo.ZoneInfo('Europe/Berlin')
        first = datetime.datetime(2026, 10, 24, 23, tzinfo=datetime.UTC)
        found = [
            (moment.astimezone(berlin), price)
            for moment, price in starts('1', None, '1', first=first)
        ]
        # From 1:00 on: 1:00, 2:00 of the summer, which nobody has, and 2:00 again.
        self.assertEqual('Sun 2026-10-25    ░░░░', list(heatmap.hours(found))[1])


class TestDays(unittest.TestCase):
    def test_a_row_for_each_week(self):
        found = heatmap.days(starts('1', '2.50', None, step=24), str)
        self.assertEqual(
            [
                'Week of               Mon      Tue      Wed      Thu      Fri      Sat'
                '      Sun',
                '2026-11-23' + 68 * ' ' + '1',
                '2026-11-30' + 11 * ' ' + '2.50        -',
            ],
            list(found),
        )

    def test_clocks_that_are_put_back(self):
        berlin = zoneinfo.ZoneInfo('Europe/Berlin')
        midnight = datetime.datetime(2026, 10, 25, tzinfo=berlin)
        found = [
            (moment.astimezone(berlin), price)
            for moment, price in starts(
                '1', '2', first=midnight.astimezone(datetime.UTC), step=24
            )
        ]
        lines = list(heatmap.days(found, str))
        self.assertEqual(['1', '2'], [line.split()[-1] for line in lines[1:]])


class TestCheapest(unittest.TestCase):
    def test_the_first_of_the_cheapest(self):
        found = starts(None, '2', '1', '1')
        self.assertEqual(found[2], heatmap.cheapest(found))
        self.assertIsNone(heatmap.cheapest(starts(None)))
