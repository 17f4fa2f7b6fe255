# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime
import decimal
import unittest

from flocx import exceptions
from flocx.core import blocks
from flocx.core import offer
from flocx.core import window
from tests.unit.matcher import markets

_HOUR = datetime.timedelta(hours=1)


def member(number=0, **values):
    return markets.make_offer(number, **{'block': 'rack-3', 'block_size': 2, **values})


class BlocksTest(unittest.TestCase):
    def refused(self, words, function, *args):
        with self.assertRaisesRegex(exceptions.Conflict, words) as caught:
            function(*args)
        self.assertEqual('flocx.conflict.block', caught.exception.code)

    def test_it_is_whole_with_all_its_servers_on_the_same_terms(self):
        one, other = member(0), member(1)
        self.assertIsNone(blocks.key(markets.make_offer()))
        self.assertEqual(('provider', 'red', 'rack-3'), blocks.key(one))
        self.assertTrue(blocks.whole([one, other]))
        self.assertTrue(
            blocks.whole([one, dataclasses.replace(other, ask_schedule=())])
        )
        self.assertFalse(blocks.whole([one]))
        self.assertFalse(blocks.whole([one, other, member(2)]))
        for changed in (
            {'price': decimal.Decimal(3)},
            {'reclaim_notice': 0},
            {'status': offer.Status.ERROR},
            {'resource_uuid': one.resource_uuid},
        ):
            self.assertFalse(
                blocks.whole([one, dataclasses.replace(other, **changed)]), changed
            )

    def test_it_is_free_when_all_its_servers_are(self):
        early, late = member(0, start=0), member(1, start=10)
        taken = [window.Window(markets.moment(30), markets.moment(40))]
        held = blocks.held([early, late], [taken, ()])
        self.assertEqual(
            [
                window.Window(markets.moment(10), markets.moment(30)),
                window.Window(markets.moment(40), markets.moment(100)),
            ],
            early.window.minus(held),
        )
        self.assertEqual([], early.window.minus(blocks.held([early], [()])))
        self.assertEqual(
            [window.Window(markets.moment(0), markets.moment(10))],
            blocks.of_offer(
                early, [window.Window(markets.NOW - _HOUR, markets.moment(10))]
            ),
        )

    def test_there_is_room_for_so_many_and_what_is_alike(self):
        one, other = member(0), member(1)
        blocks.require_room(markets.make_offer(), [])
        blocks.require_room(one, [])
        blocks.require_room(other, [one])
        self.refused('its 2 servers', blocks.require_room, member(2), [one, other])
        dear = dataclasses.replace(other, price=decimal.Decimal(3))
        self.refused('price differ', blocks.require_room, dear, [one])
        again = member(1, resource_uuid=one.resource_uuid)
        self.refused('already', blocks.require_room, again, [one])

    def test_it_is_taken_whole(self):
        one, other, alone = member(0), member(1), markets.make_offer(2)
        blocks.require_whole([alone])
        blocks.require_whole([one, alone, other])
        self.refused('its 2 servers; these are 1', blocks.require_whole, [alone, one])

    def test_it_has_a_name_and_a_size(self):
        member().require_terms()
        for missing in ('block', 'block_size'):
            with self.assertRaisesRegex(exceptions.Invalid, f'^{missing}: missing'):
                member(**{missing: None}).require_terms()
