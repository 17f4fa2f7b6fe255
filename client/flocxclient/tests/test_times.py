# SPDX-License-Identifier: Apache-2.0
import datetime
import unittest

import hypothesis
from hypothesis import strategies

from flocxclient.osc import times

NOW = datetime.datetime(2027, 1, 4, 15, 30, 20, tzinfo=datetime.UTC)


class TestMoment(unittest.TestCase):
    def check(self, text, expected):
        self.assertEqual(expected, times.render(times.moment(text, NOW)))

    def test_now_is_the_argument(self):
        self.assertIs(NOW, times.moment('now', NOW))

    def test_days(self):
        self.check('today', '2027-01-04T00:00:00Z')
        self.check('today 9:05', '2027-01-04T09:05:00Z')
        self.check('yesterday', '2027-01-03T00:00:00Z')
        self.check('tomorrow', '2027-01-05T00:00:00Z')
        self.check('tomorrow 09:00', '2027-01-05T09:00:00Z')

    def test_from_now(self):
        self.check('+3d', '2027-01-07T15:30:20Z')
        self.check('+1d12h', '2027-01-06T03:30:20Z')
        self.check('+90', '2027-01-04T15:31:50Z')

    def test_ago(self):
        self.check('7d ago', '2026-12-28T15:30:20Z')
        self.check('1h30m ago', '2027-01-04T14:00:20Z')

    def test_without_offset_is_utc(self):
        self.check('2027-01-05', '2027-01-05T00:00:00Z')
        self.check('2027-01-05 09:00', '2027-01-05T09:00:00Z')
        self.check('2027-01-05T09:00:00', '2027-01-05T09:00:00Z')

    def test_any_offset_becomes_utc(self):
        self.check('2027-01-05T09:00:00Z', '2027-01-05T09:00:00Z')
        self.check('2027-01-05T09:00:00-05:00', '2027-01-05T14:00:00Z')

    def test_not_a_time(self):
        for text in (
            '',
            'soon',
            '+',
            '+0d',
            '+3x',
            '2027-13-01',
            'today 25:00',
            'tomorrow 9',
            'ago',
            '3 days ago',
            '99999999999w ago',
            '+99999999999w',
            '1e9',
            '0001-01-01T00:00:00+14:00',
        ):
            with self.assertRaisesRegex(ValueError, 'is not a time: write', msg=text):
                times.moment(text, NOW)

    @hypothesis.given(strategies.text())
    def test_any_text_is_an_aware_moment_or_refused(self, text):
        try:
            when = times.moment(text, NOW)
        except ValueError:
            return
        self.assertEqual(datetime.timedelta(0), when.utcoffset())

    @hypothesis.given(strategies.datetimes(timezones=strategies.just(datetime.UTC)))
    def test_what_is_rendered_is_read(self, when):
        self.assertEqual(when, times.moment(times.render(when), NOW))


class TestDuration(unittest.TestCase):
    def test_units(self):
        self.assertEqual(129600, times.duration('36h'))
        self.assertEqual(1209600, times.duration('2w'))
        self.assertEqual(5400, times.duration('90m'))
        self.assertEqual(30, times.duration('30s'))
        self.assertEqual(129600, times.duration('1d12h'))
        self.assertEqual(45, times.duration('45'))

    def test_not_a_duration(self):
        for text in ('', '0', '0h', '-3h', '1.5h', '3 h', 'h', '3y', '٣h'):
            with self.assertRaisesRegex(
                ValueError, 'is not a duration: write', msg=text
            ):
                times.duration(text)

    @hypothesis.given(strategies.integers(min_value=1, max_value=10**12))
    def test_what_is_rendered_is_read(self, seconds):
        self.assertEqual(seconds, times.duration(times.render_duration(seconds)))
