# SPDX-License-Identifier: Apache-2.0
"""The match language: each operator, and that nothing a bid says can break it."""

import importlib.util
import sys
import unittest
from unittest import mock

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import expressions
from flocx.core import requirements
from tests import work

HARDWARE = {
    'cpus': 64,
    'memory_mb': 262144,
    'cpu_arch': 'x86_64',
    'empty': '',
    'zero': 0,
    'none': None,
    'yes': True,
    'list': [],
    'traits': ['HW_CPU_X86_VMX', 'CUSTOM_GPU'],
    'capabilities': {'boot_mode': 'uefi'},
    'inventory': {
        'cpu': {'model_name': 'AMD EPYC 7543', 'frequency': '2800.0'},
        'disks': [
            {'name': '/dev/sda', 'size': 480, 'rotational': True},
            {'name': '/dev/nvme0n1', 'size': 1920, 'rotational': False},
        ],
    },
}

MET = [
    ['cpus', None],
    ['cpus', None, None],
    ['cpus', '==', 64],
    ['cpus', '==', 64.0],
    ['cpus', '!=', 63],
    ['cpus', '<', 65],
    ['cpus', '<=', 64],
    ['cpus', '>', 63.5],
    ['cpus', '>=', 64],
    ['cpu_arch', 'eq', 'x86_64'],
    ['cpu_arch', 'ne', 'aarch64'],
    ['cpu_arch', 'startswith', 'x86'],
    ['cpu_arch', 'endswith', '64'],
    ['inventory.cpu.model_name', 'matches', '(?i)epyc 7[0-9]{3}$'],
    ['cpu_arch', 'in', ['x86_64', 'aarch64']],
    ['cpus', 'in', [32, 64]],
    ['traits', 'contains', 'CUSTOM_GPU'],
    ['inventory.disks[].size', 'contains', 480],
    ['inventory.disks[?size > `1000`]', None],
    ['length(inventory.disks)', '>=', 2],
    ['zero', '!', None],
    ['nothing', '!', None],
    ['yes', None],
    ['cpus', '!==', 63],
    ['cpus', '!<', 64],
    ['cpu_arch', '!eq', 'aarch64'],
    ['cpu_arch', '!in', ['aarch64']],
    ['traits', '!contains', 'CUSTOM_FPGA'],
    ['cpu_arch', '!matches', 'arm'],
]

NOT_MET = [
    ['zero', None],
    ['empty', None],
    ['list', None],
    ['none', None],
    ['yes', '!', None],
    ['cpus', '==', 63],
    ['cpus', '!=', 64],
    ['cpus', '<', 64],
    ['cpus', '>', 64],
    ['cpu_arch', 'eq', 'X86_64'],
    ['cpu_arch', 'ne', 'x86_64'],
    ['cpu_arch', 'startswith', 'arm'],
    ['cpu_arch', 'endswith', 'x'],
    ['cpu_arch', 'matches', '^86'],
    ['cpu_arch', 'in', []],
    ['traits', 'contains', 'CUSTOM'],
    ['traits', '!contains', 'CUSTOM_GPU'],
    # A text is no list of its letters, and no number.
    ['cpu_arch', 'contains', 'x'],
    ['inventory.cpu.frequency', '>', 1000],
    ['yes', '==', 1],
    ['cpus', 'eq', '64'],
]


def parse_one(*triple):
    (found,) = requirements.parse([list(triple)])
    return found


class OperatorsTest(unittest.TestCase):
    def test_what_is_met(self):
        for triple in MET:
            with self.subTest(triple):
                self.assertTrue(parse_one(*triple).tried_on(HARDWARE).met)

    def test_what_is_not_met(self):
        for triple in NOT_MET:
            with self.subTest(triple):
                self.assertFalse(parse_one(*triple).tried_on(HARDWARE).met)

    def test_each_operator_and_its_contrary_is_among_them(self):
        names = {triple[1] for triple in MET + NOT_MET}
        self.assertLessEqual(set(requirements.OPERATORS), names)

    def test_d24_d25_d26_what_is_absent_meets_nothing(self):
        operands = {'in': ['None', None], 'contains': None, None: None}
        for name in requirements.OPERATORS:
            operand = operands.get(name, 'None' if name and name.isalpha() else 0)
            for negated in ('', '!'):
                asked = negated + (name or '')
                with self.subTest(asked):
                    met = (
                        parse_one('absent', asked or None, operand)
                        .tried_on(HARDWARE)
                        .met
                    )
                    # "Not there" is the one thing that can be said of it.
                    self.assertEqual(asked == '!', met)

    def test_d26_the_text_of_none_is_not_found_in_what_is_missing(self):
        for triple in (['none', 'eq', 'None'], ['absent', 'startswith', 'No']):
            self.assertFalse(parse_one(*triple).tried_on(HARDWARE).met)

    def test_d27_in_wants_a_list(self):
        with self.assertRaisesRegex(exceptions.Invalid, 'a list'):
            parse_one('cpu_arch', 'in', 'x86_64')

    def test_all_triples_have_to_be_met(self):
        both = requirements.parse([MET[0], NOT_MET[0]])
        self.assertFalse(requirements.met(both, HARDWARE))
        self.assertTrue(requirements.met(requirements.parse(MET[:32]), HARDWARE))

    def test_d30_a_bid_that_asks_nothing_takes_anything(self):
        self.assertEqual((), requirements.parse([]))
        self.assertTrue(requirements.met((), {}))

    def test_a_triple_comes_back_as_it_was_written(self):
        for triple in MET:
            written = [*triple, None][:3]
            self.assertEqual(written, parse_one(*triple).triple())


class RefusalTest(unittest.TestCase):
    def refused(self, triples, reason, limits=None):
        with self.assertRaisesRegex(exceptions.Invalid, reason) as caught:
            requirements.parse(triples, limits)
        self.assertTrue(str(caught.exception).startswith('requirements'))
        return str(caught.exception)

    def test_d29_what_cannot_be_evaluated_is_refused_when_it_is_said(self):
        for triple, reason in (
            (['cpus['], 'is expected'),
            (['cpus[', '==', 1], 'not JMESPath'),
            (['', '==', 1], 'JMESPath expression is expected'),
            ([' ', '==', 1], 'JMESPath expression is expected'),
            ([1, '==', 1], 'JMESPath expression is expected'),
            ([None, None], 'JMESPath expression is expected'),
            (['cpus'], 'is expected'),
            ([], 'is expected'),
            (['cpus', '==', 1, 2], 'is expected'),
            ('cpus == 1', 'is expected'),
            ({'cpus': 1}, 'is expected'),
            (None, 'is expected'),
            (['cpus', '=~', 1], 'is not an operator'),
            (['cpus', '!!', 1], 'is not an operator'),
            (['cpus', 1, 1], 'is not an operator'),
            (['cpus', [], 1], 'is not an operator'),
            (['cpus', '==', '1'], "'eq' compares strings"),
            (['cpus', '==', True], 'a number'),
            (['cpus', '>=', None], 'a number'),
            (['cpus', '==', float('nan')], 'is not a number'),
            (['cpus', '==', float('inf')], 'is not a number'),
            (['cpus', '==', 10**19], 'too large'),
            (['cpu_arch', 'eq', 1], "'==' compares numbers"),
            (['cpu_arch', 'in', [[1]]], 'neither a string nor a number'),
            (['cpu_arch', 'in', [float('nan')]], 'is not a number'),
            (['traits', 'contains', {}], 'neither a string nor a number'),
            (['nope(@)', None], 'there is no function nope'),
            (['to_string(@)', None], 'there is no function to_string'),
        ):
            with self.subTest(triple):
                self.assertIn('requirements[1]', self.refused([MET[0], triple], reason))

    def test_what_can_never_be_met_for_its_types_is_refused_with_the_remedy(self):
        for triple, remedy in (
            (['capabilities.gpus', '>=', 4], r'write to_number\(capabilities.gpus\)$'),
            (['capabilities."gpus"', '!==', 4], 'write to_number'),
            (['capabilities.gpus', 'in', [2, 4]], 'write to_number'),
            (['capabilities.rack', 'contains', 'r'], 'takes a list$'),
            (['length(disks)', 'eq', '2'], 'the operators of numbers are ==, '),
            (['disks[*].size', '>', 1], 'is always a list'),
            (['contains(traits, `"GPU"`)', '==', 1], 'is always a boolean'),
        ):
            with self.assertRaisesRegex(exceptions.Invalid, remedy) as caught:
                requirements.parse([triple])
            self.assertTrue(str(caught.exception).startswith('requirements[0] '))
            # A bid that was accepted by an earlier release stays.
            self.assertTrue(requirements.parse([triple], requirements.NO_LIMITS))

    def test_what_may_be_met_is_not(self):
        document = {'capabilities': {'gpus': '4'}, 'disks': [{'size': 1}]}
        for triple in (
            ['to_number(capabilities.gpus)', '>=', 4],
            ['capabilities.gpus', 'eq', '4'],
            ['capabilities.gpus', 'in', [4, '4']],
            ['capabilities.gpus', None],
            ['capabilities', None],
            ['max(disks[*].size)', '==', 1],
            ['disks[0].size', '<', 2],
            ['@', None],
        ):
            self.assertTrue(
                requirements.met(requirements.parse([triple]), document), triple
            )
        self.assertTrue(requirements.parse([['capabilities.gpus.of', '>', 1]]))

    def test_d28_a_regular_expression_that_is_none_is_refused(self):
        for pattern in ('(', '[a', '*', r'(a)\1', '(?=a)', 'a{2000}', '\ud800'):
            with self.subTest(ascii(pattern)):
                self.refused([['cpu_arch', 'matches', pattern]], '.')

    def test_not_even_a_list(self):
        for triples in ('cpus', 1, {'a': 1}, True):
            self.refused(triples, 'a list of')

    def test_limits(self):
        limits = requirements.Limits(triples=2, length=20, depth=3, items=4)
        for triples, reason in (
            ([['a', None]] * 3, '3 triples; at most 2'),
            ([['a' * 21, None]], '21 characters'),
            ([['a[?b[?c.d]]', None]], 'more than 3 levels'),
            ([['a', 'in', [1, 2, 3, 4, 5]]], 'more than 4 values'),
            ([['a', 'eq', 'x' * 21]], 'more than 20 characters'),
            ([['a', 'matches', 'x' * 21]], 'more than 20 characters'),
        ):
            with self.subTest(reason):
                self.refused(triples, reason, limits)

    def test_a_refusal_is_not_longer_than_what_it_refuses_deserves(self):
        message = self.refused([['x' * 100_000, '==', 1]], 'characters')
        self.assertLess(len(message), 300)

    def test_d45_a_refusal_is_an_error_of_the_caller(self):
        self.assertEqual(400, exceptions.Invalid('').status)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(['\ud800', '\x00', 'None', '1e400'])
)
KEYS = st.sampled_from(['a', 'b', 'c', 'traits', 'cpus'])
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)
PATHS = st.recursive(
    st.sampled_from(['a', 'b', 'c', 'traits', '@', '`1`', "'x'", '`[1, "a", null]`']),
    lambda inner: st.one_of(
        st.tuples(
            inner,
            st.sampled_from(['.', '|', '||', '&&', '==', '<', '!=', '>=', ',']),
            inner,
        ).map(''.join),
        inner.map('{}[]'.format),
        inner.map('{}[*]'.format),
        inner.map('{}[::0]'.format),
        inner.map('{}[-1]'.format),
        inner.map('{}[?@]'.format),
        inner.map('!{}'.format),
        inner.map('({})'.format),
        inner.map('[{}]'.format),
        inner.map('{{x: {}}}'.format),
        st.tuples(
            st.sampled_from(sorted(expressions._Functions.FUNCTION_TABLE)), inner
        ).map('{0[0]}({0[1]})'.format),
        st.tuples(
            st.sampled_from(['map', 'sort_by', 'max_by', 'join', 'contains', 'nope']),
            inner,
            inner,
        ).map('{0[0]}(&{0[1]}, {0[2]})'.format),
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(list(requirements.OPERATORS)) | st.sampled_from(
    ['!', '!==', '!eq', '!in', '!contains', '!matches']
)


class WithoutRe2Test(unittest.TestCase):
    """google-re2 is not part of every distribution."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = 'requirements_without_re2'
        spec = importlib.util.spec_from_file_location(name, requirements.__file__)
        cls.module = importlib.util.module_from_spec(spec)
        with mock.patch.dict(sys.modules, {'re2': None, name: cls.module}):
            spec.loader.exec_module(cls.module)

    def test_a_regular_expression_is_refused_with_what_to_do(self):
        with self.assertRaisesRegex(exceptions.Invalid, 'needs google-re2.*startswith'):
            self.module.parse([['cpu_arch', 'matches', '^x86']])

    def test_what_was_accepted_once_is_not_met(self):
        wanted = self.module.Requirement('cpu_arch', 'matches', '^x86')
        self.assertFalse(wanted.tried_on(HARDWARE).met)

    def test_all_else_is_as_it_was(self):
        wanted = self.module.parse([['cpu_arch', 'startswith', 'x86']])
        self.assertTrue(self.module.met(wanted, HARDWARE))


class TotalityTest(unittest.TestCase):
    """Parsing ends in a requirement or Invalid; evaluating, in True or False."""

    def test_half_a_character_is_no_text(self):
        (requirement,) = requirements.parse([['serial', 'matches', 'a']])
        self.assertFalse(requirement.tried_on({'serial': 'a\ud800'}).met)

    @hypothesis.settings(max_examples=400, deadline=None)
    @hypothesis.given(PATHS | st.text(max_size=20), NAMES, DOCUMENTS, DOCUMENTS)
    def test_d23_to_d30_nothing_raises(self, path, name, operand, document):
        try:
            asked = parse_one(path, name, operand)
        except exceptions.Invalid:
            return
        self.assertIn(asked.tried_on(document).met, (True, False))

    @hypothesis.settings(max_examples=200, deadline=None)
    @hypothesis.given(NAMES, SCALARS | st.lists(SCALARS, max_size=3), DOCUMENTS)
    def test_values_of_every_kind(self, name, operand, found):
        try:
            asked = parse_one('a', name, operand)
        except exceptions.Invalid:
            return
        self.assertIn(asked.tried_on({'a': found}).met, (True, False))

    @hypothesis.settings(max_examples=200, deadline=None)
    @hypothesis.given(st.lists(DOCUMENTS, max_size=4) | DOCUMENTS)
    def test_any_json_is_requirements_or_invalid(self, triples):
        try:
            requirements.parse(triples)
        except exceptions.Invalid:
            return

    @hypothesis.given(NAMES.filter(lambda name: name and name[0] != '!'), SCALARS)
    def test_a_thing_and_its_contrary_are_never_both_met(self, name, found):
        operand = ['x', 1] if name == 'in' else 1 if not name.isalpha() else 'x'
        one, other = (parse_one('a', n, operand) for n in (name, f'!{name}'))
        self.assertFalse(
            one.tried_on({'a': found}).met and other.tried_on({'a': found}).met
        )


class BoundTest(unittest.TestCase):
    """Hostile expressions are given up in time, and meet nothing."""

    #: How many functions an evaluation that is given up may have called by then.
    CALLS = 400_000

    def bounded(self, expression, document, operator=None, operand=None):
        asked = parse_one(expression, operator, operand)
        tried, calls = work.counted(lambda: asked.tried_on(document))
        self.assertLess(calls, self.CALLS, expression)
        return tried.met

    def test_lists_that_double(self):
        self.assertFalse(self.bounded('|'.join(['[@,@,@,@,@,@][]'] * 12), [1] * 50))
        self.assertFalse(self.bounded('|'.join(['[@,@][]'] * 9), [1] * 50))

    def test_structures_that_share_their_parts_are_not_compared_part_by_part(self):
        side = '|'.join(['[@,@,@,@]'] * 11)
        self.assertFalse(self.bounded(f'({side}) == ({side})', [1]))
        self.assertFalse(self.bounded(f'({side}) != ({side}|[@])', [1]))
        self.assertFalse(self.bounded(f'contains([({side})], ({side}))', [1]))

    def test_texts_that_grow(self):
        joined = '|'.join(["join('', [@,@,@,@,@,@,@])"] * 8)
        self.assertFalse(self.bounded(joined, 'x' * 1000))

    def test_filters_within_filters(self):
        self.assertFalse(
            self.bounded(
                '@[?length(@[?length(@) > `0`]) > `0`][] | [?length(@) > `9`]',
                [['x' * 20] * 500] * 500,
            )
        )

    def test_sorting_by_an_expensive_key(self):
        self.assertFalse(
            self.bounded('sort_by(@, &length(sort(keys(@))))', [{'a': 1}] * 30000)
        )

    def test_d28_regular_expressions_take_linear_time(self):
        for pattern in ('(a+)+$', '(a|aa)+$', '(.*a){12}$', '(x+x+)+y'):
            self.assertFalse(
                self.bounded('a', {'a': 'a' * 100_000 + 'b'}, 'matches', pattern)
            )

    def test_deep_nesting_is_refused(self):
        for expression in ('!' * 200 + 'a', 'a' + '[]' * 99, '[' * 90 + 'a' + ']' * 90):
            with self.assertRaisesRegex(exceptions.Invalid, 'nested'):
                parse_one(expression, None)

    def test_parentheses_that_are_too_many_to_parse_are_refused(self):
        with self.assertRaisesRegex(exceptions.Invalid, 'nested'):
            requirements.parse(
                [['(' * 5000 + 'a' + ')' * 5000, None]],
                requirements.Limits(length=20_000),
            )

    def test_deep_documents(self):
        document = {}
        for _ in range(2000):
            document = {'a': document}
        self.assertTrue(self.bounded('a.a.a', document))
        self.assertIn(self.bounded('@ == a', document), (True, False))
