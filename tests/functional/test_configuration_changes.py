# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: options that change while a process goes on, and values that it refuses."""

import ast
import contextlib
import os
import pathlib
import re
import signal

import requests
import testtools

from flocx import config
from lease import conf as lease_conf
from market import conf as market_conf
from market import worker
from matcher import conf as matcher_conf
from provider import conf as provider_conf
from tests import processes
from tests import waiting
from tests.functional import base
from tests.functional import test_crash
from tests.functional import test_devstack

ROOT = pathlib.Path(__file__).resolve().parents[2]


def answers(port):
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f'http://127.0.0.1:{port}/metrics', timeout=60).ok


class SighupTest(testtools.TestCase):
    REAL_TIME = True

    def setUp(self):
        super().setUp()
        self.standalone = self.useFixture(test_crash.Standalone())
        self.log = self.standalone.folder / 'flocx.log'

    def configure(self, group, **values):
        """Write these options of a group in place of what it has."""
        text = self.standalone.path.read_text() + '\n'
        text = re.sub(rf'(?ms)^\[{group}\]$.*?(?=^\[|\Z)', '', text)
        lines = [f'{name} = {value}' for name, value in values.items()]
        self.standalone.path.write_text('\n'.join([text, f'[{group}]', *lines, '']))

    def told(self, words, times=1):
        """Wait until the log has these words so many times more."""
        until = self.log.read_text().count(words) + times
        return lambda: waiting.until(lambda: self.log.read_text().count(words) >= until)

    def status(self, limit):
        caller = base.Caller(self.standalone.urls['marketplace'], 'acme-reader')
        return caller.get('/v1/prices', interval='hour', limit=limit).status_code

    def test_standalone_goes_on_by_what_its_file_says_now(self):
        self.assertEqual(200, self.status(8))
        process = self.standalone.process
        for values, words, refused in (
            ({'max_limit': 7}, 'The configuration has been read again', True),
            # No value, an option that nobody has, and no file: all stays as it was.
            ({'max_limit': 'many'}, 'The configuration stays as it was', True),
            ({'max_limit': 0}, 'The configuration stays as it was', True),
            ({'max_limit': '9\nno line'}, 'The configuration stays as it was', True),
            ({'max_limit': 9}, 'The configuration has been read again', False),
        ):
            with self.subTest(values):
                told = self.told(words)
                self.configure('api', **values)
                os.kill(process.pid, signal.SIGHUP)
                self.assertTrue(told(), self.log.read_text()[-2000:])
                self.assertEqual(400 if refused else 200, self.status(8))
        told = self.told('Ignoring change to immutable option matcher.round_seconds')
        self.configure('matcher', round_seconds=3)
        os.kill(process.pid, signal.SIGHUP)
        self.assertTrue(told(), self.log.read_text()[-2000:])
        self.assertTrue(process.is_alive())

    def test_a_worker_is_told_and_not_begun_again(self):
        (port,) = test_devstack.free_ports(1)
        self.configure('market', extend_interval=3600)
        self.configure('metrics', port=port)
        process = processes.start(
            worker.main,
            ['flocx-market-worker', f'--config-file={self.standalone.path}'],
            self.standalone.folder / 'worker',
        )
        self.addCleanup(process.join)
        self.addCleanup(process.terminate)
        # Before it works there is nobody who could be told.
        self.assertTrue(waiting.until(lambda: answers(port)))
        # Who waits for signals, and who does the work.
        both = re.compile(r'(?m)^\S+ \S+ (\d+) INFO flocx.config .* been read again')

        def readers():
            return set(both.findall(self.log.read_text()))

        os.kill(process.pid, signal.SIGHUP)
        waiting.until(lambda: len(readers()) == 2)
        self.assertIn(str(process.pid), readers())
        known, changed = readers(), self.told('market.extend_interval changed', 2)
        self.configure('market', extend_interval=5)
        os.kill(process.pid, signal.SIGHUP)
        self.assertTrue(changed(), self.log.read_text()[-2000:])
        self.assertEqual(known, readers())
        process.terminate()
        process.join()
        self.assertEqual(0, process.exitcode)


class LiveOptionsTest(testtools.TestCase):
    """An option that may change is read when it is needed, and not kept."""

    def test_no_constructor_keeps_one(self):
        kept = []
        for package, configured in (
            ('lease', lease_conf),
            ('market', market_conf),
            ('matcher', matcher_conf),
            ('provider', provider_conf),
        ):
            names = {
                option.dest
                for each in (config, configured)
                for _, options in each.list_opts()
                for option in options
                if option.mutable
            }
            self.assertTrue(names)
            for path in sorted((ROOT / package).rglob('*.py')):
                for made in ast.walk(ast.parse(path.read_text())):
                    if isinstance(made, ast.FunctionDef) and made.name == '__init__':
                        kept += self.kept(path, made, names)
        self.assertEqual([], kept)

    @staticmethod
    def kept(path, made, names):
        return [
            f'{path}:{node.lineno} {ast.unparse(node)}'
            for node in ast.walk(made)
            if isinstance(node, ast.Attribute)
            and node.attr in names
            and re.search(r'(conf|options)\b', ast.unparse(node.value))
        ]
