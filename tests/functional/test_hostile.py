# SPDX-License-Identifier: Apache-2.0
"""Requests that nobody means well with: each is refused, and none is a 500."""

import json

import sqlalchemy as sa

from tests.functional import base

#: Paths of GET requests and what they answer.
READS = {
    '/v1/bids/%00': 404,
    '/v1/offers/%00': 404,
    '/v1/contracts/a%00b': 404,
    '/v1/bids/%ff': 400,
    '/v1/bids/%ed%a0%80': 400,
    '/v1/bids/' + 'x' * 5000: 404,
    '/v1/bids?marker=%00': 400,
    '/v1/bids?name=%00': 400,
    '/v1/bids?name=%ff': 400,
    '/v1/bids?limit=--5': 400,
    '/v1/bids?limit=999999999999999999': 200,
    '/v1/bids?quantity=999999999999999999': 200,
    '/v1/bids?x': 400,
    '/v1/bids?=1': 400,
    '/v1/bids?_method=delete': 400,
    '/v1/bids/a/b/c': 404,
    '/v1/contracts/x/lines': 404,
    '/v1/events?after=-5': 200,
    '/v1/events?wait=-1': 400,
    '/v1/offers?price=NaN': 400,
    '/v1/offers?price=1e400': 400,
    '/v1/offers?start_time=0001-01-01T00:00:00Z': 400,
    '/v1/offers?requirements=' + '[' * 3000: 400,
    '/v1/offers?available_start_time=9000-12-31T23:59:59Z': 200,
}
FIELDS = {
    'name': ['', ' ', 5, [], {}, True, 'x' * 256, 'a\x00b', '\ud800', 'a\nb'],
    'quantity': [0, -1, 1.0, 1.5, True, '1', 10**30, float('nan'), [], 10001],
    'min_quantity': [0, 2, -1, '1'],
    'duration': [0, -1, 0.5, 10**25, '1h', True, float('inf')],
    'price': [None, 1.5, float('nan'), float('inf'), True, '', 'NaN', '1e400', '-1']
    + ['1' * 40, '0.0000001', '\uff11', '1_0', [], {}, -1, 10**12],
    'start_time': ['now', '2027-01-01T00:00:00', 0, True, [], '9999-12-31T23:59:59Z'],
    'end_time': [None, '2020-01-01T00:00:00Z', '2027-02-30T00:00:00Z', 1.5, {}],
    'requirements': [
        '',
        0,
        False,
        {},
        'cpus',
        [1],
        [[]],
        [['cpus', '==', float('nan')]],
    ]
    + [[['a[', None]], [['a', '=~', 1]], [['a', 'matches', '(']], [['\ud800', None]]]
    + [[['a', None]] * 33, [['a' * 300, None]]],
    'resource_class': ['', 1, 'a\x00'],
    'purpose': [{'a': 1}, 'x' * 300],
    'project_id': ['acme'],
    'lineage': [['acme']],
    'status': ['matched'],
    'uuid': ['8e3cf0b5-3d3c-4b5e-8d4d-1b2a3c4d5e6f'],
    'contract_uuid': ['x'],
    'created_at': ['2027-01-01T00:00:00Z'],
    '__class__': ['x'],
    'to_bid': ['x'],
    '': [1],
}


class HostileTest(base.MarketplaceTestCase):
    JSON = {'Content-Type': 'application/json'}

    def setUp(self):
        super().setUp()
        self.renter = self.market('umbrella-member')

    def place(self, text, **headers):
        return self.renter.request(
            'POST',
            '/v1/bids',
            data=text.encode(errors='surrogatepass') if isinstance(text, str) else text,
            headers=headers or self.JSON,
        )

    def test_reading(self):
        for path, status in READS.items():
            response = self.renter.get(path)
            self.assertEqual(status, response.status_code, path[:80])
            if status >= 400:
                self.assertEqual(status, base.error(response)['status'])

    def test_each_field_with_each_value_is_refused_by_name(self):
        good = {'end_time': self.time(5), 'price': '1'}
        for field, values in FIELDS.items():
            for value in values:
                response = self.place(json.dumps({**good, field: value}))
                answer = ascii((field, value))[:80]
                self.assertEqual(400, response.status_code, answer)
                detail = base.error(response)['detail']
                self.assertTrue(detail.startswith(field), f'{answer}: {detail}')

    def test_bodies_that_are_no_object(self):
        for body in (
            b'',
            b'[]',
            b'null',
            b'"x"',
            b'{',
            b'{"price": 1,}',
            b'\xff\xfe',
            b'nan',
            b'{"quantity": ' + b'9' * 5000 + b'}',
            b'{"requirements": ' + b'[' * 1000 + b']' * 1000 + b'}',
            b'[' * 50_000 + b']' * 50_000,
        ):
            self.assertEqual(400, self.place(body).status_code, body[:40])

    def test_nesting_at_every_depth(self):
        for depth in (50, 300, 700, 900, 940, 960, 980, 1000, 5000):
            nested = '[' * depth + ']' * depth
            for answer in (nested, f'[["cpus", "eq", {nested}]]'):
                body = f'{{"price": "1", "end_time": "x", "requirements": {answer}}}'
                body = body.replace('"x"', f'"{self.time(5)}"')
                self.assertEqual(400, self.place(body).status_code, depth)

    def test_too_much(self):
        self.assertEqual(413, self.place('{"name": "' + 'x' * 300_000).status_code)

    def test_other_content(self):
        for kind in (
            'text/plain',
            'application/xml',
            'application/x-www-form-urlencoded',
            'multipart/form-data; boundary=x',
        ):
            status = self.place('price=1', **{'Content-Type': kind}).status_code
            self.assertEqual(415, status, kind)

    def test_no_field_chooses_the_method(self):
        bid = self.bid()
        path = f'/v1/bids/{bid["uuid"]}'
        form = {'Content-Type': 'application/x-www-form-urlencoded'}
        for verb, where, more in (
            ('GET', f'{path}?_method=delete', {}),
            ('POST', f'{path}?_method=delete', {'headers': self.JSON}),
            ('POST', path, {'headers': form, 'data': '_method=delete'}),
        ):
            response = self.renter.request(verb, where, **more)
            self.assertIn(response.status_code, (400, 405, 415))
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])

    def test_methods(self):
        for verb in ('PUT', 'TRACE', 'FOO', 'PATCH', 'DELETE'):
            for path in ('/', '/v1', '/v1/bids', '/v1/offers', '/v1/events'):
                response = self.renter.request(verb, path)
                self.assertEqual(405, response.status_code, (verb, path))

    def test_what_a_provider_says_is_checked_too(self):
        provider = self.at('marketplace', 'acme-member', 'service-service')
        good = {
            'resource_type': 'dummy_node',
            'resource_uuid': 'hostile',
            'properties': {},
            'end_time': self.time(5),
            'price': '1',
        }
        for field, value in (
            ('properties', None),
            ('properties', []),
            ('properties', 'x'),
            ('properties', {'cpus': float('nan')}),
            ('price', None),
            ('end_time', None),
            ('resource_uuid', None),
            ('resource_uuid', 'x' * 256),
            ('project_id', 'umbrella'),
            ('provider_id', 'x'),
            ('status', 'available'),
            ('availabilities', []),
        ):
            response = provider.request(
                'POST',
                '/v1/offers',
                data=json.dumps({**good, field: value}),
                headers=self.JSON,
            )
            self.assertEqual(400, response.status_code, field)
            self.assertTrue(base.error(response)['detail'].startswith(field))


class BrokenTest(base.MarketplaceTestCase):
    def test_an_error_of_ours_tells_nothing(self):
        with self.marketplace.database.engine.begin() as connection:
            connection.execute(sa.text('DROP TABLE bids'))
        response = self.market('umbrella-member').get('/v1/bids')
        self.assertEqual(500, response.status_code)
        answer = base.error(response)
        self.assertEqual('flocx.internal', answer['code'])
        self.assertRegex(answer['request_id'], '^req-')
        for word in ('bids', 'sqlite', 'Traceback', 'SELECT'):
            self.assertNotIn(word, response.text)
