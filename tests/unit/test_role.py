# SPDX-License-Identifier: Apache-2.0
"""The role for kolla-ansible names programs, ports, options and types that exist."""

import pathlib
import re
import tempfile
import unittest

import jinja2
from jinja2 import nativetypes
from oslo_config import cfg
from oslo_log import _options as log_options
import yaml

from flocxclient.sdk import services
from tests.unit import test_deployment

ROOT = test_deployment.ROOT
ROLE = ROOT / 'containers/ansible/roles/flocx'
#: What kolla-ansible and its inventory say; the values are made up.
KOLLA = {
    **{'config_owner_user': 'kolla', 'config_owner_group': 'kolla'},
    **{'node_config_directory': '/etc/kolla', 'docker_registry': 'registry:4000'},
    **{'openstack_tag': '2025.2', 'openstack_logging_debug': 'False'},
    **{'kolla_internal_fqdn': 'in.example.org', 'kolla_external_fqdn': 'example.org'},
    **{'internal_protocol': 'http', 'public_protocol': 'https'},
    **{'database_address': '192.0.2.3', 'database_port': '3306'},
    **{'database_user': 'root', 'enable_proxysql': 'yes'},
    'mariadb_default_database_shard_id': 0,
    **{'database_connection_recycle_time': 10, 'database_max_pool_size': 1},
    'rpc_transport_url': 'rabbit://openstack:secret@192.0.2.3:5672//',
    'notify_transport_url': 'rabbit://openstack:secret@192.0.2.3:5672//',
    **{'enable_ironic': 'yes', 'om_enable_rabbitmq_tls': 'yes'},
    'om_rabbitmq_cacert': '/etc/ssl/certs/ca-certificates.crt',
    'openstack_cacert': '/etc/ssl/certs/ca-certificates.crt',
    'openstack_region_name': 'RegionOne',
    'keystone_internal_url': 'http://in.example.org:5000',
    'keystone_public_url': 'https://example.org:5000',
    **{'default_project_domain_id': 'default', 'default_user_domain_id': 'default'},
    **{'groups': {'memcached': ['one', 'two']}, 'memcached_port': 11211},
    # Of passwords.yml.
    **{'flocx_database_password': 'secret', 'flocx_keystone_password': 'secret'},
}
FILTERS = {
    'bool': lambda value: str(value).lower() in ('yes', 'true', '1'),
    'kolla_address': lambda network, host: f'{host}-{network}',
    'put_address_in_context': lambda address, context: address,
}


def environment(kind=jinja2.Environment):
    made = kind(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)
    made.filters |= FILTERS
    return made


def resolved(value, known):
    """A variable as Ansible has it: templates in it, and in what they name, filled."""
    if isinstance(value, dict):
        return {name: resolved(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, known) for each in value]
    while isinstance(value, str) and '{{' in value:
        value = environment(nativetypes.NativeEnvironment).from_string(value)
        value = value.render(known)
        if isinstance(value, list | dict):
            return resolved(value, known)
    return value


def variables():
    known = KOLLA | yaml.safe_load((ROLE / 'defaults/main.yml').read_text())
    # What is made of other variables of the role comes after them.
    for _ in range(3):
        known = {
            name: each if name in KOLLA else resolved(each, known)
            for name, each in known.items()
        }
    return known


class RoleTest(unittest.TestCase):
    def setUp(self):
        self.variables = variables()
        self.services = self.variables['flocx_services']

    def test_programs_ports_and_images(self):
        ports = test_deployment.ports()
        for name, service in self.services.items():
            with self.subTest(name):
                program, *arguments = service['command'].split()
                self.assertIn(program, test_deployment.PROGRAMS)
                configuration = service['configuration']
                self.assertIn(f'/flocx-{configuration}:', service['image'])
                mounted = f'/etc/flocx/{configuration}.conf'
                self.assertIn(f':{mounted}:ro', service['volumes'][0])
                self.assertIn(f'/{name}/', service['volumes'][0])
                if program == 'uwsgi':
                    self.assertIn(f'/etc/flocx/uwsgi/{configuration}.ini', arguments)
                else:
                    self.assertIn(mounted, arguments)
                for balanced in service.get('haproxy', {}).values():
                    self.assertEqual(ports[configuration], balanced['port'])

    def test_the_catalogue_has_the_types_that_clients_look_for(self):
        listed = {each['type'] for each in self.variables['flocx_ks_services']}
        self.assertEqual({services.MARKET, services.PROVIDER, services.MATCHER}, listed)

    def test_oslo_config_reads_what_is_written(self):
        template = (ROLE / 'templates/flocx.conf.j2').read_text()
        for name, service in self.services.items():
            item = {'key': name, 'value': service}
            text = (
                environment().from_string(template).render(**self.variables, item=item)
            )
            with self.subTest(name):
                conf = self.read(text)
                self.assertEqual('flocx', conf.keystone_authtoken.username)
                self.assertEqual(
                    ['one-api:11211', 'two-api:11211'],
                    conf.keystone_authtoken.memcached_servers,
                )
                self.assertEqual(
                    service['configuration'] != 'provider', '[database]' in text
                )

    def read(self, text):
        """The configuration of a file, of which each option has to exist."""
        groups = test_deployment.options()
        groups['default'] |= {each.dest: each for each in log_options.common_cli_opts}
        conf = cfg.ConfigOpts()
        group = ''
        for line in filter(None, text.splitlines()):
            if found := re.fullmatch(r'\[(\w+)\]', line):
                group = found[1].lower()
                continue
            option = groups[group][line.partition(' = ')[0]]
            conf.register_opt(option, None if group == 'default' else group)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'flocx.conf'
            path.write_text(text)
            conf(['--config-file', str(path)])
            for each in list(conf):
                # Values are read when they are asked for.
                value = conf[each]
                if isinstance(value, cfg.ConfigOpts.GroupAttr):
                    list(value.values())
        return conf

    def test_templates_and_tasks_that_are_named_are_there(self):
        for path in (ROLE / 'tasks').glob('*.yml'):
            for name in re.findall(
                r'(?:import|include)_tasks: (\S+)', path.read_text()
            ):
                self.assertTrue('{{' in name or (ROLE / 'tasks' / name).exists(), name)
            for name in re.findall(r'/templates/(\S+?)"', path.read_text()):
                self.assertTrue((ROLE / 'templates' / name).exists(), name)


class ServiceTypesTest(unittest.TestCase):
    """What is proposed to the service-types authority."""

    def test_they_are_those_of_the_services(self):
        path = ROOT / 'doc/source/contributor/service-types.yaml'
        drafted = yaml.safe_load(path.read_text())['services']
        self.assertEqual(
            [services.MARKET, services.PROVIDER, services.MATCHER],
            [each['service_type'] for each in drafted],
        )
        # One is the project's; the authority's checks want the others to say so.
        self.assertEqual(
            [False, True, True], [each.get('secondary', False) for each in drafted]
        )
        for each in drafted:
            self.assertRegex(each['service_type'], '^[a-z][a-z-]*[a-z]+$')
            self.assertEqual('flocx', each['project'])
