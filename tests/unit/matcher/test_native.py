# SPDX-License-Identifier: Apache-2.0
"""What all that is compiled rests on."""

import unittest

import hypothesis
from hypothesis import strategies as st
import numba
import numpy as np

from matcher.mechanisms import native


class CompiledTest(unittest.TestCase):
    def test_nothing_that_is_compiled_counts_references(self):
        """It could not make an array without."""
        making = native.compiled(lambda size: np.zeros(size))
        with self.assertRaises(numba.core.errors.NumbaError):
            making(3)

    @hypothesis.given(st.lists(st.integers(-9, 9), max_size=40), st.data())
    def test_a_stretch_is_sorted(self, keys, data):
        low = data.draw(st.integers(0, len(keys)))
        high = data.draw(st.integers(low, len(keys)))
        order = np.array(data.draw(st.permutations(range(len(keys)))), np.int64)
        before = order.tolist()
        native.sort(order, np.array(keys, np.int64), low, high)
        after = order.tolist()
        self.assertEqual(
            before[:low] + before[high:], after[:low] + after[high:], 'outside'
        )
        self.assertEqual(sorted(before[low:high]), sorted(after[low:high]))
        sorted_keys = [keys[place] for place in after[low:high]]
        self.assertEqual(sorted(sorted_keys), sorted_keys)
