# SPDX-License-Identifier: Apache-2.0
"""What rests on Keystone, on a real one: access rules, limits, projects that go.

For test cases with a ``lab``, which has the ``folder`` and the ``ports`` of one.
"""

import pathlib
import tempfile

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_limit import limit

from flocx import config
from market import conf as market_conf
from market import departures
from market import keystone_limits
from tools.lab import accounts
from tools.lab import keystone
from tools.lab import rest

USER = 'umbrella-renter'
#: What each API lets be read, by its type in the catalog and its port.
READS = {
    ('marketplace', 'market'): '/v1/bids',
    ('marketplace-provider', 'provider'): '/v1/nodes',
    ('marketplace-matcher', 'matcher'): '/v1/mechanisms',
}


class Departures:
    """The account of the services sees which projects are gone."""

    def test_a_project_is_there_then_disabled_then_deleted(self):
        identity = keystone.url(self.lab.ports)
        conf = cfg.ConfigOpts()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'market.conf'
            path.write_text(
                '\n'.join(
                    [
                        '[service_credentials]',
                        'auth_type = password',
                        f'auth_url = {identity}',
                        'username = flocx',
                        f'password = {self.lab.folder.password}',
                        'project_name = service',
                        'user_domain_name = Default',
                        'project_domain_name = Default',
                    ]
                )
            )
            config.prepare(
                conf, ['--config-file', str(path)], 'market', market_conf.register
            )
        looking = departures.Keystone(conf)
        looking.require_trusted()
        api = accounts.Keystone(self.lab.folder, self.lab.ports)
        gone = api.create('project', 'projects', name='gone', domain_id='default')
        path = f'{identity}/projects/{gone}'
        self.assertEqual((None, 'gone'), looking.standing(gone))
        rest.expect('PATCH', path, {'project': {'enabled': False}}, api.token)
        self.assertEqual('project_disabled', looking.standing(gone).departed)
        rest.expect('DELETE', path, token=api.token)
        self.assertEqual('project_deleted', looking.standing(gone).departed)


class Limits:
    """Limits of organisations, as Keystone keeps them and oslo.limit reads them."""

    def test_limits_of_a_project_and_of_its_domain(self):
        api = accounts.Keystone(self.lab.folder, self.lab.ports)
        service = {
            each['type']: each['id']
            for each in rest.get(f'{api.url}/services', api.token)['services']
        }['marketplace']
        domain = api.create('domain', 'domains', name='big organisation')
        project = api.create('project', 'projects', name='part', domain_id=domain)
        of_service = {'service_id': service, 'region_id': 'RegionOne'}
        registered = [
            {**of_service, 'resource_name': name, 'default_limit': most}
            for name, most in (('open_bids', 5), ('organisation_open_bids', 50))
        ]
        limits = [
            {
                **of_service,
                'resource_name': 'open_bids',
                **owner,
                'resource_limit': most,
            }
            for owner, most in (
                ({'project_id': project}, 7),
                ({'domain_id': domain}, 9),
            )
        ]
        for plural, body in (('registered_limits', registered), ('limits', limits)):
            path = f'{api.url}/{plural}'
            rest.expect('POST', path, {plural: body}, api.token)
        self.configure(api)
        known = keystone_limits.KeystoneLimits()
        all_ = {'open_bids': 5, 'organisation_open_bids': 50}
        self.assertEqual(
            (all_, {'open_bids': 7}, {'open_bids': 9}), known.of(project, domain, True)
        )
        other = api.create('domain', 'domains', name='small organisation')
        self.assertEqual((all_, {'open_bids': 7}, {}), known.of(project, other, True))
        self.assertEqual(
            (all_, {'open_bids': 7}, {'open_bids': 7}),
            known.of(project, project, False),
        )

    def configure(self, api):
        """Have oslo.limit ask as an account that may read limits of all."""
        # Others in this process may have registered options that have to be there.
        path = self.lab.folder.etc / 'flocx.conf'
        cfg.CONF([], default_config_files=[str(path)])
        self.addCleanup(cfg.CONF.reset)
        market_conf.register(cfg.CONF)
        loading.register_auth_conf_options(cfg.CONF, 'oslo_limit')
        plugin = loading.get_plugin_loader('password')
        cfg.CONF.register_opts(
            loading.get_auth_plugin_conf_options(plugin), group='oslo_limit'
        )
        for name, value in (
            ('auth_type', 'password'),
            ('auth_url', api.url),
            ('username', 'admin'),
            ('password', self.lab.folder.password),
            ('user_domain_id', 'default'),
            ('system_scope', 'all'),
            ('endpoint_service_type', 'marketplace'),
        ):
            cfg.CONF.set_override(name, value, 'oslo_limit')
            self.addCleanup(cfg.CONF.clear_override, name, 'oslo_limit')
        limit._SDK_CONNECTION = None
        self.addCleanup(setattr, limit, '_SDK_CONNECTION', None)


class AccessRules:
    """Application credentials that are for some requests only."""

    def status(self, service, method, path, token):
        url = f'http://127.0.0.1:{self.lab.ports[service]}{path}'
        return rest.call(method, url, token=token)[0]

    def token_for(self, *rules):
        """A token of an application credential with these access rules."""
        folder, ports = self.lab.folder, self.lab.ports
        identity = keystone.url(ports)
        mine = accounts.log_in(folder, ports, USER, USER)
        headers = {'X-Subject-Token': mine}
        known = rest.call(
            'GET', f'{identity}/auth/tokens', token=mine, headers=headers
        )[2]
        user = known['token']['user']['id']
        created = rest.expect(
            'POST',
            f'{identity}/users/{user}/application_credentials',
            {
                'application_credential': {
                    'name': f'rules of {self.id()} {rules}',
                    'access_rules': [
                        {'service': service, 'method': method, 'path': path}
                        for service, method, path in rules
                    ],
                }
            },
            token=mine,
        )['application_credential']
        method = {key: created[key] for key in ('id', 'secret')}
        identity_of = {
            'methods': ['application_credential'],
            'application_credential': method,
        }
        status, headers, document = rest.call(
            'POST', f'{identity}/auth/tokens', {'auth': {'identity': identity_of}}
        )
        self.assertEqual(201, status, document)
        return headers['X-Subject-Token']

    def test_each_api_lets_by_what_the_rules_name(self):
        token = self.token_for(
            *((kind, 'GET', path) for (kind, _), path in READS.items())
        )
        for (_, service), path in READS.items():
            with self.subTest(service):
                # The provider asks Ironic with the same token, and Ironic does not let
                # it by: that is no 401 of ours.
                passed = 503 if service == 'provider' else 200
                self.assertEqual(passed, self.status(service, 'GET', path, token))

    def test_and_nothing_else(self):
        token = self.token_for(('marketplace', 'GET', '/v1/bids'))
        for service, method, path in (
            ('market', 'POST', '/v1/bids'),
            ('market', 'GET', '/v1/offers'),
            ('market', 'GET', '/v1/bids/one'),
            ('provider', 'GET', '/v1/nodes'),
            ('matcher', 'GET', '/v1/mechanisms'),
        ):
            with self.subTest(service=service, method=method, path=path):
                self.assertEqual(401, self.status(service, method, path, token))
        self.assertEqual(200, self.status('market', 'GET', '/v1/bids', token))
