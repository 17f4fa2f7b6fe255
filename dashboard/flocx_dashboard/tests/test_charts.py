# SPDX-License-Identifier: Apache-2.0
"""Pictures are pure: what is where follows from what is shown."""

import datetime
import unittest

from flocx_dashboard import formats
from flocx_dashboard.charts import book
from flocx_dashboard.charts import frame
from flocx_dashboard.charts import heat
from flocx_dashboard.charts import prices
from flocx_dashboard.charts import scale
from flocx_dashboard.charts import timeline
from flocxclient.sdk import statistics

NOW = datetime.datetime(2027, 1, 5, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def levels(*pairs):
    return [
        {'price': price, 'servers': servers, 'server_hours': '1'}
        for price, servers in pairs
    ]


class ScaleTest(unittest.TestCase):
    def test_marks_are_round_and_reach_the_end(self):
        for high, expected in (
            (0, [0, 1]),
            (1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            (7, [0, 2, 4, 6, 8]),
            (0.03, [0, 0.01, 0.02, 0.03]),
            (12000, [0, 5000, 10000, 15000]),
        ):
            with self.subTest(high):
                found = scale.ticks(high)
                self.assertEqual(expected, found)
                self.assertGreaterEqual(found[-1], high)

    def test_times_are_whole(self):
        x = scale.Linear(NOW.timestamp(), (NOW + 7 * DAY).timestamp(), 0, 700)
        marks = scale.times(NOW, NOW + 7 * DAY, x)
        self.assertEqual('Wed 06 Jan', marks[0].text)
        self.assertEqual((50.0, 7), (marks[0].at, len(marks)))


class BookTest(unittest.TestCase):
    def test_as_many_meet_as_can(self):
        for supply, demand, expected in (
            ((), (), 0),
            ((('1', 2),), (('2', 5),), 2),
            ((('1', 2), ('3', 9)), (('2', 5),), 2),
            ((('3', 1),), (('2', 1),), 0),
            ((('1', 1), ('2', 1), ('3', 1)), (('3', 1), ('2', 1), ('1', 1)), 2),
        ):
            with self.subTest(supply=supply, demand=demand):
                self.assertEqual(
                    expected, book.crossing(levels(*supply), levels(*demand))
                )

    def test_nothing_is_no_picture(self):
        self.assertIsNone(book.picture(statistics.Depth(supply=[], demand=[])))

    def test_supply_rises_and_demand_falls(self):
        depth = statistics.Depth(
            supply=levels(('1', 2), ('3', 1)), demand=levels(('2', 1))
        )
        picture = book.picture(depth)
        self.assertEqual(
            '3 on offer from 1.00; 1 wanted for up to 2.00; the prices meet for 1 at '
            'most, if times and hardware do',
            picture.summary,
        )
        corners = [
            float(each.split(',')[1]) for each in picture.supply.line[1:].split(' L')
        ]
        # Further up in a picture is less.
        self.assertEqual(sorted(corners, reverse=True), corners)


class PricesTest(unittest.TestCase):
    def price(self, name, days, value):
        return statistics.Price(
            resource_class=name,
            start_time=(NOW - days * DAY).isoformat(),
            min=value,
            median=value,
            max=value,
            fills=1,
        )

    def test_the_classes_with_most_sales_are_shown_apart(self):
        found = [
            self.price(f'class-{number}', days, '2')
            for number in range(8)
            for days in range(number + 1, 0, -1)
        ]
        picture = prices.picture(found, NOW - 30 * DAY, NOW, DAY, NOW)
        self.assertEqual(
            [f'class-{number}' for number in range(2, 8)],
            [each.name for each in picture.series],
        )
        labels = sorted(each.label_y for each in picture.series)
        for above, below in zip(labels, labels[1:], strict=False):
            self.assertGreaterEqual(below - above, prices.LINE)

    def test_there_is_room_for_the_names(self):
        for name, shown in (
            ('small', 'small'),
            ('baremetal.large', 'baremetal.large'),
            ('x' * 60, 'x' * 27 + '…'),
        ):
            found = [self.price(name, 1, '2')]
            picture = prices.picture(found, NOW - 3 * DAY, NOW, DAY, NOW)
            (series,) = picture.series
            self.assertEqual(shown, series.name)
            room = picture.frame.width - picture.frame.legend
            self.assertGreaterEqual(room, len(shown) * frame.BOLD)
            self.assertLessEqual(series.points[0].x, picture.frame.right)

    def test_points_are_within_the_picture(self):
        picture = prices.picture(
            [self.price('a', days, str(days)) for days in (30, 3, 0)],
            *(NOW - 30 * DAY, NOW, DAY, NOW),
        )
        for point in picture.series[0].points:
            self.assertTrue(picture.frame.left <= point.x <= picture.frame.right)
            self.assertTrue(picture.frame.top <= point.y <= picture.frame.bottom)


class TimelineTest(unittest.TestCase):
    def test_bars_are_cut_at_the_edges_and_named_where_there_is_room(self):
        def span(start, end):
            return timeline.Span(
                'free',
                (NOW + start * DAY).isoformat(),
                (NOW + end * DAY).isoformat(),
                'a name',
            )

        lane = timeline.Lane('one', [span(-9, 9), span(1, 1.1), span(8, 9)])
        picture = timeline.picture([lane], NOW, NOW + 7 * DAY, NOW + 9 * DAY)
        self.assertEqual(['a name', ''], [bar.label for bar in lane.bars])
        self.assertEqual(picture.frame.left, lane.bars[0].x)
        self.assertEqual(picture.frame.right, lane.bars[0].x + lane.bars[0].width)
        self.assertIsNone(picture.now_x)


class ExplainedTest(unittest.TestCase):
    def test_sentences_of_the_api_are_as_people_write(self):
        for detail, words in (
            ('No server on offer meets cpus >= 99.', None),
            (
                'Servers as it asks for are free for 3600 seconds in its window at '
                'most; it asks for 43200.',
                'Servers as it asks for are free for 1h in its window at most; it asks '
                'for 12h.',
            ),
            ('At most 2 servers are free at once; it asks for 3.', None),
            ('Odd [brackets].', None),
            (None, ''),
        ):
            expected = detail if words is None else words
            self.assertEqual(expected, formats.explained(detail))


class HeatTest(unittest.TestCase):
    def cells(self, *prices, seconds=3600):
        step = datetime.timedelta(seconds=seconds)
        return [
            heat.Cell(
                (NOW + at * step).isoformat(),
                (NOW + (at + 1) * step).isoformat(),
                price,
            )
            for at, price in enumerate(prices)
        ]

    def test_nothing_is_no_picture(self):
        self.assertIsNone(heat.picture([], 'hour', ''))

    def test_a_row_is_a_day_and_a_shade_a_price(self):
        picture = heat.picture(self.cells(*(['1'] * 12), '2', '6', None), 'hour', 'x')
        self.assertEqual(2, len(picture.rows))
        first, last = picture.places[0], picture.places[-1]
        # The first is at noon, and so in the middle.
        self.assertLess(abs(first.x - (heat.LEFT + picture.width) / 2), 1)
        self.assertLess(first.y, last.y)
        self.assertEqual(
            ['price-1', 'price-2', 'price-5', 'none'],
            [each.look for each in picture.places[11:]],
        )
        self.assertEqual(('price-5', '6.00'), picture.key[-1])
        self.assertIn('not to be had', last.title)
        self.assertEqual(('1.00', ''), (first.label, last.label))

    def test_a_row_of_days_is_a_week(self):
        picture = heat.picture(self.cells('1', '1', None, seconds=86400), 'day', 'x')
        self.assertEqual(1, len({each.y for each in picture.places}))
        self.assertEqual('5: 1.00', picture.places[0].label)
        self.assertEqual('7', picture.places[2].label)
        self.assertEqual([('price-1', '1.00')], picture.key)
