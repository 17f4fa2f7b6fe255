# SPDX-License-Identifier: Apache-2.0
"""The algebra of time, against a model that counts single minutes."""

import datetime
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import window

EPOCH = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
#: So small a world that windows meet, touch and cover each other often.
MINUTES = st.integers(0, 24)


def at(minute):
    return EPOCH + datetime.timedelta(minutes=minute)


def minutes(stretch):
    """The model: a window is the set of the minutes in it."""
    start = int((stretch.start - EPOCH).total_seconds()) // 60
    end = int((stretch.end - EPOCH).total_seconds()) // 60
    return set(range(start, end))


@st.composite
def windows(draw):
    first, last = sorted(draw(st.tuples(MINUTES, MINUTES).filter(lambda p: len({*p}))))
    return window.Window(at(first), at(last + 1))


class AlgebraTest(unittest.TestCase):
    @hypothesis.given(windows(), windows())
    def test_overlaps_is_symmetric_and_means_a_common_minute(self, one, other):
        self.assertEqual(bool(minutes(one) & minutes(other)), one.overlaps(other))
        self.assertEqual(one.overlaps(other), other.overlaps(one))

    @hypothesis.given(windows(), windows())
    def test_contains_means_every_minute(self, one, other):
        self.assertEqual(minutes(other) <= minutes(one), one.contains(other))

    @hypothesis.given(windows(), st.lists(windows(), max_size=6))
    def test_minus_leaves_exactly_the_minutes_that_nobody_took(self, whole, taken):
        free = whole.minus(taken)
        expected = minutes(whole).difference(*map(minutes, taken))
        self.assertEqual(expected, set().union(*map(minutes, free)))

    @hypothesis.given(windows(), st.lists(windows(), max_size=6))
    def test_minus_is_in_order_and_its_parts_never_touch(self, whole, taken):
        free = whole.minus(taken)
        for one, following in zip(free, free[1:], strict=False):
            self.assertLess(one.end, following.start)

    @hypothesis.given(windows(), st.lists(windows(), max_size=6), st.randoms())
    def test_minus_does_not_care_for_order(self, whole, taken, random):
        shuffled = list(taken)
        random.shuffle(shuffled)
        self.assertEqual(whole.minus(taken), whole.minus(shuffled))

    @hypothesis.given(windows(), MINUTES)
    def test_since_cuts_what_is_past(self, whole, minute):
        left = whole.since(at(minute))
        expected = {each for each in minutes(whole) if each >= minute}
        self.assertEqual(expected, minutes(left) if left else set())

    @hypothesis.given(windows())
    def test_seconds(self, whole):
        self.assertEqual(60 * len(minutes(whole)), whole.seconds)
        self.assertEqual(datetime.timedelta(seconds=whole.seconds), whole.length)

    def test_neighbours_do_not_overlap(self):
        morning, noon = window.Window(at(0), at(5)), window.Window(at(5), at(9))
        self.assertFalse(morning.overlaps(noon))
        self.assertEqual([morning], morning.minus([noon]))

    def test_d17_the_exact_window_is_contained_and_leaves_nothing(self):
        whole = window.Window(at(0), at(5))
        self.assertTrue(whole.contains(window.Window(at(0), at(5))))
        self.assertEqual([], whole.minus([whole]))

    def test_d36_a_window_without_length_or_reversed_is_refused(self):
        for start, end in ((at(1), at(1)), (at(2), at(1))):
            with self.assertRaisesRegex(exceptions.Invalid, '^end_time: '):
                window.Window(start, end)


class DaysTest(unittest.TestCase):
    def test_the_end_of_a_second(self):
        noon = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
        second = datetime.timedelta(seconds=1)
        for within in (0, 1, 999_999):
            moment = noon.replace(microsecond=within)
            self.assertEqual(noon + second, window.through(moment))

    def test_whole_days_of_utc(self):
        first = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
        hours = {hour: first + datetime.timedelta(hours=hour) for hour in (5, 24, 25)}
        for end, days in ((24, 1), (25, 2)):
            self.assertEqual(
                window.Window(first, first + datetime.timedelta(days=days)),
                window.days(window.Window(hours[5], hours[end])),
            )


class InstantTest(unittest.TestCase):
    def test_d35_any_zone_comes_in_and_utc_goes_out(self):
        for text in (
            '2027-01-01T12:00:00Z',
            '2027-01-01T08:00:00-04:00',
            '2027-01-01T17:30:00+05:30',
            ' 2027-01-01T12:00:00+00:00 ',
            '20270101T120000Z',
        ):
            moment = window.instant(text, 'start_time')
            self.assertEqual('2027-01-01T12:00:00Z', window.text(moment))
            self.assertEqual(datetime.UTC, moment.tzinfo)

    def test_seconds_are_whole(self):
        moment = window.instant('2027-01-01T12:00:00.999999Z', 'start_time')
        self.assertEqual('2027-01-01T12:00:00Z', window.text(moment))
        self.assertEqual(0, moment.microsecond)

    def test_what_is_no_time_is_refused_by_name(self):
        naive = datetime.datetime(2027, 1, 1)
        for value in (
            '2027-01-01T12:00:00',
            '2027-01-01',
            'tomorrow',
            '',
            '2027-13-01T00:00:00Z',
            '2027-02-30T00:00:00Z',
            '0001-01-01T00:00:00Z',
            '9999-12-31T23:59:59Z',
            '1999-12-31T23:59:59Z',
            naive,
            1798761600,
            1.5,
            float('nan'),
            None,
            True,
            [],
            {},
        ):
            with self.assertRaisesRegex(exceptions.Invalid, '^end_time: '):
                window.instant(value, 'end_time')

    @hypothesis.given(st.text() | st.datetimes().map(str))
    def test_any_text_is_an_instant_or_invalid(self, text):
        try:
            moment = window.instant(text, 'time')
        except exceptions.Invalid:
            return
        self.assertEqual(moment, window.instant(window.text(moment), 'time'))

    def test_the_first_and_the_last_year_are_those_of_utc(self):
        for value, year in (
            ('2000-01-01T01:59:59+02:00', 1999),
            ('9000-12-31T23:00:00-01:00', 9001),
            ('0001-01-01T00:00:00+01:00', 1),
            ('9999-12-31T23:59:59-01:00', 9999),
        ):
            with self.assertRaisesRegex(exceptions.Invalid, f'^time: the year {year} '):
                window.instant(value, 'time')
        for value in ('1999-12-31T23:00:00-01:00', '9001-01-01T00:59:59+01:00'):
            moment = window.instant(value, 'time')
            self.assertEqual(moment, window.instant(window.text(moment), 'time'))

    @hypothesis.given(st.datetimes(timezones=st.timezones()))
    def test_an_aware_datetime_is_an_instant_or_out_of_range(self, moment):
        try:
            found = window.instant(moment, 'time')
        except exceptions.Invalid as error:
            self.assertRegex(str(error), 'the year')
            return
        self.assertLess(abs(moment - found), datetime.timedelta(seconds=1))


class SecondsTest(unittest.TestCase):
    @hypothesis.given(st.datetimes(timezones=st.timezones()))
    def test_a_text_is_in_utc_and_to_the_second(self, moment):
        try:
            in_utc = moment.astimezone(datetime.UTC)
        except OverflowError:
            hypothesis.reject()
        expected = in_utc.replace(microsecond=0, tzinfo=None).isoformat()
        self.assertEqual(f'{expected}Z', window.text(moment))

    def test_the_second_of_a_moment_ends_where_the_next_one_begins(self):
        moment = window.of_timestamp(0)
        self.assertEqual('1970-01-01T00:00:00Z', window.text(moment))
        later = moment.replace(microsecond=999_999)
        self.assertEqual(window.of_timestamp(1), window.through(moment))
        self.assertEqual(window.of_timestamp(1), window.through(later))
