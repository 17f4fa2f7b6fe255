# SPDX-License-Identifier: Apache-2.0
"""What a site is deployed with names programs, files, ports and options that exist."""

import configparser
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest

from keystoneauth1 import loading
from keystonemiddleware import opts as middleware_opts
from oslo_db import options as database_opts
from oslo_messaging import opts as messaging_opts
import yaml

from flocx import config
from flocx import standalone
from provider import conf as provider_conf

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
SERVICES = ('market', 'provider', 'matcher', 'lease')
#: What a console script is called; uwsgi comes with an extra.
PROGRAMS = {*PROJECT['scripts'], 'uwsgi'}
INI = re.compile(r'/etc/flocx/uwsgi/(\w+)\.ini')


def ports():
    """The port of each service, as the code has it."""
    defaults = {
        option.name: option.default
        for _, options in standalone.list_opts()
        for option in options
    }
    return {name: defaults[f'{name}_port'] for name in SERVICES}


def uwsgi(service):
    parser = configparser.RawConfigParser(strict=False)
    parser.read(ROOT / f'etc/uwsgi/{service}.ini')
    return parser['uwsgi']


def instructions():
    """The instructions of the Containerfile, each as its name and the rest."""
    text = (ROOT / 'containers/Containerfile').read_text()
    lines = re.sub(r'^#.*\n', '', text, flags=re.MULTILINE).splitlines()
    return [line.split(maxsplit=1) for line in lines if line]


class UwsgiTest(unittest.TestCase):
    def test_each_serves_its_application_at_its_port(self):
        for name, port in ports().items():
            with self.subTest(name):
                self.assertEqual(f'{name}.wsgi:application', uwsgi(name)['module'])
                self.assertTrue((ROOT / name / 'wsgi.py').exists())
                self.assertEqual(f':{port}', uwsgi(name)['http-socket'])


class SystemdTest(unittest.TestCase):
    def setUp(self):
        self.units = sorted((ROOT / 'etc/systemd').glob('*.service'))

    def test_each_process_has_a_unit(self):
        started = []
        for unit in self.units:
            (line,) = re.findall('^ExecStart=(.*)$', unit.read_text(), re.MULTILINE)
            program, *arguments = shlex.split(line)
            program = pathlib.PurePath(program).name
            self.assertIn(program, PROGRAMS)
            for name in INI.findall(line):
                self.assertTrue((ROOT / f'etc/uwsgi/{name}.ini').exists(), unit)
            started.append((program, INI.findall(line) or arguments[-1]))
        self.assertEqual(
            [
                ('flocx-lease-notifier', '/etc/flocx/lease.conf'),
                ('flocx-market-feed', '/etc/flocx/market.conf'),
                ('flocx-market-worker', '/etc/flocx/market.conf'),
                ('flocx-matcher-engine', '/etc/flocx/matcher.conf'),
                ('flocx-provider-console', '/etc/flocx/provider.conf'),
                ('flocx-provider-fulfiller', '/etc/flocx/provider.conf'),
                ('uwsgi', ['lease']),
                ('uwsgi', ['market']),
                ('uwsgi', ['matcher']),
                ('uwsgi', ['provider']),
            ],
            sorted(started, key=str),
        )

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'there is no systemd')
    def test_systemd_understands_them(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for unit in self.units:
            # A program that is there on every machine.
            text = re.sub('/opt/flocx/bin/[a-z-]+', sys.executable, unit.read_text())
            (folder / unit.name).write_text(text)
        done = subprocess.run(
            [
                shutil.which('systemd-analyze'),
                'verify',
                *sorted(map(str, folder.iterdir())),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        document = [line for line in done.stderr.splitlines() if str(folder) in line]
        self.assertEqual((0, []), (done.returncode, document), done.stderr)


class ContainerTest(unittest.TestCase):
    def test_what_is_copied_is_there(self):
        copied = [rest.split() for name, rest in instructions() if name == 'COPY']
        own = [each for each in copied if not each[0].startswith('--from')]
        self.assertEqual(2, len(own))
        for source, _ in own:
            self.assertTrue((ROOT / source).exists(), source)

    def test_the_extras_are_those_of_the_project(self):
        (asked,) = re.findall(
            r'/src\[(.*)\]', (ROOT / 'containers/Containerfile').read_text()
        )
        self.assertLessEqual(
            set(asked.split(',')), set(PROJECT['optional-dependencies'])
        )

    def test_each_image_serves_its_service(self):
        target, served = None, {}
        for name, rest in instructions():
            if name == 'FROM':
                target = rest.split()[-1]
            elif name == 'EXPOSE':
                served[target] = int(rest)
            elif name == 'CMD':
                program, *arguments = json.loads(rest)
                self.assertIn(program, PROGRAMS)
                self.assertEqual([target], INI.findall(arguments[-1]))
        self.assertEqual(ports(), served)


class ComposeTest(unittest.TestCase):
    def setUp(self):
        text = (ROOT / 'containers/compose.yaml').read_text()
        self.services = yaml.safe_load(text)['services']
        self.own = {
            name: service
            for name, service in self.services.items()
            if 'build' in service
        }

    def test_every_process_runs(self):
        images = {
            name: (service['build']['target'], service.get('command', ['uwsgi']))
            for name, service in self.own.items()
        }
        self.assertEqual(
            {
                'schema': ('market', ['flocx-market-manage', 'db', 'upgrade']),
                'market-api': ('market', ['uwsgi']),
                'market-worker': ('market', ['flocx-market-worker']),
                'matcher-api': ('matcher', ['uwsgi']),
                'engine': ('matcher', ['flocx-matcher-engine']),
                'lease-api': ('lease', ['uwsgi']),
                'lease-notifier': ('lease', ['flocx-lease-notifier']),
                'provider-api': ('provider', ['uwsgi']),
                'fulfiller': ('provider', ['flocx-provider-fulfiller']),
                'console': ('provider', ['flocx-provider-console']),
            },
            images,
        )
        for _, command in images.values():
            self.assertIn(command[0], PROGRAMS)
        for service in self.own.values():
            build = service['build']
            folder = ROOT / 'containers' / build['context']
            self.assertTrue((folder / build['dockerfile']).exists())

    def test_ports_and_neighbours(self):
        for name, port in ports().items():
            self.assertEqual([f'{port}:{port}'], self.own[f'{name}-api']['ports'])
        for service in self.services.values():
            self.assertLessEqual(set(service.get('depends_on', ())), set(self.services))

    def test_the_environment_names_options(self):
        groups = options()
        for name, service in self.own.items():
            for variable, value in service['environment'].items():
                with self.subTest(f'{name}: {variable}'):
                    group, option = variable.removeprefix('OS_').split('__')
                    self.assertIn(option.lower(), groups[group.lower()])
                    groups[group.lower()][option.lower()].type(value)

    def test_the_provider_has_no_database(self):
        for name in ('provider-api', 'fulfiller', 'console'):
            self.assertNotIn('OS_DATABASE__CONNECTION', self.own[name]['environment'])


def options():
    """The options of all services, by group and name."""
    password = loading.get_auth_plugin_conf_options('password')
    groups = {}
    for group, listed in (
        *config.list_opts(),
        *provider_conf.list_opts(),
        *database_opts.list_opts(),
        *messaging_opts.list_opts(),
        *middleware_opts.list_auth_token_opts(),
        ('keystone_authtoken', password),
    ):
        name = getattr(group, 'name', group) or 'default'
        found = groups.setdefault(name.lower(), {})
        found.update({option.dest: option for option in listed})
    return groups


class ZuulTest(unittest.TestCase):
    def setUp(self):
        document = yaml.safe_load((ROOT / '.zuul.yaml').read_text())
        self.jobs = {
            each['job']['name']: each['job'] for each in document if 'job' in each
        }
        (self.project,) = [each['project'] for each in document if 'project' in each]

    def test_every_job_is_run_and_is_there(self):
        for pipeline in ('check', 'gate'):
            self.assertEqual(list(self.jobs), self.project[pipeline]['jobs'])

    def test_tox_has_the_environments(self):
        parser = configparser.RawConfigParser()
        parser.read(ROOT / 'tox.ini')
        for job in self.jobs.values():
            if job['parent'] == 'openstack-tox':
                environment = job['vars']['tox_envlist']
                self.assertTrue(parser.has_section(f'testenv:{environment}'))

    def test_devstack_has_the_services(self):
        job = self.jobs['flocx-devstack']
        enabled = re.findall(
            '^enable_service (.*)$',
            (ROOT / 'devstack/settings').read_text(),
            re.MULTILINE,
        )
        self.assertEqual(
            set(' '.join(enabled).split()), set(job['vars']['devstack_services'])
        )
        (play,) = yaml.safe_load((ROOT / job['run']).read_text())
        self.assertEqual(['orchestrate-devstack'], play['roles'])
