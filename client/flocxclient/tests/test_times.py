# SPDX-License-Identifier: Apache-2.0
import datetime
import unittest
import zoneinfo

import hypothesis
from hypothesis import strategies

from flocxclient.osc import times

#: A Monday.
NOW = datetime.datetime(2027, 1, 4, 15, 30, 20, tzinfo=datetime.UTC)
BERLIN = zoneinfo.ZoneInfo('Europe/Berlin')


class TestMoment(unittest.TestCase):
    def check(self, text, expected, now=NOW):
        self.assertEqual(expected, times.render(times.moment(text, now)))

    def test_now_is_the_argument(self):
        self.assertIs(NOW, times.moment('now', NOW))

    def test_days(self):
        self.check('today', '2027-01-04T00:00:00Z')
        self.check('today 9:05', '2027-01-04T09:05:00Z')
        self.check('yesterday', '2027-01-03T00:00:00Z')
        self.check('tomorrow', '2027-01-05T00:00:00Z')
        self.check('tomorrow 09:00', '2027-01-05T09:00:00Z')
        self.check('Tomorrow 23:59:59', '2027-01-05T23:59:59Z')
        self.check('tomorrow 6pm', '2027-01-05T18:00:00Z')

    def test_tonight(self):
        self.check('tonight', '2027-01-04T18:00:00Z')
        self.check('tonight 22:30', '2027-01-04T22:30:00Z')
        self.check(
            'tonight', '2027-01-04T20:15:00Z', NOW.replace(hour=20, minute=15, second=0)
        )

    def test_a_time_of_the_day_is_the_next_one(self):
        self.check('18:00', '2027-01-04T18:00:00Z')
        self.check('15:30:20', '2027-01-05T15:30:20Z')
        self.check('9:00', '2027-01-05T09:00:00Z')
        self.check('9am', '2027-01-05T09:00:00Z')

    def test_a_day_of_the_week_is_the_next_one(self):
        self.check('mon 16:00', '2027-01-04T16:00:00Z')
        self.check('mon 09:00', '2027-01-11T09:00:00Z')
        self.check('monday', '2027-01-11T00:00:00Z')
        self.check('Thu 09:00', '2027-01-07T09:00:00Z')
        self.check('sunday 9:00', '2027-01-10T09:00:00Z')

    def test_in_the_zone_of_who_writes(self):
        now = NOW.astimezone(BERLIN)
        self.check('18:00', '2027-01-04T17:00:00Z', now)
        self.check('2027-07-05 09:00', '2027-07-05T07:00:00Z', now)
        self.check('2027-01-05T09:00:00Z', '2027-01-05T09:00:00Z', now)
        # Clocks are put forward in the night to the 28th of March.
        now = datetime.datetime(2027, 3, 27, 12, tzinfo=BERLIN)
        self.check('tomorrow 12:00', '2027-03-28T10:00:00Z', now)
        self.check('+1d', '2027-03-28T11:00:00Z', now)

    def test_from_now(self):
        self.check('+3d', '2027-01-07T15:30:20Z')
        self.check('+1d12h', '2027-01-06T03:30:20Z')
        self.check('+90m', '2027-01-04T17:00:20Z')

    def test_ago(self):
        self.check('7d ago', '2026-12-28T15:30:20Z')
        self.check('1h30m ago', '2027-01-04T14:00:20Z')

    def test_without_offset_is_utc(self):
        self.check('2027-01-05', '2027-01-05T00:00:00Z')
        self.check('2027-01-05 09:00', '2027-01-05T09:00:00Z')
        self.check('2027-01-05T09:00:00', '2027-01-05T09:00:00Z')

    def test_any_offset_becomes_utc(self):
        self.check('2027-01-05T09:00:00Z', '2027-01-05T09:00:00Z')
        self.check('2027-01-05t09:00:00z', '2027-01-05T09:00:00Z')
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
            '9',
            '12',
            'mon 9',
            'tomorrowmon',
            '+90',
            '13pm',
            '24:00',
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

    def test_a_bare_number_is_refused_with_an_example(self):
        for text in ('12', '0', '3600'):
            with self.assertRaisesRegex(ValueError, f'no unit: write {text}h for'):
                times.duration(text)

    def test_not_a_duration(self):
        for text in ('', '0h', '-3h', '1.5h', '3 h', 'h', '3y', '٣h'):
            with self.assertRaisesRegex(
                ValueError, 'is not a duration: write', msg=text
            ):
                times.duration(text)

    @hypothesis.given(strategies.integers(min_value=1, max_value=10**12))
    def test_what_is_rendered_is_read(self, seconds):
        self.assertEqual(seconds, times.duration(times.render_duration(seconds)))


class TestRendering(unittest.TestCase):
    def test_a_time_says_its_zone(self):
        for zone, expected in (
            (datetime.UTC, '2027-01-05 09:00 UTC'),
            (BERLIN, '2027-01-05 10:00 CET'),
        ):
            self.assertEqual(expected, times.render_local('2027-01-05T09:00:00Z', zone))
        self.assertEqual(
            '2027-01-05 09:00 UTC',
            times.render_local('2027-01-05T09:00:07Z', datetime.UTC),
        )

    def test_zones(self):
        self.assertEqual(BERLIN, times.zone('Europe/Berlin'))
        self.assertIsNotNone(NOW.astimezone(times.zone('local')).utcoffset())
        for name in ('Nowhere/Town', '../passwd', '/etc/passwd', ''):
            with self.assertRaisesRegex(ValueError, 'is not a time zone'):
                times.zone(name)

    def test_months(self):
        for text, start, end in (
            ('2027-01', '2027-01-01T00:00:00Z', '2027-02-01T00:00:00Z'),
            ('2027-12', '2027-12-01T00:00:00Z', '2028-01-01T00:00:00Z'),
        ):
            self.assertEqual((start, end), tuple(map(times.render, times.month(text))))
        for text in ('2027-13', 'may', '', '2027'):
            with self.assertRaisesRegex(ValueError, 'such as 2027-01'):
                times.month(text)

    def test_sentences_of_the_api(self):
        for text, expected in (
            (
                'Servers as it asks for are free for 3600 seconds in its window at '
                'most; it asks for 43200.',
                'Servers as it asks for are free for 1h in its window at most; it asks '
                'for 12h.',
            ),
            ('At most 2 servers are free at once; it asks for 3.', None),
            ('wait: 90 is not in 0..60 seconds', None),
            ('', None),
        ):
            self.assertEqual(
                text if expected is None else expected, times.sentence(text)
            )
