# SPDX-License-Identifier: Apache-2.0
import unittest
import zoneinfo

from flocxclient.osc import columns


class TestColumns(unittest.TestCase):
    def check(self, column, value, expected):
        self.assertEqual(expected, column(value).human_readable())
        self.assertIs(value, column(value).machine_readable())

    def test_windows(self):
        self.check(
            columns.Windows,
            [
                ['2027-01-05T09:00:00Z', '2027-01-05T17:00:00Z'],
                ['2027-01-06T09:00:00Z', '2027-01-06T17:00:01Z'],
            ],
            '2027-01-05 09:00 to 2027-01-05 17:00 UTC\n'
            '2027-01-06 09:00 to 2027-01-06 17:00 UTC',
        )

    def test_times_are_in_the_zone_of_the_reader(self):
        berlin = zoneinfo.ZoneInfo('Europe/Berlin')
        self.assertEqual(
            '2027-07-05 11:00 CEST',
            columns.Time('2027-07-05T09:00:00Z', berlin).human_readable(),
        )

    def test_money(self):
        for text, expected in (
            ('1.250000', '1.25'),
            ('3.000000', '3.00'),
            ('0.012500', '0.0125'),
            ('1000.000000', '1000.00'),
        ):
            self.check(columns.Money, text, expected)

    def test_hours(self):
        for text, expected in (('22.996667', '23.00'), ('0.000278', '0.00')):
            self.check(columns.Hours, text, expected)
        self.check(columns.Hours, None, '')

    def test_what_happened_in_words(self):
        for event_type, expected in (
            ('offer.published', 'Offer published'),
            ('contract.active', 'Servers handed over'),
            ('contract.not_known_here', 'Contract not known here'),
        ):
            self.check(columns.EventType, event_type, expected)

    def test_seconds(self):
        self.check(columns.Seconds, 0.048976725003740285, '0.049')

    def test_headings_for_people(self):
        for label, cell, expected in (
            ('Project ID', columns.Project('p'), 'Project'),
            ('Resource UUID', columns.Server('s'), 'Server'),
            ('Project ID', 'p', 'Project ID'),
        ):
            self.assertEqual(expected, columns.heading(label, cell))

    def test_readable(self):
        for value, expected in ((None, '-'), (True, 'yes'), (False, 'no'), (0, 0)):
            self.assertEqual(expected, columns.readable(value))

    def test_plain(self):
        for value, expected in (
            (None, ''),
            (True, 'true'),
            (7, '7'),
            ('a, "b"', 'a, "b"'),
            (columns.Lines([{'price': '1.000000'}]), '[{"price": "1.000000"}]'),
            (columns.Time('2027-01-05T09:00:00Z'), '2027-01-05T09:00:00Z'),
            (columns.Outlook(None), ''),
        ):
            self.assertEqual(expected, columns.plain(value))

    def test_lines(self):
        self.check(
            columns.Lines,
            [
                {
                    'resource_uuid': 'n',
                    'price': '1.25',
                    'status': 'active',
                    'owner_id': 'o',
                },
                {'resource_uuid': 'm', 'status': 'created'},
                {
                    'resource_uuid': 'k',
                    'status': 'created',
                    'price': '3.5',
                    'price_rule': 'second_price',
                    'ask': '1',
                    'displaced': '2.5',
                },
            ],
            'server n at 1.25: active\nserver m at : created\n'
            'server k at 3.50 (second_price: ask 1.00, bids left out 2.50 more): '
            'created',
        )

    def test_servers(self):
        lines = [
            {'price': price, 'status': status}
            for price, status in (
                ('1.250000', 'active'),
                ('2.000000', 'active'),
                ('1.250000', 'active'),
            )
        ]
        self.check(columns.Servers, lines, '2 at 1.25: active\n1 at 2.00: active')

    def test_requirements(self):
        self.check(
            columns.Requirements,
            [
                ['memory_mb', '>=', 65536],
                ['a', 'in', ['x', 1]],
                ['secure_boot', None, None],
            ],
            'memory_mb >= 65536\na in ["x", 1]\nsecure_boot',
        )

    def test_quoted_lines(self):
        self.check(
            columns.QuotedLines,
            [
                {'resource_class': 'gpu', 'price': '1.25', 'offer_uuid': 'o'},
                {'resource_class': 'gpu', 'price': '1.25', 'offer_uuid': 'p'},
                {'resource_class': None, 'price': '2', 'offer_uuid': 'q'},
            ],
            '2 gpu at 1.25\n1 at 2.00',
        )

    def test_offers_meeting(self):
        self.check(
            columns.OffersMeeting,
            [{'requirement': ['cpus', '>=', 4], 'offers': 3}],
            'cpus >= 4: met by 3',
        )

    def test_values(self):
        self.check(columns.Values, {'min': 1, 'max': 4}, '1 to 4')
        self.check(columns.Values, {'min': 4, 'max': 4}, '4')
        self.check(columns.Values, ['x86_64', 'aarch64'], 'x86_64, aarch64')

    def test_document(self):
        self.check(columns.Document, {'b': {'c': 1}, 'a': 'x'}, 'a=x\nb={"c": 1}')

    def test_duration(self):
        self.check(columns.Duration, 129600, '1d12h')

    def test_what_is_missing_is_blank(self):
        for column in columns.COLUMNS.values():
            self.assertEqual('', column(None).human_readable())
            self.assertIsNone(column(None).machine_readable())

    def test_label(self):
        self.assertEqual('Offer UUID', columns.label('offer_uuid'))
        self.assertEqual('ID', columns.label('id'))
