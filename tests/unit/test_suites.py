# SPDX-License-Identifier: Apache-2.0
"""What tools/test and .ci/run run, and that no test looks at the clock."""

import ast
import configparser
import pathlib
import re
import tempfile
import unittest

from tools.testing import completeness
from tools.testing import report
from tools.testing import runner
from tools.testing import suites

ROOT = suites.ROOT
TESTS = ('tests', 'client/flocxclient/tests', 'dashboard/flocx_dashboard/tests')
#: The only ones that may look at the clock or sleep, and why that is well.
WAITING = {
    'tests/waiting.py': 'it waits for all others',
    'tests/simulation/__main__.py': 'a command that says how long it took',
}
CLOCKS = {
    *('sleep', 'monotonic', 'monotonic_ns', 'perf_counter', 'perf_counter_ns'),
    *('process_time', 'process_time_ns', 'thread_time', 'time', 'time_ns'),
}


def modules():
    for place in TESTS:
        yield from sorted((ROOT / place).rglob('*.py'))


def offences(text):
    """The lines of a module that ask the clock, sleep, or wait for nothing."""
    tree = ast.parse(text)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == 'time':
            yield node.lineno
        if isinstance(node, ast.Import):
            names |= {a.asname or a.name for a in node.names if a.name == 'time'}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id in names
            and called.attr in CLOCKS
        ):
            yield node.lineno
        elif _asserts_that_nothing_comes(node):
            yield node.lineno


def _asserts_that_nothing_comes(node):
    """assertFalse(event.wait(seconds)): a sleep by another name."""
    return (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == 'assertFalse'
        and any(
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Attribute)
            and each.func.attr == 'wait'
            for each in node.args
        )
    )


class ClockTest(unittest.TestCase):
    """A test waits for a condition, and measures work that is the same everywhere."""

    def test_none_sleeps_or_looks_at_the_clock(self):
        for path in modules():
            name = str(path.relative_to(ROOT))
            if name not in WAITING:
                with self.subTest(name):
                    self.assertEqual([], list(offences(path.read_text())))

    def test_those_that_do_are_found(self):
        for text in (
            'import time\ntime.sleep(1)',
            'import time as t\nassert t.monotonic() < 3',
            'from time import sleep',
            'import threading\nself.assertFalse(threading.Event().wait(1))',
        ):
            with self.subTest(text):
                self.assertEqual(1, len(list(offences(text))))


class SuitesTest(unittest.TestCase):
    def test_every_module_of_tests_is_in_a_suite(self):
        paths = [
            (suite.folder / suite.path).resolve() for suite in suites.ALL if suite.path
        ]
        found = list(ROOT.glob('*/**/test_*.py'))
        # Tempest runs what is in tempest/ (tests/integration/tempest_runs.py).
        left_out = re.compile(r'\.|tempest/')
        found = [
            path for path in found if not left_out.match(str(path.relative_to(ROOT)))
        ]
        self.assertGreater(len(found), 80)
        for path in found:
            with self.subTest(path):
                self.assertTrue(any(map(path.is_relative_to, paths)))
                # Where a package has no __init__.py, nothing in it is discovered.
                self.assertTrue((path.parent / '__init__.py').exists())

    def test_without_arguments_what_needs_nothing(self):
        names = [suite.name for suite in suites.chosen([])]
        self.assertEqual(
            ['style', 'core', 'client', 'simulation', 'unit', 'functional'], names
        )
        self.assertEqual(
            ['core', 'client', 'simulation', 'unit', 'functional'],
            [suite.name for suite in suites.chosen([], filtered=True)],
        )

    def test_unit_includes_the_core(self):
        self.assertEqual(
            ['core', 'unit'], [suite.name for suite in suites.chosen(['unit'])]
        )

    def test_every_change_and_every_night_all_of_them(self):
        self.assertEqual(list(suites.ALL), suites.chosen([], all_of_them=True))
        text = (ROOT / '.ci/run').read_text()
        self.assertIn('tools/test --all', text)
        # What decides is what a reader of README.rst can run.
        self.assertIn('tools/test --all', (ROOT / 'README.rst').read_text())
        self.assertEqual(1, len(re.findall(r'tools/\w+', text.partition('\nset ')[2])))
        tox = configparser.ConfigParser(interpolation=None)
        tox.read(ROOT / 'tox.ini')
        self.assertIn('tools/test --nightly', tox['testenv:nightly']['commands'])

    def test_every_integration_test_has_one_worker(self):
        patterns = [
            re.compile(pattern)
            for group in re.split(
                r'(?m)^- worker:\n',
                (ROOT / 'tests/integration/workers.yaml').read_text(),
            )[1:]
            for pattern in ['|'.join(re.findall(r'(?m)^    - (.*)$', group))]
        ]
        self.assertGreater(len(patterns), 1)
        for module in completeness.classes(ROOT):
            if module.module.startswith('tests.integration.test_'):
                name = f'{module.module}.{module.name}.test_it'
                with self.subTest(name):
                    takers = [each for each in patterns if each.search(name)]
                    self.assertEqual(1, len(takers))


class CompletenessTest(unittest.TestCase):
    """A test that nobody runs is found, by what there is no result of."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / 'tests' / 'functional' / 'gabbits').mkdir(parents=True)

    def write(self, text, name='tests/test_x.py'):
        (self.root / name).write_text(text)

    def test_what_has_run_is_not_missing(self):
        self.write('class A(T):\n    def test_a(self): ...\n')
        self.assertEqual([], completeness.missing(self.root, ['tests.test_x.A.test_a']))

    def test_what_has_not_run_is(self):
        self.write(
            'class A(T):\n    def test_a(self): ...\n    def test_b(self): ...\n'
        )
        self.assertEqual(
            ['tests.test_x.A.test_b'],
            completeness.missing(self.root, ['tests.test_x.A.test_a']),
        )

    def test_a_mixin_is_run_by_who_inherits(self):
        self.write(
            'class Mixin:\n    def test_a(self): ...\n'
            'class B(Mixin): ...\nclass C(x.B, T): ...\n'
        )
        self.assertEqual([], completeness.missing(self.root, ['tests.test_x.C.test_a']))
        self.assertEqual(
            ['tests.test_x.Mixin.test_a'], completeness.missing(self.root, [])
        )

    def test_a_class_that_was_skipped_has_said_why(self):
        self.write('class A(T):\n    def test_a(self): ...\n')
        skipped = ['setUpClass (tests.test_x.A)']
        self.assertEqual([], completeness.missing(self.root, skipped))

    def test_a_story_that_nobody_loads(self):
        self.write('', 'tests/functional/gabbits/lost.yaml')
        self.write('', 'tests/functional/gabbits/told.yaml')
        ran = ['tests.functional.test_gabbits.told_offer.test_request']
        self.assertEqual(
            ['tests/functional/gabbits/lost.yaml'],
            completeness.missing(self.root, ran),
        )

    def test_the_tree_has_tests_and_stories(self):
        missing = completeness.missing(ROOT, [])
        self.assertGreater(len(missing), 500)
        self.assertIn('tests/functional/gabbits/offers.yaml', missing)
        self.assertIn(
            f'{__name__}.{type(self).__name__}.{self._testMethodName}', missing
        )

    def test_what_is_left_to_the_night(self):
        skips = {'a': 'nightly: takes minutes', 'b': 'memcached is missing'}
        self.assertEqual(['a'], completeness.only_at_night(skips))


class ReportTest(unittest.TestCase):
    def test_the_last_line_counts(self):
        outcomes = [
            runner.Outcome(
                'unit', tests={'a': 'success', 'b': 'skip'}, skips={'b': ''}
            ),
            runner.Outcome('core', tests={'c': 'fail'}, failures={'c': 'it is not'}),
        ]
        self.assertEqual('1 passed, 1 failed, 1 skipped', report.counted(outcomes))
