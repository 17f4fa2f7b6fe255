# SPDX-License-Identifier: Apache-2.0
"""What a list is asked for."""

import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import money
from flocx.core import query
from flocx.core import window

FIELDS = {
    'name': query.text,
    'quantity': query.integer,
    'price': money.price,
    'status': query.one_of(['available', 'matched', 'any']),
    'start_time': window.instant,
    'end_time': window.instant,
}


def parse(*params, max_limit=1000, sort_keys=('created_at', 'price')):
    return query.parse(params, FIELDS, max_limit, sort_keys)


class ParseTest(unittest.TestCase):
    def test_nothing_asked(self):
        self.assertEqual(query.Query(limit=1000), parse())

    def test_filters_keep_their_order_and_operators(self):
        asked = parse(('price', 'lte:2.50'), ('name', 'a:b'), ('name', 'in:a,b'))
        self.assertEqual(
            (
                ('price', 'lte', (money.price('2.50'),)),
                ('name', 'eq', ('a:b',)),
                ('name', 'in', ('a', 'b')),
            ),
            asked.filters,
        )

    def test_page_and_order(self):
        asked = parse(
            ('limit', '5'), ('marker', 'x'), ('sort_key', 'price'), ('sort_dir', 'desc')
        )
        self.assertEqual(query.Query(5, 'x', 'price', True, ()), asked)

    def test_limit_is_at_most_that_of_the_operator(self):
        self.assertEqual(10, parse(('limit', '500'), max_limit=10).limit)

    def test_what_is_refused_is_named(self):
        for name, value in (
            ('limit', '0'),
            ('limit', '-1'),
            ('limit', '--1'),
            ('limit', '1.5'),
            ('limit', 'many'),
            ('limit', ''),
            ('limit', '9' * 19),
            ('limit', '\N{ARABIC-INDIC DIGIT SEVEN}'),
            ('sort_key', 'secret'),
            ('sort_dir', 'up'),
            ('quantity', 'two'),
            ('quantity', '-'),
            ('quantity', 'in:1,two'),
            ('price', 'NaN'),
            ('price', 'lte:'),
            ('status', 'busy'),
            ('name', 'x' * 256),
            ('name', 'a\x00b'),
            ('start_time', '2027-01-01T00:00:00'),
            ('generation', '1'),
            ('marker', 'a\x00b'),
        ):
            with self.assertRaisesRegex(exceptions.Invalid, f'^{name}: '):
                parse((name, value))

    @hypothesis.given(
        st.lists(
            st.tuples(
                st.sampled_from([*FIELDS, 'limit', 'marker', 'sort_key', 'else']),
                st.text() | st.from_regex(r'(in|lt|neq):-*\d+', fullmatch=True),
            )
        )
    )
    def test_any_parameters_are_a_query_or_invalid(self, params):
        try:
            asked = parse(*params)
        except exceptions.Invalid:
            return
        self.assertIn(asked.limit, range(1, 1001))

    @hypothesis.given(st.integers(-(10**16), 10**16))
    def test_integers(self, number):
        self.assertEqual(number, query.integer(str(number), 'quantity'))


class MeaningTest(unittest.TestCase):
    def test_status_has_a_default_until_it_is_asked_for(self):
        def filters(*params):
            return query.status(parse(*params).filters, ('available',))

        self.assertEqual((('status', 'in', ('available',)),), filters())
        self.assertEqual((), filters(('status', 'any')))
        self.assertEqual(
            (('status', 'eq', ('matched',)),), filters(('status', 'matched'))
        )
        self.assertEqual((), query.status((), ()))

    def test_plain_times_mean_what_overlaps_them(self):
        moment = '2027-01-01T00:00:00Z'
        plain = parse(('start_time', moment), ('end_time', moment))
        self.assertEqual(
            [('end_time', 'gt'), ('start_time', 'lt')],
            [each[:2] for each in query.overlapping(plain.filters)],
        )
        exact = parse(('start_time', f'gte:{moment}'))
        self.assertEqual(exact.filters, query.overlapping(exact.filters))

    def test_what_is_no_column_takes_no_operator(self):
        query.require_plain(parse(('name', 'a'), ('price', 'lt:2')).filters, {'name'})
        with self.assertRaisesRegex(exceptions.Invalid, '^price: '):
            query.require_plain(parse(('price', 'lt:2')).filters, {'price'})

    def test_a_feed_has_one_order_and_no_marker(self):
        self.assertEqual('id', parse(sort_keys=()).sort_key)
        for name in ('marker', 'sort_key', 'sort_dir'):
            with self.assertRaisesRegex(exceptions.Invalid, f'^{name}: '):
                parse((name, 'id'), sort_keys=())


class ValuesTest(unittest.TestCase):
    """Parameters that are no filters."""

    def refused(self, pattern, call, *arguments):
        with self.assertRaisesRegex(exceptions.Invalid, pattern):
            call(*arguments)

    def test_values_by_name(self):
        fields = {'wait': query.integer, 'type': query.text}
        found = query.values([('wait', '5'), ('type', 'bid')], fields)
        self.assertEqual({'wait': 5, 'type': 'bid'}, found)
        self.refused('^x: .* type, wait$', query.values, [('x', '1')], fields)
        self.refused('^x: .* none$', query.values, [('x', '1')], {})

    def test_a_text_is_short_and_can_be_printed(self):
        self.assertEqual('a', query.text('a', 'name'))
        self.refused('^name: more', query.text, 'a' * 256, 'name')
        self.refused('^name: holds', query.text, 'a\n', 'name')

    def test_a_list_in_json(self):
        self.assertEqual([1], query.json_list('[1]', 'requirements'))
        for value in ('{}', '[', '[' * 100_000):
            self.refused('^requirements: ', query.json_list, value, 'requirements')
