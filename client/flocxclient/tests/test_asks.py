# SPDX-License-Identifier: Apache-2.0
"""Asks by the hour as people write them."""

import unittest

from flocxclient.osc import asks

WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri']


class AsksTest(unittest.TestCase):
    def test_entries(self):
        for text, entry in (
            (
                'weekdays 20:00-08:00 Europe/Berlin=0.50',
                {
                    'days': WEEKDAYS,
                    'start': '20:00',
                    'end': '08:00',
                    'timezone': 'Europe/Berlin',
                    'price': '0.50',
                },
            ),
            ('0:00-24:00=1', {'start': '00:00', 'end': '24:00', 'price': '1'}),
            (
                'sun,Mon 9:30-10:00=2',
                {
                    'days': ['mon', 'sun'],
                    'start': '09:30',
                    'end': '10:00',
                    'price': '2',
                },
            ),
            (
                'fri-mon 09:00-10:00=2',
                {
                    'days': ['mon', 'fri', 'sat', 'sun'],
                    'start': '09:00',
                    'end': '10:00',
                    'price': '2',
                },
            ),
        ):
            with self.subTest(text):
                self.assertEqual(entry, asks.parse(text))

    def test_what_is_none_is_refused(self):
        for text in (
            '',
            'weekdays',
            '20:00-08:00',
            '=1',
            '20:00-08:00=free',
            'never 20:00-08:00=1',
            'mon-xxx 20:00-08:00=1',
            'mon tue 20:00-08:00=1',
            '20:00-08:00 UTC UTC=1',
            '20:00-08:00 09:00-10:00=1',
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                asks.parse(text)
        for text in ('', '48h', 'x=1', '48h=x'):
            with self.subTest(text), self.assertRaises(ValueError):
                asks.parse_falls(text)

    def test_they_are_written_as_they_are_read(self):
        for text in (
            'weekdays 20:00-08:00 Europe/Berlin=0.50',
            'daily 00:00-24:00 UTC=0.123456',
            'mon,wed 09:00-10:00 UTC=2.00',
        ):
            entry = asks.parse(text)
            entry['price'] = f'{float(entry["price"]):.6f}'
            entry.setdefault('days', list(asks.DAYS))
            self.assertEqual(text, asks.render(entry))
        self.assertEqual({'before': 172800, 'price': '0.2'}, asks.parse_falls('2d=0.2'))
        self.assertEqual(
            '2d=0.20', asks.render_falls({'before': 172800, 'price': '0.200000'})
        )
