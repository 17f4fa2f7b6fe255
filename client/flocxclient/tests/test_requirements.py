# SPDX-License-Identifier: Apache-2.0
import json
import unittest

import hypothesis
from hypothesis import strategies

from flocxclient.osc import requirements


class TestParse(unittest.TestCase):
    def check(self, text, *triple):
        self.assertEqual(list(triple), requirements.parse(text))

    def test_numbers(self):
        self.check('memory_mb>=65536', 'memory_mb', '>=', 65536)
        self.check('memory_mb <= 65536', 'memory_mb', '<=', 65536)
        self.check('cpus > 4.5', 'cpus', '>', 4.5)
        self.check('cpus<4', 'cpus', '<', 4)
        self.check('cpus=4', 'cpus', '==', 4)
        self.check('cpus==4', 'cpus', '==', 4)
        self.check('cpus!=4', 'cpus', '!=', 4)

    def test_strings(self):
        self.check('cpu_arch=x86_64', 'cpu_arch', 'eq', 'x86_64')
        self.check('cpu_arch == x86_64', 'cpu_arch', 'eq', 'x86_64')
        self.check('cpu_arch!=x86_64', 'cpu_arch', 'ne', 'x86_64')
        self.check('name=a = b', 'name', 'eq', 'a = b')
        self.check("name=it's", 'name', 'eq', "it's")

    def test_quotes_make_a_string_of_a_number(self):
        self.check('capabilities.level="4"', 'capabilities.level', 'eq', '4')
        self.check('capabilities.level eq 4', 'capabilities.level', 'eq', '4')

    def test_capabilities_are_strings(self):
        self.check('capabilities.uefi=true', 'capabilities.uefi', 'eq', 'true')

    def test_words(self):
        self.check('name startswith gold', 'name', 'startswith', 'gold')
        self.check('name !endswith -test', 'name', '!endswith', '-test')
        self.check('name matches ^n[0-9]+$', 'name', 'matches', '^n[0-9]+$')
        self.check('traits contains HW_GPU', 'traits', 'contains', 'HW_GPU')
        self.check(
            'cpu_arch in x86_64, aarch64', 'cpu_arch', 'in', ['x86_64', 'aarch64']
        )
        self.check('cpus !in [4, 8]', 'cpus', '!in', [4, 8])

    def test_truth(self):
        self.check('capabilities.secure_boot', 'capabilities.secure_boot', None, None)

    def test_comparisons_within_the_expression_are_its_own(self):
        self.check(
            'inventory.disks[?size > `100`]',
            'inventory.disks[?size > `100`]',
            None,
            None,
        )
        self.check(
            'length(disks[?a[0] == `1`])>=2', 'length(disks[?a[0] == `1`])', '>=', 2
        )
        self.check('"odd >= key"=x', '"odd >= key"', 'eq', 'x')

    def test_triples(self):
        self.check('["memory_mb", ">=", 65536]', 'memory_mb', '>=', 65536)
        self.check('["a", null, null]', 'a', None, None)

    def test_refused(self):
        for text in (
            '',
            '>=4',
            'a>=',
            'a>b',
            'a<true',
            'a>=NaN',
            'a>=1e999',
            '["a", "=="]',
            '[1, "==", 2]',
            '["a", 1, 2]',
            '[x]',
            '["a", "==", NaN]',
            '[' * 100000,
        ):
            with self.assertRaises(ValueError, msg=text[:20]):
                requirements.parse(text)

    @hypothesis.given(strategies.text() | strategies.text('a[]()"\'`=<>! in'))
    def test_any_text_is_a_triple_of_json_or_refused(self, text):
        try:
            triple = requirements.parse(text)
        except ValueError:
            return
        self.assertEqual(triple, json.loads(json.dumps(triple, allow_nan=False)))
        self.assertEqual(3, len(triple))
        self.assertTrue(triple[0])

    @hypothesis.given(
        strategies.from_regex(r'[a-z_]+(\.[a-z_]+)*', fullmatch=True),
        strategies.sampled_from(['>=', '<=', '==', '!=', '>', '<']),
        strategies.integers()
        | strategies.floats(allow_nan=False, allow_infinity=False),
    )
    def test_any_comparison_with_a_number(self, path, symbol, number):
        self.check(f'{path}{symbol}{json.dumps(number)}', path, symbol, number)
