# SPDX-License-Identifier: Apache-2.0
"""What the services tell everybody of themselves."""

from tempest.lib import decorators

from flocx_tempest_plugin.tests import base


class DiscoveryTest(base.MarketplaceTest):
    @decorators.idempotent_id('16b0b04f-f3dc-4b59-9a65-63ce7a97a9a5')
    @decorators.attr(type='smoke')
    def test_versions_need_no_token(self):
        for client in self.owner.services:
            with self.subTest(client.service):
                (version,) = client.show('/')['versions']
                self.assertEqual('CURRENT', version['status'])
                self.assertLessEqual(
                    numbers(version['min_version']), numbers(version['version'])
                )

    @decorators.idempotent_id('4f60b7f1-7dad-4ed6-8157-e786a8d7ecd4')
    def test_each_service_describes_itself(self):
        for client in self.owner.services:
            with self.subTest(client.service):
                described = client.describe()
                self.assertEqual('3.1.0', described['openapi'])
                self.assertTrue(described['paths'])

    @decorators.idempotent_id('76180ca5-b9fa-4c7f-ace7-85592b61649f')
    def test_a_version_that_nobody_knows_is_refused(self):
        for client in self.owner.services:
            with self.subTest(client.service):
                wanted = {'OpenStack-API-Version': 'marketplace 99.0'}
                self.assertEqual(
                    406, client.ask('GET', '/v1/openapi.json', **wanted)[0]
                )


def numbers(version):
    return tuple(map(int, version.split('.')))
