# SPDX-License-Identifier: Apache-2.0
"""Asks by the hour, against a second look at each minute."""

import datetime
import decimal
import unittest
import zoneinfo

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import asks
from flocx.core import window

D = decimal.Decimal
#: A Friday; on the last Sunday of March the clocks of Berlin go forward.
NOW = datetime.datetime(2027, 3, 26, 12, 30, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
NIGHTS = {'start': '20:00', 'end': '08:00', 'price': '0.5'}
BERLIN = {'timezone': 'Europe/Berlin'}


def at(hours):
    return NOW + hours * HOUR


def stay(start, end):
    return window.Window(at(start), at(end))


def asked(wanted, entries=None, fall=None, price='2', now=NOW):
    return asks.pieces(wanted, now, D(price), asks.schedule(entries), asks.falls(fall))


def expected(moment, entries, price):
    """What is asked at ``moment``, by the clock on the wall."""
    for each in asks.schedule(entries) or ():
        there = moment.astimezone(zoneinfo.ZoneInfo(each['timezone']))
        clock = f'{there:%H:%M}'
        for day, holds in (
            (
                there.date(),
                each['start'] <= clock
                and (clock < each['end'] or each['end'] <= each['start']),
            ),
            (
                there.date() - asks.DAY,
                each['end'] <= each['start'] and clock < each['end'],
            ),
        ):
            if holds and asks.DAYS[day.weekday()] in each['days']:
                return D(each['price'])
    return D(price)


TIMES = [f'{hour:02}:{minute:02}' for hour in range(24) for minute in (0, 30)]
ENTRIES = st.fixed_dictionaries(
    {
        'days': st.sets(st.sampled_from(asks.DAYS), min_size=1).map(sorted),
        'start': st.sampled_from(TIMES),
        'end': st.sampled_from([*TIMES, '24:00']),
        'timezone': st.sampled_from(('UTC', 'Europe/Berlin', 'Asia/Kathmandu')),
        'price': st.sampled_from(('0', '0.1', '0.333333', '3', '9')),
    }
).filter(lambda each: each['start'] != each['end'])
#: Clocks are changed in none of these days.
QUIET = datetime.datetime(2027, 5, 1, tzinfo=datetime.UTC)


class SchedulesTest(unittest.TestCase):
    def test_nights_of_a_place_whose_clocks_are_changed(self):
        found = asked(stay(0, 60), [NIGHTS | BERLIN])
        self.assertEqual(
            [
                (asks.HOUR * 6.5, '2'),
                # From 20:00 to 08:00 in winter, then one that is an hour shorter.
                (asks.HOUR * 12, '0.500000'),
                (asks.HOUR * 12, '2'),
                (asks.HOUR * 11, '0.500000'),
                (asks.HOUR * 12, '2'),
                (asks.HOUR * 6.5, '0.500000'),
            ],
            [(each.end - each.start, str(each.price)) for each in found],
        )

    def test_a_time_that_the_clock_leaves_out_is_as_much_later(self):
        gone = {'start': '02:30', 'end': '04:00', 'days': ['sun'], 'price': '1'}
        found = asked(stay(24, 48), [gone | BERLIN])
        self.assertEqual(
            [datetime.datetime(2027, 3, 28, 1, 30, tzinfo=datetime.UTC)],
            [each.start for each in found if each.price == 1],
        )
        never = {'start': '02:00', 'end': '03:00', 'days': ['sun'], 'price': '1'}
        self.assertEqual(1, len(asked(stay(24, 48), [never | BERLIN])))

    @hypothesis.settings(max_examples=200, deadline=None, derandomize=True)
    @hypothesis.given(
        st.lists(ENTRIES, max_size=3), st.integers(0, 300), st.integers(1, 100)
    )
    def test_each_half_hour_is_asked_for_as_the_first_that_holds_says(
        self, entries, start, length
    ):
        begin = QUIET + start * HOUR / 2
        wanted = window.Window(begin, begin + length * HOUR / 2)
        found = asked(wanted, entries, now=QUIET)
        self.assertEqual(wanted.start, found[0].start)
        self.assertEqual(wanted.end, found[-1].end)
        for before, after in zip(found, found[1:], strict=False):
            self.assertEqual(before.end, after.start)
            self.assertNotEqual(before.price, after.price)
        for half in range(length):
            moment = begin + half * HOUR / 2
            # Kathmandu is a quarter of an hour off.
            moments = {moment, moment + HOUR / 4}
            for each in moments:
                (price,) = (p.price for p in found if p.start <= each < p.end)
                self.assertEqual(expected(each, entries, '2'), price)

    def test_what_falls_as_its_time_comes_near(self):
        fall = {'before': 4 * 3600, 'price': '1'}
        found = asked(stay(-0.5, 10), None, fall)
        self.assertEqual(
            ['1.000000', '1.250000', '1.500000', '1.750000', '2'],
            [str(each.price) for each in found],
        )
        self.assertEqual(at(3.5), found[3].end)
        # Later in the same hour it asks the same, and an hour later less.
        self.assertEqual(found, asked(stay(-0.5, 10), None, fall, now=at(0.4)))
        self.assertLess(
            asks.mean(asked(stay(-0.5, 10), None, fall, now=at(1)), stay(2, 4)),
            asks.mean(found, stay(2, 4)),
        )
        # With a schedule each of its prices falls.
        both = asked(stay(6.5, 9.5), [NIGHTS], {**fall, 'price': '0'}, now=at(6.5))
        self.assertEqual(
            ['0.000000', '0.125000', '0.250000'],
            [str(each.price) for each in both if at(7.5) <= each.end][-3:],
        )
        # What is asked for less than that stays.
        free = [{'start': '00:00', 'end': '24:00', 'price': '0.1'}]
        self.assertEqual(1, len(asked(stay(0, 10), free, fall)))
        self.assertEqual(D('0.1'), asks.lowest(D(2), asks.schedule(free), fall))
        self.assertEqual(D(1), asks.lowest(D(2), None, fall))

    def test_a_stay_costs_what_its_hours_cost_and_is_rounded_up(self):
        found = asked(stay(-12.5, 24), [{**NIGHTS, 'price': '1.000001'}])
        self.assertEqual(D('1.000001'), asks.mean(found, stay(-12.5, -5)))
        # Four hours of which one and a half are before 20:00.
        self.assertEqual(D('1.250001'), asks.mean(found, stay(6.5, 10.5)))
        self.assertEqual(D('2'), asks.mean(found, stay(0, 1)))
        self.assertEqual(0, asks.micro_seconds(found, stay(24, 25)))

    def test_what_makes_no_sense_is_refused_by_name(self):
        for value, words in (
            ('nights', 'a list of entries'),
            ([NIGHTS] * 17, '17 entries; at most 16'),
            (['night'], r'ask_schedule\[0\]: an object'),
            ([{'start': '20:00'}], r'\[0\]: an object with start, end and price'),
            ([NIGHTS, {**NIGHTS, 'until': 1}], r"\[1\]: there is no field 'until'"),
            ([{**NIGHTS, 'start': '25:00'}], r"\.start: '25:00' is not a time"),
            ([{**NIGHTS, 'end': 8}], r"\.end: '8' is not a time"),
            ([{**NIGHTS, 'end': '20:00'}], 'no time before its end'),
            ([{**NIGHTS, 'start': '24:00'}], 'no time before its end'),
            ([{**NIGHTS, 'days': []}], r'\.days: a list'),
            ([{**NIGHTS, 'days': 'mon'}], r'\.days: a list'),
            ([{**NIGHTS, 'days': ['mon'] * 9}], r'\.days: a list'),
            ([{**NIGHTS, 'days': [{}]}], r"\.days: '{}' is none of mon"),
            ([{**NIGHTS, 'timezone': 'Mars/Olympus'}], 'no time zone such as'),
            ([{**NIGHTS, 'timezone': '../../etc/passwd'}], 'no time zone such as'),
            ([{**NIGHTS, 'timezone': 1}], 'no time zone such as'),
            ([{**NIGHTS, 'price': 0.5}], r'\.price: 0.5 is not a decimal'),
            ([{**NIGHTS, 'price': '-1'}], r'\.price'),
            ([{**NIGHTS, 'price': '100001'}], r'\.price: at most 100000'),
        ):
            with self.subTest(words), self.assertRaisesRegex(exceptions.Invalid, words):
                asks.schedule(value)
        for value, words in (
            (1, 'ask_falls: an object'),
            ({'before': 3600}, 'ask_falls: an object'),
            ({'before': '48h', 'price': '1'}, 'before: a number of seconds'),
            ({'before': True, 'price': '1'}, 'before: a number of seconds'),
            ({'before': 60, 'price': '1'}, r'before: it is not in 3600\.\.'),
            ({'before': 10**9, 'price': '1'}, r'before: it is not in 3600\.\.'),
            ({'before': 7200, 'price': 'x'}, r'ask_falls\.price'),
        ):
            with self.subTest(words), self.assertRaisesRegex(exceptions.Invalid, words):
                asks.falls(value)
        for none in (None, []):
            self.assertIsNone(asks.schedule(none))
        self.assertIsNone(asks.falls(None))

    def test_what_cannot_be_counted_is_refused(self):
        entries, fall = (
            asks.schedule([NIGHTS]),
            asks.falls({'before': 7200, 'price': '1'}),
        )
        asks.require_bounded(stay(0, 24 * 999), D(10**9), None, None)
        asks.require_bounded(stay(0, 24 * 200), D(100_000), entries, fall)
        for arguments, words in (
            ((stay(0, 24 * 201), D(1), entries, None), 'end_time: .* at most 200 days'),
            ((stay(0, 24), D(100_001), entries, None), 'price: .* 100000'),
            ((stay(0, 24), D(1), None, fall), 'ask_falls.price: .* not less than'),
        ):
            with self.subTest(words), self.assertRaisesRegex(exceptions.Invalid, words):
                asks.require_bounded(*arguments)
