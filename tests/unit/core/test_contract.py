# SPDX-License-Identifier: Apache-2.0
"""A contract: the status that its lines make, and the time that they hold."""

import dataclasses
import datetime
import decimal
import itertools
import unittest

from flocx.core import contract as core
from flocx.core import offer as offer_core
from flocx.core import window

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
ORIGIN = core.PriceOrigin('second_price', decimal.Decimal('0.5'), 'r')


def offer(**values):
    return offer_core.Offer(
        **{
            'uuid': 'o',
            'project_id': 'acme',
            'provider_id': 'p',
            'resource_type': 'ironic_node',
            'resource_uuid': 'n',
            'properties': {},
            'start_time': NOON,
            'end_time': NOON + 9 * HOUR,
            'price': decimal.Decimal(1),
            'created_at': NOON,
            'updated_at': NOON,
            **values,
        }
    )


def draft(*prices):
    return core.draft(
        'c',
        window.Window(NOON, NOON + HOUR),
        [(f'l{n}', offer(), decimal.Decimal(price)) for n, price in enumerate(prices)],
        NOON,
        origin=ORIGIN,
        project_id='umbrella',
        bid_uuid='b',
    )


def line(status, hours=1):
    (one,) = draft(1).lines
    values = {name: getattr(one, name) for name in one.__slots__}
    values.update(status=status, end_time=NOON + hours * HOUR)
    return core.Line(**values)


class SegmentsTest(unittest.TestCase):
    def test_each_has_its_price(self):
        price = decimal.Decimal(2)
        one = dataclasses.replace(
            line(core.Status.ACTIVE, hours=3),
            extensions=(core.Extension(NOON + HOUR, price),),
        )
        self.assertEqual(
            [
                {
                    'start_time': '2027-01-01T12:00:00Z',
                    'end_time': '2027-01-01T13:00:00Z',
                    'price': '1.000000',
                },
                {
                    'start_time': '2027-01-01T13:00:00Z',
                    'end_time': '2027-01-01T15:00:00Z',
                    'price': '2.000000',
                },
            ],
            one.price_segments,
        )
        self.assertEqual(
            [(window.Window(NOON + 2 * HOUR, NOON + 3 * HOUR), price)],
            one.since(NOON + 2 * HOUR),
        )


class OverallTest(unittest.TestCase):
    def test_of_lines_that_agree(self):
        for status in core.Status:
            self.assertEqual(status, core.overall([status] * 3))

    def test_one_open_line_keeps_the_contract_open(self):
        for closed, status in itertools.product(core.CLOSED, core.OPEN):
            self.assertEqual(status, core.overall([closed, status, closed]))

    def test_trouble_shows_first(self):
        for status in core.Status:
            self.assertEqual(
                core.Status.ERROR, core.overall([status, core.Status.ERROR])
            )

    def test_order_does_not_matter(self):
        for pair in itertools.product(core.Status, repeat=2):
            self.assertEqual(core.overall(pair), core.overall(reversed(pair)))

    def test_what_ended_did_not_only_get_cancelled(self):
        self.assertEqual(
            core.Status.ENDED,
            core.overall([core.Status.CANCELLED, core.Status.ENDED]),
        )


class HeldTest(unittest.TestCase):
    def test_lines_that_wait_for_ironic_hold_their_time(self):
        # ESI-Leap looked at created and active only, and booked servers twice.
        for status in core.OPEN:
            self.assertEqual(window.Window(NOON, NOON + HOUR), line(status).held(NOON))

    def test_d18_closed_lines_hold_nothing(self):
        for status in core.CLOSED:
            self.assertIsNone(line(status).held(NOON))

    def test_a_line_that_is_late_holds_its_server_until_now(self):
        late = line(core.Status.WAIT_END)
        self.assertEqual(NOON + 5 * HOUR, late.held(NOON + 5 * HOUR).end)


class DraftTest(unittest.TestCase):
    def test_each_line_says_whose_server_it_is_and_its_price(self):
        drawn = draft('1.5', 2)
        self.assertEqual(['1.5', '2'], [str(each.price) for each in drawn.lines])
        for each in drawn.lines:
            self.assertEqual(
                ('c', 'acme', 'umbrella'),
                (each.contract_uuid, each.owner_id, each.project_id),
            )
            self.assertEqual(offer().server, each.server)
            self.assertEqual(
                (ORIGIN.rule, offer().price, ORIGIN.displaced, ORIGIN.round_uuid),
                (each.price_rule, each.ask, each.displaced, each.round_uuid),
            )
            self.assertEqual((NOON, NOON + HOUR), (each.start_time, each.end_time))

    def test_what_is_sub_let_has_its_time_apart(self):
        sublet = offer(sublet_of='line')
        drawn = core.draft(
            'c',
            sublet.window,
            [('x', sublet, sublet.price)],
            NOON,
            origin=ORIGIN,
            project_id='p',
        )
        self.assertEqual(['line'], [each.sublet_of for each in drawn.lines])
        self.assertEqual(offer().server, sublet.server)
        self.assertNotEqual(offer().slot, sublet.slot)


class TargetTest(unittest.TestCase):
    def test_an_offer_for_a_project_is_open_to_its_branch_only(self):
        self.assertTrue(offer().open_to(()))
        targeted = offer(lessee_id='acme')
        self.assertTrue(targeted.open_to(('acme-lab', 'acme')))
        self.assertFalse(targeted.open_to(('umbrella',)))
        self.assertFalse(offer(lessee_id='acme-lab').open_to(('acme',)))


class PriceSegmentsTest(unittest.TestCase):
    def extended(self, *prices):
        """A line of an hour at 1, and an hour more at each of the prices."""
        one = line(core.Status.ACTIVE)
        for price in prices:
            one = dataclasses.replace(
                one,
                extensions=one.extended(decimal.Decimal(price)),
                end_time=one.end_time + HOUR,
            )
        return one

    def shown(self, one):
        return [
            ((stay.start - NOON) // HOUR, (stay.end - NOON) // HOUR, int(price))
            for stay, price in one.segments
        ]

    def test_a_line_has_the_price_it_was_made_at(self):
        self.assertEqual([(0, 1, 1)], self.shown(self.extended()))

    def test_added_time_has_its_own(self):
        self.assertEqual(
            [(0, 1, 1), (1, 2, 5), (2, 3, 3)], self.shown(self.extended(5, 3))
        )

    def test_at_the_same_price_it_is_one_segment(self):
        self.assertEqual([(0, 3, 1)], self.shown(self.extended(1, 1)))

    def test_what_was_given_back_is_forgotten_when_time_is_added_again(self):
        shorter = dataclasses.replace(self.extended(5, 3), end_time=NOON + HOUR / 2)
        self.assertEqual(
            [(shorter.start_time, shorter.end_time)],
            [(stay.start, stay.end) for stay, _ in shorter.segments],
        )
        again = shorter.extended(decimal.Decimal(9))
        self.assertEqual((core.Extension(shorter.end_time, decimal.Decimal(9)),), again)
