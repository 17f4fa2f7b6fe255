# SPDX-License-Identifier: Apache-2.0
"""What Tempest asks a plugin for."""

import pathlib

from tempest import config
from tempest.test_discover import plugins

from flocx_tempest_plugin import config as flocx_config

#: (name of the group of options, module, class of the client)
CLIENTS = (
    ('marketplace', 'market', 'MarketClient'),
    ('marketplace-provider', 'provider', 'ProviderClient'),
    ('marketplace-matcher', 'matcher', 'MatcherClient'),
    ('marketplace', 'baremetal', 'BaremetalClient'),
)


class FlocxTempestPlugin(plugins.TempestPlugin):
    def load_tests(self):
        package = pathlib.Path(__file__).resolve().parent
        return str(package / 'tests'), str(package.parent)

    def register_opts(self, conf):
        conf.register_opt(flocx_config.service_option, group='service_available')
        for group, options in flocx_config.GROUPS:
            conf.register_group(group)
            conf.register_opts(options, group)

    def get_opt_lists(self):
        return [
            *((group.name, options) for group, options in flocx_config.GROUPS),
            ('service_available', [flocx_config.service_option]),
        ]

    def get_service_clients(self):
        return [self._client(*each) for each in CLIENTS]

    @staticmethod
    def _client(group, module, name):
        options = config.service_client_config(group)
        if module == 'baremetal':
            options['service'] = config.CONF.marketplace.baremetal_catalog_type
        return {
            'name': f'flocx_{module}',
            'service_version': f'flocx.{module}',
            'module_path': f'flocx_tempest_plugin.services.{module}',
            'client_names': [name],
            **options,
        }
