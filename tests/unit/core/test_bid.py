# SPDX-License-Identifier: Apache-2.0
"""A bid: what stay it accepts, and when there is nothing left to hope for."""

import dataclasses
import datetime
import decimal
import json
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import bid as core
from flocx.core import requirements

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def bid(hours=4, duration=None, **values):
    return core.Bid(
        **{
            'uuid': 'u',
            'project_id': 'umbrella',
            'start_time': NOON,
            'end_time': NOON + hours * HOUR,
            'duration': duration or hours * 3600,
            'price': decimal.Decimal(1),
            'created_at': NOON,
            'updated_at': NOON,
            **values,
        }
    )


class BidTest(unittest.TestCase):
    def test_d14_a_part_of_the_window_is_as_long_as_asked(self):
        part = bid(hours=4, duration=3600)
        self.assertFalse(part.whole)
        stay = part.stay(NOON + HOUR)
        self.assertEqual((NOON + HOUR, 3600), (stay.start, stay.seconds))
        self.assertEqual(NOON + 4 * HOUR, part.stay(NOON + 3 * HOUR).end)
        self.assertIsNone(part.stay(NOON + 3 * HOUR + datetime.timedelta(seconds=1)))

    def test_the_whole_window_is_what_is_left_of_it(self):
        whole = bid(hours=4)
        self.assertTrue(whole.whole)
        self.assertEqual(whole.window, whole.stay(NOON))
        self.assertEqual(NOON + 4 * HOUR, whole.stay(NOON + HOUR).end)
        self.assertEqual(NOON + HOUR, whole.stay(NOON + HOUR).start)
        self.assertIsNone(whole.stay(NOON + 4 * HOUR))

    @hypothesis.given(st.integers(1, 7200), st.integers(-3600, 10800))
    def test_it_is_hopeless_from_the_moment_on_when_no_stay_is_left(
        self, duration, seconds
    ):
        asked = bid(hours=2, duration=duration)
        now = NOON + datetime.timedelta(seconds=seconds)
        self.assertEqual(
            asked.stay(max(now, asked.start_time)) is None, asked.hopeless(now)
        )
        if asked.hopeless(now):
            self.assertTrue(asked.hopeless(now + HOUR))

    def test_d36_what_does_not_fit_is_refused(self):
        for values, field in (
            ({'duration': 4 * 3600 + 1}, 'duration'),
            ({'min_quantity': 2, 'quantity': 1}, 'min_quantity'),
            ({'hours': -1, 'duration': 1}, 'end_time'),
        ):
            with self.assertRaisesRegex(exceptions.Invalid, f'^{field}: '):
                bid(**values)

    def test_a_bid_cannot_be_changed_in_place(self):
        with self.assertRaises(AttributeError):
            bid().price = decimal.Decimal(2)

    def test_alternatives_are_bids_of_which_one_is_met(self):
        plain = bid()
        self.assertEqual((plain,), plain.options)
        self.assertIs(plain, plain.awarded)
        other = core.Alternative(
            quantity=3,
            min_quantity=2,
            start_time=NOON + HOUR,
            end_time=NOON + 9 * HOUR,
            duration=7200,
            price=decimal.Decimal('1.5'),
            requirements=(('cpus', '>=', 8),),
            resource_class='large',
            min_reclaim_notice=60,
        )
        both = bid(hours=4, alternatives=(other,), name='both')
        first, second = both.options
        self.assertEqual([('u', 0, None), ('u', 1, None)], [first.key, second.key])
        self.assertEqual([True, False], [plain.plain, second.plain])
        self.assertEqual((), first.alternatives + second.alternatives)
        for name in other.document:
            self.assertEqual(getattr(both, name), getattr(first, name))
            self.assertEqual(getattr(other, name), getattr(second, name))
        self.assertEqual('both', second.name)
        self.assertEqual(3 * 7200, both.server_seconds)
        self.assertIs(both, both.awarded)
        self.assertEqual(second, dataclasses.replace(both, alternative=1).awarded)
        self.assertFalse(both.hopeless(NOON + 6 * HOUR))
        self.assertTrue(both.hopeless(NOON + 8 * HOUR))

    def test_an_alternative_is_read_from_what_is_written_of_it(self):
        other = core.Alternative(
            quantity=3,
            min_quantity=2,
            start_time=NOON,
            end_time=NOON + HOUR,
            duration=60,
            price=decimal.Decimal('1.5'),
            requirements=(('cpus', '>=', 8),),
        )
        self.assertEqual(
            other, core.Alternative.of(json.loads(json.dumps(other.document)))
        )

    def bundle(self, hours=4, **values):
        parts = (
            core.Part(duration=7200, requirements=(('cpus', '>=', 8),)),
            core.Part(
                name='workers',
                quantity=16,
                offset=3600,
                duration=5400,
                price=decimal.Decimal('0.5'),
                resource_class='large',
            ),
        )
        return bid(**{'hours': hours, **core.of_parts(parts), 'parts': parts, **values})

    def test_parts_of_a_bundle_begin_together(self):
        both = self.bundle()
        self.assertEqual(
            (17, 17, 9000), (both.quantity, both.min_quantity, both.duration)
        )
        self.assertEqual(7200 + 16 * 5400, both.server_seconds)
        self.assertFalse(both.plain)
        for now in (NOON - HOUR, NOON, NOON + HOUR):
            head, workers = both.rows(now)
            self.assertEqual((0, 1), (head.part, workers.part))
            self.assertEqual(HOUR, workers.start_time - head.start_time)
            self.assertEqual(max(now, NOON), head.start_time)
            self.assertEqual(
                (NOON + 3.5 * HOUR, NOON + 4 * HOUR), (head.end_time, workers.end_time)
            )
            self.assertEqual((1, 16), (head.min_quantity, workers.min_quantity))
            self.assertEqual((1, decimal.Decimal('0.5')), (head.price, workers.price))
            self.assertEqual(('u', None, 1), workers.key)
            self.assertFalse(workers.plain)
            self.assertTrue(both.possible(now))
        self.assertEqual(both.rows(NOON), both.rectangles)
        late = NOON + 1.5 * HOUR + datetime.timedelta(seconds=1)
        self.assertTrue(self.bundle().possible(NOON + 1.5 * HOUR))
        self.assertEqual((), both.rows(late))
        self.assertTrue(both.hopeless(late))

    def test_a_bundle_for_all_of_its_window_is_met_from_now_on(self):
        now = self.bundle(hours=2.5)
        self.assertEqual(
            [NOON, NOON + HOUR], [each.start_time for each in now.rows(NOON)]
        )
        self.assertEqual(now.rows(NOON), now.rows(NOON + HOUR))
        self.assertFalse(now.hopeless(NOON + 1.9 * HOUR))
        self.assertTrue(now.hopeless(NOON + 2 * HOUR))

    def test_a_part_is_read_from_what_is_written_of_it(self):
        other = core.Alternative(
            **{
                name: getattr(self.bundle(), name)
                for name in self.bundle(alternatives=()).options[0].terms[0].__slots__
                if name in core.Alternative.__slots__
            }
        )
        document = json.loads(json.dumps(other.document))
        self.assertEqual(other, core.Alternative.of(document))
        self.assertEqual(self.bundle().loads, other.loads)

    def test_parts_that_are_no_bundle_are_refused(self):
        for parts, field in (
            ([core.Part(offset=1, duration=9)], 'parts: the first begins 1'),
            (
                [core.Part(duration=60), core.Part(offset=60, duration=9)],
                r'parts\[0\]: it ends after 60',
            ),
            ([core.Part(duration=60, quantity=6000)] * 2, 'parts: 12000 servers'),
            (
                [core.Part(duration=9), core.Part(duration=9, min_quantity=2)],
                r'parts\[1\].min_quantity: 2',
            ),
            ([core.Part(duration=9, group_by='rack')], r'parts\[0\].group_by: '),
        ):
            with self.assertRaisesRegex(exceptions.Invalid, f'^{field}'):
                core.of_parts(parts, 'island')

    def test_parts_are_of_one_group_or_each_of_its_own(self):
        part = core.Part(duration=9, quantity=3, min_quantity=2, spread_by='row')
        racked = dataclasses.replace(part, group_by='rack', group_value='r2')
        for group_by, given, jointly in ((None, racked, False), ('rack', part, True)):
            terms = core.of_parts([given, core.Part(duration=9)], group_by)
            self.assertEqual((4, 3), (terms['quantity'], terms['min_quantity']))
            value = 'r2' if jointly else None
            one, other = bid(
                **terms, parts=(given, core.Part(duration=9)), group_value=value
            ).rectangles
            self.assertEqual((jointly, 'rack', 'r2'), (one.jointly, *self.group(one)))
            self.assertEqual(
                self.group(one) if jointly else (None, None), self.group(other)
            )
            self.assertEqual(('rack', 'row'), one.expressions)
            self.assertEqual((3, 2), (one.quantity, one.min_quantity))

    def group(self, row):
        return row.group_by, row.group_value

    def test_servers_are_of_the_group_that_is_found_in_their_hardware(self):
        document = {'rack': 'r2', 'place': {'row': 3, 'a': None}, 'long': 'x' * 256}
        for group_by, value in (
            ('rack', 'r2'),
            ('place', '{"a": null, "row": 3}'),
            ('place.row', '3'),
            ('place.a', None),
            ('missing', None),
            ('long', None),
            ('abs(rack)', None),
        ):
            self.assertEqual(value, core.group_of(group_by, document), group_by)
        anywhere = bid()
        self.assertTrue(anywhere.in_group(document))
        racked = bid(group_by='rack', group_value='r2')
        self.assertTrue(racked.in_group(document))
        self.assertFalse(racked.in_group({'rack': 'r1'}))
        self.assertTrue(bid(group_by='rack').in_group({'rack': 'r1'}))
        self.assertEqual('r2', bid(group_by='rack').in_group_of(document).group_value)
        self.assertIsNone(anywhere.in_group_of(document).group_value)
        both = bid(group_by='place', spread_by='rack')
        self.assertEqual(('place', 'rack'), both.expressions)

    def test_what_groups_no_servers_is_refused(self):
        limits = requirements.Limits(length=20, depth=3)
        core.check_expressions({'group_by': 'capabilities.rack'}, limits)
        for name in ('group_by', 'spread_by'):
            for given in ('x' * 21, 'a[', 'a[?b[?c[?d]]]'):
                with self.assertRaisesRegex(exceptions.Invalid, f'^{name}: '):
                    core.check_expressions({name: given}, limits)
