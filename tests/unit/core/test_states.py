# SPDX-License-Identifier: Apache-2.0
"""The state tables: what is not in them is refused, case by case."""

import itertools
import unittest

from flocx import exceptions
from flocx.core import bid
from flocx.core import contract
from flocx.core import dispute
from flocx.core import grant
from flocx.core import offer
from flocx.core import states

TABLES = {
    'Bid': bid,
    'Dispute': dispute,
    'Grant': grant,
    'Line': contract,
    'Offer': offer,
}

#: What each object may become, written down a second time: a change of a table has
#: to be meant.
ALLOWED = {
    'Bid': {
        ('available', 'matched'),
        ('available', 'expired'),
        ('available', 'cancelled'),
    },
    'Dispute': {('open', 'accepted'), ('open', 'rejected')},
    'Grant': {('active', 'ended'), ('ended', 'lapsed')},
    'Offer': {
        ('available', 'expired'),
        ('available', 'cancelled'),
        ('available', 'error'),
        ('error', 'available'),
        ('error', 'expired'),
        ('error', 'cancelled'),
    },
    'Line': {
        ('created', 'active'),
        ('created', 'wait_fulfill'),
        ('created', 'wait_cancel'),
        ('created', 'error'),
        ('created', 'ended'),
        ('created', 'cancelled'),
        ('wait_fulfill', 'active'),
        ('wait_fulfill', 'wait_cancel'),
        ('wait_fulfill', 'error'),
        ('wait_fulfill', 'ended'),
        ('active', 'wait_end'),
        ('active', 'error'),
        ('active', 'ended'),
        ('wait_end', 'error'),
        ('wait_end', 'ended'),
        ('wait_cancel', 'error'),
        ('wait_cancel', 'cancelled'),
        ('error', 'active'),
        ('error', 'wait_end'),
        ('error', 'wait_cancel'),
        ('error', 'ended'),
        ('error', 'cancelled'),
    },
}


class TransitionsTest(unittest.TestCase):
    def test_every_status_has_a_row(self):
        for module in TABLES.values():
            self.assertEqual(set(module.Status), set(module.TRANSITIONS))

    def test_d7_every_transition_that_is_not_in_the_table_is_refused(self):
        for resource_type, module in TABLES.items():
            pairs = list(itertools.product(module.Status, repeat=2))
            self.assertLess(len(ALLOWED[resource_type]), len(pairs))
            for pair in pairs:
                with self.subTest(resource_type=resource_type, pair=pair):
                    if pair in ALLOWED[resource_type]:
                        self.assertIsNone(
                            states.require(
                                module.TRANSITIONS, resource_type, 'u', *pair
                            )
                        )
                        continue
                    with self.assertRaisesRegex(
                        exceptions.Conflict,
                        f'{resource_type} u is {pair[0]} (already|and cannot become)',
                    ):
                        states.require(module.TRANSITIONS, resource_type, 'u', *pair)

    def test_d22_no_status_leads_out_of_the_vocabulary(self):
        for module in TABLES.values():
            for targets in module.TRANSITIONS.values():
                self.assertLessEqual(set(targets), set(module.Status))

    def test_the_refusal_says_what_would_be_allowed(self):
        with self.assertRaisesRegex(exceptions.Conflict, 'nothing; it is final'):
            states.require(
                bid.TRANSITIONS, 'Bid', 'u', bid.Status.EXPIRED, bid.Status.MATCHED
            )
