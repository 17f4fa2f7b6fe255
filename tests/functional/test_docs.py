# SPDX-License-Identifier: Apache-2.0
"""Every command of the documentation, run in the order of its page.

``openstack market`` runs in this process against the real services, other ``openstack``
commands are parsed by the real command line, and the programs of FLOCX are processes of
their own. What belongs to the machine is in ``ELSEWHERE``, with what vouches for it.
"""

import contextlib
from importlib import metadata
import importlib.util
import io
import itertools
import logging
import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess
import sys
from unittest import mock

import fixtures
from openstackclient import shell
import sqlalchemy as sa
import testtools
from testtools import content
import yaml

from tests import fixtures as market_fixtures
from tests import processes
from tests import profiles
from tests import waiting
from tests.functional import base
from tests.functional import test_devstack
from tests.functional import test_import_esi_leap
from tools.testing import console

ROOT = console.ROOT
TOUR = ROOT / 'doc/source/user/tour.rst'
#: Commands that are not run here, and why that is well.
ELSEWHERE = {
    'tools/check': 'tests/integration/test_rig.py runs it after each test',
    'tools/devstack': 'tests/integration/test_devstack_real.py runs it',
    'tools/quickstart': 'tests/integration/test_quickstart.py runs it',
    'tools/rig': 'tests/integration/test_rig.py does what it calls',
    'tools/test': '.ci/run runs it',
    'tox': 'calls tools/test and tools/style, or what test_samples.py compares',
    'pip': 'tools/test installs both distributions; test_wheel.py has what is in them',
    'python3': 'makes a virtual environment, as tools/test does',
    'tempest': 'tests/integration/test_quickstart.py runs it at night, with the plugin',
    'podman': 'tests/unit/test_deployment.py has what is in the files that it reads',
    'uwsgi': 'tests/integration/test_uwsgi.py serves with the same samples',
    'systemctl': 'tests/unit/test_deployment.py has the units',
    'install': 'copies files that tests/unit/test_deployment.py has',
    'apt': 'installs what bindep.txt has for the integration tests',
    'cp': 'is the system',
    'useradd': 'is the system',
    'mariadb': 'is the database, with SQL that tests/integration/daemons.py says too',
    'mariadb-dump': 'is the database',
    'rabbitmqctl': 'is the broker',
    'galera_new_cluster': 'founds a cluster, as tools/rigging/cluster.py does',
    'socat': 'asks HAProxy what tools/rigging/balancer.py asks it',
    'manage.py': "is Horizon's; the dashboard's tour runs Horizon as it is installed",
    'benchmarks.peers': 'takes many minutes; tox -e bench runs it',
    'benchmarks.leases': 'takes minutes; tox -e bench runs it',
    'benchmarks.latency': 'takes minutes and a whole machine; tox -e bench runs it',
    'benchmarks.load': 'takes ten minutes; tox -e bench runs it',
    'benchmarks.growth': 'tests/integration/test_benchmarks.py runs a small one',
    'benchmarks.endings': 'tests/functional/test_endings.py lets fewer contracts end',
    'benchmarks.floor': 'tests/integration/test_benchmarks.py asks a few times',
    'benchmarks.scaling': 'tests/unit/test_benchmarks.py has what it prints',
    'benchmarks.connections': 'needs a database, and minutes of a quiet machine',
    'curl': 'tests/integration/test_uwsgi.py asks the same',
    'complete': 'belongs to the shell',
}
#: What the programs are called that are run here.
OURS = ('flocx-', 'tests.')
SCRIPTS = metadata.distribution('flocx').entry_points
#: Programs that run until they are stopped, and what they log once they are up.
DAEMONS = {
    'flocx-standalone': 'The market listens on port',
    'flocx-matcher-engine': 'Run service',
    'flocx-provider-console': 'Consoles are passed on',
    'flocx-provider-fulfiller': 'Run service',
}
#: Who the users of the quickstart are here.
CLOUDS = {
    'acme-owner': 'acme-member',
    'acme-internal': 'acme-internal-member',
    'umbrella-renter': 'umbrella-member',
    'operator': 'operator-admin',
}
#: Documents that pages show: their language, how they begin, and their file.
DOCUMENTS = {
    ('json', r'(?s).*"offers"'): 'market.json',
    ('text', 'server,'): 'offers.csv',
    ('yaml', '- name: training'): 'bids.yaml',
}
#: What only a shell understands.
_SHELL = re.compile('[<>|&;]')
_ETC = re.compile(r'/etc/flocx/(market|provider|matcher|lease|flocx)\.conf')
#: A database of esi-leap's.
_ESI_LEAP = re.compile(r'mysql\S+/esi_leap')


def program(line):
    """What a command line starts, without where it is and who starts it."""
    words = shlex.split(line, comments=True)
    words = list(itertools.dropwhile(lambda word: word == 'sudo' or '=' in word, words))
    if words[0] == 'python':
        return words[2] if words[1] == '-m' else words[1]
    return pathlib.PurePath(words[0]).name if '/bin/' in words[0] else words[0]


class DocumentedTest(base.MarketplaceTestCase):
    WORKERS = True
    OPTIONS = tuple(
        ('standalone', name, str(port))
        for name, port in zip(
            ('market_port', 'provider_port', 'matcher_port', 'lease_port'),
            test_devstack.free_ports(4),
            strict=True,
        )
    ) + (('console', 'port', '0'),)

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('HOME', 'XDG_CONFIG_HOME'):
            self.useFixture(fixtures.EnvironmentVariable(name, str(self.home)))
        (self.home / 'clouds.yaml').write_text(
            yaml.safe_dump({'clouds': {c: self.cloud(u) for c, u in CLOUDS.items()}})
        )
        self.setenv('OS_CLIENT_CONFIG_FILE', str(self.home / 'clouds.yaml'))
        self.setenv('OS_CLOUD', 'acme-owner')
        self.numbers = itertools.count(1)
        root = logging.getLogger()
        self.addCleanup(root.setLevel, root.level)
        self.addCleanup(setattr, root, 'handlers', root.handlers)

    def setenv(self, name, value):
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def esi_leap(self, _):
        """The URL of a database of esi-leap's."""
        url = f'sqlite:///{self.home}/esi_leap.sqlite'
        engine = sa.create_engine(url)
        test_import_esi_leap.METADATA.create_all(engine)
        engine.dispose()
        return url

    def cloud(self, user):
        return {
            'auth': {
                'auth_url': f'{self.marketplace.identity}/v3',
                'username': user,
                'password': user,
                'project_name': user.rpartition('-')[0],
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
            'region_name': 'RegionOne',
        }

    def play(self, page):
        """Run the commands of a page; each has to succeed and print what it says."""
        for command in console.commands(page):
            self.addDetail('command', content.text_content(str(command)))
            self.run_one(command)

    def run_one(self, command):
        name = program(command.line)
        if name in ELSEWHERE:
            return
        run = {'openstack': self.openstack, 'export': self.export}.get(
            name, self.process
        )
        # What only looks may look again: workers take their time.
        message = waiting.until(
            lambda: console.difference(command, run(command.line)),
            lambda message: message is None,
            seconds=60 if console.LOOKS.search(command.line) else 0,
        )
        self.assertIsNone(message, message)

    def export(self, line):
        name, value = line.removeprefix('export ').split('=', 1)
        # Where things are is the business of this test.
        if name == 'OS_CLOUD':
            self.setenv(name, value)

    def openstack(self, line):
        words = shlex.split(line.partition(' > ')[0])[1:]
        if not {'market', 'complete'} & set(words):
            return self.parsed(words)
        # Files that a page names are where its commands are typed.
        words = [
            str(self.home / word) if word in DOCUMENTS.values() else word
            for word in words
        ]
        out, err = io.StringIO(), io.StringIO()
        logging.getLogger().handlers = []
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = shell.main(words)
            except SystemExit as end:
                code = end.code
        self.assertEqual(0, code, err.getvalue())
        return out.getvalue()

    def parsed(self, words):
        """Nothing, if the real command line takes these words."""
        app = shell.OpenStackShell()
        with mock.patch.object(app, 'run_subcommand', autospec=True) as chosen:
            app.run(words)
        (words,), _ = chosen.call_args
        factory, name, rest = app.command_manager.find_command(words)
        factory(app, None).get_parser(' '.join(name)).parse_args(rest)
        return ''

    def process(self, line):
        """What a program of FLOCX prints; a daemon is stopped when it runs."""
        name = program(line)
        self.assertTrue(name.startswith(OURS), f'nothing runs {line}')
        # The test is another process than the one that the page has in mind.
        line = _ETC.sub(str(self.marketplace.folder / 'flocx.conf'), line)
        line = _ESI_LEAP.sub(self.esi_leap, line)
        if name in SCRIPTS.names and not _SHELL.search(line):
            return self.script(name, line.partition(f'{name} ')[2].split())
        done = subprocess.run(
            ['/bin/bash', '-c', line],
            cwd=self.home,
            env={
                **os.environ,
                'PATH': os.pathsep.join([os.path.dirname(sys.executable), os.defpath]),
                'PYTHONPATH': os.pathsep.join([str(ROOT), str(ROOT / 'client')]),
            },
            capture_output=True,
            text=True,
            timeout=180,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def script(self, name, arguments):
        """What a console script prints."""
        out, err, log = (
            self.home / f'{name}-{next(self.numbers)}.{what}'
            for what in ('out', 'err', 'log')
        )
        if name in DAEMONS:
            arguments += ['--debug', '--log-file', str(log)]
        process = processes.start(
            SCRIPTS[name].load(), [name, *arguments], str(out), str(err)
        )
        self.addCleanup(process.kill)
        if name in DAEMONS:
            self.eventually(
                True, lambda: DAEMONS[name] in self.read(log, process, err), seconds=180
            )
            process.terminate()
        process.join(180)
        self.assertEqual(0, process.exitcode, err.read_text())
        return out.read_text()

    def read(self, log, process, err):
        if not process.is_alive():
            self.fail(f'it has ended by itself: {err.read_text()}')
        return log.read_text() if log.exists() else ''

    def test_every_page(self):
        for number in range(1, 6):
            market_fixtures.write_node(self.marketplace.folder, f'acme-0{number}')
        # The tour first: it says all that has happened.
        for page in sorted(console.pages(), key=lambda page: page != TOUR):
            self.setenv('OS_CLOUD', 'acme-owner')
            self.write_documents(page)
            self.play(page)

    def write_documents(self, page):
        """The documents that a page shows before a command reads them."""
        for language, text in console.blocks(page):
            for (known, begins), name in DOCUMENTS.items():
                if language == known and re.match(begins, text):
                    (self.home / name).write_text(text)


class BuildTest(testtools.TestCase):
    def build(self, builder, source='doc/source', folder=None):
        """What came of sphinx-build."""
        # tools/test installs doc/requirements.txt, so .ci/run always builds them; an
        # environment that somebody has made for the tests alone may be without.
        if importlib.util.find_spec('sphinx') is None:
            self.skipTest('sphinx is not installed')
        folder = folder or self.useFixture(fixtures.TempDir()).path
        return subprocess.run(
            [sys.executable, '-m', 'sphinx', '-W', '--keep-going', '-q', '-b', builder]
            + ['-d', f'{folder}/doctrees', source, f'{folder}/{builder}'],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    @profiles.only_nightly('asks the sites that the pages link to')
    def test_the_links_lead_somewhere(self):
        try:
            socket.create_connection(('github.com', 443), timeout=10).close()
        except OSError:
            # A link that cannot be asked for says nothing about the page.
            self.skipTest('there is no network')
        done = self.build('linkcheck')
        self.assertEqual(0, done.returncode, done.stdout[-3000:] + done.stderr[-3000:])

    @profiles.only_nightly('builds all pages', unless=not profiles.QUICK)
    def test_the_pages_build_without_a_warning(self):
        """Each operation has an example, and each reference leads somewhere."""
        self.assertNoWarning(self.build('html'))

    @profiles.only_nightly('builds all of the API reference')
    def test_the_api_reference_builds_without_a_warning(self):
        if importlib.util.find_spec('os_api_ref') is None:
            # As sphinx: it is of doc/requirements.txt.
            self.skipTest('os-api-ref is not installed')
        self.assertNoWarning(self.build('html', 'api-ref/source'))

    @profiles.only_nightly('sets all pages as PDF')
    def test_the_pages_are_set_as_pdf(self):
        """No character is missing, and nothing sticks out by much."""
        programs = 'make', 'latexmk', 'xelatex', 'rsvg-convert'
        found = {program: shutil.which(program) for program in programs}
        for program, path in found.items():
            if path is None:
                # TeX is a gigabyte of packages that nothing else needs.
                self.skipTest(f'{program} is missing (bindep.txt, doc-pdf)')
        folder = self.useFixture(fixtures.TempDir()).path
        self.assertNoWarning(self.build('latex', folder=folder))
        done = subprocess.run(
            [found['make'], '-C', f'{folder}/latex'],
            env=os.environ | {'LATEXMKOPTS': '-interaction=nonstopmode -halt-on-error'},
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stdout[-3000:])
        log = pathlib.Path(f'{folder}/latex/doc-flocx.log')
        said = log.read_text(errors='replace')
        self.assertEqual([], re.findall('Missing character.*', said))
        wide = re.findall(r'Overfull \\hbox \((\d+)', said)
        self.assertLess(max(map(int, wide), default=0), 30)

    def assertNoWarning(self, done):
        warnings = [line for line in done.stderr.splitlines() if 'WARNING: ' in line]
        self.assertEqual([], warnings)
        self.assertEqual(0, done.returncode, done.stderr[-3000:])
