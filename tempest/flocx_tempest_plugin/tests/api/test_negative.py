# SPDX-License-Identifier: Apache-2.0
"""What the services' own OpenAPI documents forbid, they refuse, and say so alike."""

import json

from tempest.lib import decorators

from flocx_tempest_plugin.tests import base
from flocx_tempest_plugin.tests import mutations

JSON = {'Content-Type': 'application/json'}
#: What only services may do, an administrator may not, whatever they write.
WRONG = {400, 403}
#: Where a request names an object that is nowhere, that may be what is said.
WRONG_OR_NOWHERE = {*WRONG, 404}


class NegativeTest(base.MarketplaceTest):
    """By an administrator: what is refused is the request and not the person."""

    @classmethod
    def resource_setup(cls):
        super().resource_setup()
        cls.documents = {
            client: mutations.Document(client.describe())
            for client in cls.operator.services
        }

    @decorators.attr(type='negative')
    @decorators.idempotent_id('0e85ce5c-4fa6-4ad7-bce8-3c12cd7dddaa')
    def test_without_a_token(self):
        for client, document in self.documents.items():
            for method, path, operation in document.operations():
                body = b'{}' if document.body(operation) else None
                asked = method, mutations.located(path), body
                for sent in (JSON, JSON | {'X-Auth-Token': 'nobody'}):
                    answer = client.ask_unknown(*asked, **sent)
                    self.assertSays({401}, asked, *answer)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('90b42be5-02a4-453f-bf81-6c7ab81da09f')
    def test_methods_that_are_none(self):
        for client, document in self.documents.items():
            for method, path in document.forbidden_methods():
                self.assertRefused({405}, client, method, path)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('11e2de18-3a28-44da-a99d-0b37176736f5')
    def test_objects_that_are_nowhere(self):
        for client, document in self.documents.items():
            for method, path, _ in document.operations():
                if method == 'GET' and path.endswith(('{ident}', '{uuid}')):
                    located = mutations.located(path)
                    self.assertRefused({404}, client, method, located)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('fb15ce1a-0f39-4a04-8012-c7ea7223b1aa')
    def test_queries_that_are_wrong(self):
        for client, document in self.documents.items():
            for method, path, operation in document.operations():
                if method != 'GET':
                    continue
                wanted = WRONG_OR_NOWHERE if '{' in path else WRONG
                for query in document.wrong_queries(operation):
                    asked = f'{mutations.located(path)}?{query}'
                    self.assertRefused(wanted, client, method, asked)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('2a37da03-19e6-4205-9a54-eed1a71036c2')
    def test_bodies_that_are_none(self):
        for client, method, path, _, _ in self.bodies():
            with self.subTest(f'{method} {path}'):
                wanted = WRONG_OR_NOWHERE if '{' in path else WRONG
                located = mutations.located(path)
                for body in (b'{', b'\xff\xfe', b'[]', b'"a string"'):
                    self.assertRefused(wanted, client, method, located, body, **JSON)

    @decorators.attr(type='negative')
    @decorators.idempotent_id('c3e68c4d-1964-4968-b0a3-7af41776882a')
    def test_bodies_that_are_wrong(self):
        for client, method, path, document, schema in self.bodies():
            wanted = WRONG_OR_NOWHERE if '{' in path else WRONG
            for what, body in document.wrong_bodies(schema):
                with self.subTest(f'{method} {path}, {what}'):
                    sent = json.dumps(body).encode()
                    located = mutations.located(path)
                    self.assertRefused(wanted, client, method, located, sent, **JSON)

    def bodies(self):
        for client, document in self.documents.items():
            for method, path, operation in document.operations():
                if schema := document.body(operation):
                    yield client, method, path, document, schema

    def assertRefused(self, wanted, client, method, path, body=None, **headers):
        asked = method, path, body
        self.assertSays(wanted, asked, *client.ask(*asked, **headers))

    def assertSays(self, wanted, asked, status, answer):
        asked = f'{asked}: {status} {answer}'
        self.assertIn(status, wanted, asked)
        (error, *_) = json.loads(answer)['errors']
        self.assertEqual(status, error['status'], asked)
        self.assertTrue(error['code'].startswith('flocx.'), asked)
        self.assertTrue(error['detail'], asked)
