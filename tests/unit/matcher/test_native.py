# SPDX-License-Identifier: Apache-2.0
"""What all that is compiled rests on."""

import ast
import contextlib
import importlib
import inspect
import os
import pathlib
import pkgutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import hypothesis
from hypothesis import strategies as st
import numba
import numpy as np
from oslo_config import cfg

import matcher
from matcher import conf as matcher_conf
from matcher import mechanisms
from matcher import rounds
from matcher.mechanisms import native
from tests.unit.matcher import markets


def _modules():
    for found in pkgutil.walk_packages(matcher.__path__, 'matcher.'):
        # The one is an application as soon as it is imported, the others are alembic's.
        if found.name != 'matcher.wsgi' and '.migrations' not in found.name:
            # Plots need what not everybody has.
            with contextlib.suppress(ModuleNotFoundError):
                yield importlib.import_module(found.name)


def _is_compiled(thing):
    return isinstance(thing, numba.core.dispatcher.Dispatcher)


def _is_helper(thing):
    return _is_compiled(thing) and thing.targetoptions['no_cpython_wrapper']


def _called_from_python(module):
    """The names of helpers that what is not compiled in a module speaks of."""

    def meant(node):
        match node:
            case ast.Name(id=name):
                return vars(module).get(name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return getattr(vars(module).get(name), attribute, None)

    for statement in ast.parse(inspect.getsource(module)).body:
        if not _is_compiled(vars(module).get(getattr(statement, 'name', None))):
            for node in ast.walk(statement):
                if _is_helper(meant(node)):
                    yield f'{module.__name__}: {ast.unparse(node)}'


class CompiledTest(unittest.TestCase):
    def test_nothing_that_is_compiled_counts_references(self):
        """It could not make an array without."""
        making = native.compiled(lambda size: np.zeros(size))
        with self.assertRaises(numba.core.errors.NumbaError):
            making(3)

    def test_helpers_are_called_by_nothing_but_what_is_compiled(self):
        """Called from Python they end the process."""
        modules = list(_modules())
        helpers = {
            thing
            for module in modules
            for thing in vars(module).values()
            if _is_helper(thing)
        }
        self.assertIn(native.uniform, helpers)
        found = [each for module in modules for each in _called_from_python(module)]
        self.assertEqual([], found)

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


#: What a process without numba does with a market; a number that overflows is an error.
INTERPRETED = """
import sys, warnings
sys.modules['numba'] = None
warnings.simplefilter('error', RuntimeWarning)
from tests.unit.matcher import markets
print(markets.settled_rehearsal())
"""


class InterpretedTest(unittest.TestCase):
    """numba is not part of every distribution."""

    def test_without_numba_the_same_comes_of_a_market(self):
        done = subprocess.run(
            [sys.executable, '-c', INTERPRETED],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(str(markets.settled_rehearsal()), done.stdout.strip())

    def test_an_engine_without_numba_has_to_be_wanted(self):
        conf = cfg.ConfigOpts()
        matcher_conf.register(conf)
        conf([], default_config_files=[])
        with mock.patch.object(native, 'COMPILES', False):
            with self.assertRaisesRegex(mechanisms.Refused, 'interpreted = true'):
                rounds.Rounds(conf, database=None)
            conf.set_override('interpreted', True, 'matcher')
            rounds.Rounds(conf, database=None)


class CacheFolderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = pathlib.Path(folder.name, 'cache')
        self.sources = pathlib.Path(folder.name, 'sources')
        for each in (self.base, self.sources):
            each.mkdir()
        self.write('outer', 'from matcher import native, inner')
        self.write('inner', 'from matcher import native')

    def write(self, name, text):
        (self.sources / f'{name}.py').write_text(text)

    def folder(self):
        return native.cache_folder(self.base, self.sources)

    def test_it_is_another_when_any_source_that_is_compiled_changes(self):
        before = self.folder()
        self.write('plots', 'nothing is compiled')
        self.assertEqual(before, self.folder())
        # That which calls it stays as it was, and would be loaded again.
        self.write('inner', 'from matcher import native as changed')
        self.assertNotEqual(before, self.folder())

    def test_those_of_former_releases_go(self):
        made = []
        for number in range(6):
            self.write('inner', f'native {number}')
            made.append(self.folder())
            made[-1].mkdir()
            os.utime(made[-1], (number, number))
            self.folder()
        self.assertEqual(set(made[-3:]), set(self.base.iterdir()))

    def test_the_engine_uses_it(self):
        self.assertIn('flocx-', numba.config.CACHE_DIR)
        native.sort(np.array([1, 0]), np.array([2, 1]), 0, 2)
        self.assertTrue(list(pathlib.Path(numba.config.CACHE_DIR).glob('mechanisms_*')))
