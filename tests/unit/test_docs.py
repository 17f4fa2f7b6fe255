# SPDX-License-Identifier: Apache-2.0
"""What the documentation shows is what happens."""

import ast
from importlib import metadata
import json
import pathlib
import re
import tomllib
import unittest

from oslo_config import cfg
from oslo_config import generator as oslo_generator
from osprofiler import opts as profiler_opts

from flocx import exceptions
from flocx import standalone
from flocx.core import requirements
from lease import policies as lease_policies
from market import feed_conf
from market import policies as market_policies
from matcher import policies as matcher_policies
from provider import policies as provider_policies
from provider.console import conf as console_conf
from tools.testing import console
from tools.testing import suites

ROOT = pathlib.Path(__file__).resolve().parents[2]
MATCH_LANGUAGE = ROOT / 'doc/source/user/match-language.rst'

#: Hidden options that FLOCX has no use for: others say the same, or it is not there.
UNUSED = {
    ('database', 'slave_connection'),
    ('oslo_messaging_notifications', 'transport_url'),
}
#: The same, which the lowest oslo.db and keystonemiddleware do not have yet.
LATER = {
    ('database', 'asyncio_connection'),
    ('database', 'asyncio_slave_connection'),
    ('keystone_authtoken', 'memcache_password'),
}
NUMBERS = dict(enumerate('zero one two three four five six seven eight nine'.split()))
ESI = ROOT / 'doc/source/admin/esi.rst'
#: A command in a table, without its arguments.
WORDS = re.compile('``([a-z]+(?: [a-z]+)*)')
TESTING = ROOT / 'doc/source/contributor/testing.rst'
PROCESSES = ROOT / 'doc/source/admin/processes.rst'


def rows(path, section):
    """The rows of the list-table in the section with a label, as their cells."""
    text = path.read_text().partition(f'.. _{section}:')[2]
    table = re.search(r'   :widths:.*\n\n((?:   .*\n|\n)+)', text)[1]
    found = [
        [' '.join(cell.split()) for cell in re.split(r'\n     - ', row)]
        for row in re.split(r'(?:^|\n)   \* - ', table)[1:]
    ]
    return found[1:]


def options():
    """The options that the samples of configuration show, with their groups."""
    for name in ('market', 'provider', 'matcher', 'lease'):
        generator = cfg.ConfigOpts()
        oslo_generator.register_cli_opts(generator)
        generator(['--config-file', f'{ROOT}/etc/flocx/{name}-config-generator.conf'])
        # The samples leave the profiler out.
        profiling = ('osprofiler', profiler_opts.list_opts())
        listed = oslo_generator._list_opts(generator.namespace)
        for _, groups in (*listed, profiling):
            for group, found in groups:
                for option in found:
                    yield getattr(group, 'name', group) or 'DEFAULT', option


class CommandsTest(unittest.TestCase):
    """Commands are written so that tests/functional/test_docs.py finds them."""

    def test_each_command_of_esi_has_one_of_ours(self):
        """But those that ask several clouds, which are the same commands."""
        theirs = metadata.entry_points(group='openstack.lease.v1').names
        project = tomllib.loads((ROOT / 'client/pyproject.toml').read_text())
        ours = project['project']['entry-points']['openstack.market.v1']
        stated, instead = set(), set()
        for old, new in rows(ESI, 'esi-commands'):
            stated |= set(WORDS.findall(old))
            instead |= set(WORDS.findall(new))
        self.assertEqual(
            {f'esi {name}'.replace(' ', '_') for name in stated},
            {name for name in theirs if not name.startswith('esi_mdc_')},
        )
        self.assertLessEqual(
            {f'market {name}'.replace(' ', '_') for name in instead}, set(ours)
        )

    def test_none_stands_outside_a_console_block(self):
        for page in console.pages():
            for language, text in console.blocks(page):
                for line in text.splitlines():
                    with self.subTest(f'{page.name}: {line}'):
                        self.assertIsNone(console.PROGRAMS.match(line))
                        if line.startswith('$ '):
                            self.assertEqual('console', language)

    def test_there_are_some(self):
        found = [each for page in console.pages() for each in console.commands(page)]
        names = {each.line.split()[0] for each in found}
        self.assertLessEqual({'openstack', 'flocx-market-manage', 'tools/test'}, names)


class ProcessesTest(unittest.TestCase):
    """The table of processes, ports, secrets and roles is that of the code."""

    def test_every_process(self):
        applications = {
            f'{path.parent.name}.wsgi:application' for path in ROOT.glob('*/wsgi.py')
        }
        project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
        self.assertEqual(
            applications | set(project['scripts']),
            {row[0].strip('`') for row in rows(PROCESSES, 'processes')},
        )

    def test_every_port(self):
        ports = {
            option.name.removesuffix('_port'): str(option.default)
            for _, options in standalone.list_opts()
            for option in options
            if option.name.endswith('_port')
        }
        stated = {row[0].strip('`'): row[1] for row in rows(PROCESSES, 'processes')}
        for name, port in ports.items():
            self.assertEqual(port, stated.pop(f'{name}.wsgi:application'))
        console, feed = (
            {str(option.default) for option in each.OPTS if option.name == 'port'}
            for each in (console_conf, feed_conf)
        )
        self.assertEqual(console, {stated.pop('flocx-provider-console')})
        self.assertEqual(feed, {stated.pop('flocx-market-feed')})
        self.assertEqual(
            console.union(ports.values()),
            set(stated.pop('flocx-standalone').split(', ')),
        )
        self.assertEqual({'none'}, set(stated.values()))

    def test_every_secret(self):
        """What oslo.config hides is there, and what is there are options."""
        # The plugin that logs in brings its options only where it is used.
        known = {(group, 'password') for group in ('keystone_authtoken', 'oslo_limit')}
        hidden = set()
        for group, option in options():
            known.add((group, option.dest))
            if option.secret:
                hidden.add((group, option.dest))
        stated = {
            re.fullmatch(r'``\[(\w+)\] (\w+)``', row[0]).groups()
            for row in rows(PROCESSES, 'secrets')
        }
        self.assertEqual(set(), stated - known)
        self.assertEqual(UNUSED, hidden - stated - LATER)

    def test_every_role(self):
        rules = (
            market_policies.list_rules()
            + provider_policies.list_rules()
            + matcher_policies.list_rules()
            + lease_policies.list_rules()
        )
        asked = {
            role for rule in rules for role in re.findall(r'role:(\w+)', rule.check_str)
        }
        self.assertEqual(asked, {row[0].strip('`') for row in rows(PROCESSES, 'roles')})


class NumbersTest(unittest.TestCase):
    """What pages count and list is what there is."""

    def page(self, name):
        return (ROOT / name).read_text()

    def test_the_suites_that_the_readme_shows(self):
        shown = re.findall(r'(?m)^    (\w+) +ok ', self.page('README.rst'))
        names = [suite.name for suite in suites.chosen([])]
        self.assertEqual([*names, 'coverage'], shown)

    def test_every_path_in_the_tree_exists(self):
        text = self.page('doc/source/contributor/architecture.rst')
        tree = text.partition('The tree\n========')[2].partition('The arrows')[0]
        found = 0
        folder = ROOT
        for line in tree.partition('text\n')[2].splitlines():
            if opened := re.match(r'   (\S+/)', line):
                folder = ROOT / opened[1]
                self.assertTrue(folder.is_dir(), folder)
            for name in re.findall(r'[\w/]+\.py\b', line):
                found += 1
                self.assertTrue(list(folder.rglob(name)), f'{folder}/{name}')
        self.assertGreater(found, 10)

    def test_every_test_that_a_table_names_exists(self):
        named = {
            name
            for _, tests in rows(TESTING, 'seen-at-hand-backs')
            for name in re.findall('``(.*?)``', tests)
        }
        self.assertLess(10, len(named))
        code = [path.read_text() for path in (ROOT / 'tests').rglob('*.py')]
        there = set(re.findall(r'    def (test_\w+)', '\n'.join(code)))
        self.assertEqual(set(), named - there)

    def test_every_module_says_what_it_is_for(self):
        packages = re.findall(
            r'modules:: (\S+)', self.page('doc/source/contributor/modules.rst')
        )
        self.assertLessEqual(
            {'flocx', 'lease', 'market', 'matcher', 'provider'}, set(packages)
        )
        for package in packages:
            for path in (ROOT / package).rglob('*.py'):
                if 'tests' in path.parts[len(ROOT.parts) :]:
                    continue
                tree = ast.parse(path.read_text())
                empty = path.name == '__init__.py' and not tree.body
                self.assertTrue(empty or ast.get_docstring(tree), path)

    def test_the_categories_of_errors_are_counted_right(self):
        # Refusals of HTTP itself are elsewhere, and no category.
        number = sum(
            each.__module__ == exceptions.__name__
            for each in exceptions.FlocxError.__subclasses__()
        )
        self.assertIn(f'in {NUMBERS[number]} categories', exceptions.__doc__)
        for page in (ROOT / 'doc/source').rglob('*.rst'):
            for stated in re.findall(r'(\w+) categories', page.read_text()):
                if stated in NUMBERS.values():
                    self.assertEqual(NUMBERS[number], stated, page)

    def test_the_transactions_of_an_offers_life_are_counted_right(self):
        text = self.page('doc/source/contributor/architecture.rst')
        (stated,) = re.findall(r'There are (\w+) transactions that write', text)
        self.assertEqual(NUMBERS[len(set(re.findall(r'\bT\d\b', text)))], stated)


class MatchLanguageTest(unittest.TestCase):
    """The examples of the match language are parsed and evaluated."""

    def setUp(self):
        self.text = MATCH_LANGUAGE.read_text()
        self.hardware = self.json('')

    def json(self, kind):
        start = r'\.\. code-block:: json\n' + (f'   :class: {kind}\n' if kind else '')
        (block,) = re.findall(start + r'\n((?:   .*\n)+)', self.text)
        return json.loads(block)

    def test_what_is_said_to_be_met_is_met(self):
        for triple in self.json('met'):
            with self.subTest(triple):
                self.assertTrue(
                    requirements.met(requirements.parse([triple]), self.hardware)
                )

    def test_what_is_said_not_to_be_met_is_not(self):
        for triple in self.json('not-met'):
            with self.subTest(triple):
                self.assertFalse(
                    requirements.met(requirements.parse([triple]), self.hardware)
                )

    def test_what_is_said_to_be_refused_is_refused(self):
        for triple in self.json('refused'):
            with self.subTest(triple):
                with self.assertRaisesRegex(exceptions.Invalid, r'requirements\[0\]'):
                    requirements.parse([triple])

    def test_every_operator_is_explained(self):
        for operator in filter(None, requirements.OPERATORS):
            with self.subTest(operator):
                self.assertIn(f'``{operator}``', self.text)
