# SPDX-License-Identifier: Apache-2.0
"""Requests that are to cost others time: each takes some, and little memory."""

import json
import resource
from unittest import mock
import uuid

import sqlalchemy as sa

from flocx.core import expressions
from market.api import hardware
from market.db import schema
from tests.functional import base


class BoundedTestCase(base.MarketplaceTestCase):
    """What a test asks takes so much memory and no more, and comes to an end."""

    OPTIONS = (
        ('quota', 'open_bids', '20000'),
        ('matcher', 'allocation', 'immediate'),
    )
    MEGABYTES = 300

    def setUp(self):
        super().setUp()
        self.before = self.peak()

    def tearDown(self):
        self.assertLess(self.peak() - self.before, self.MEGABYTES)
        super().tearDown()

    @staticmethod
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class BurdenTest(BoundedTestCase):
    """What is too much is a 4xx that says what is wrong."""

    def place(self, **fields):
        good = {'end_time': self.time(5), 'price': '1'}
        return self.market('umbrella-member').post('/v1/bids', {**good, **fields})

    def test_queries_of_hardware(self):
        deep = 'a'
        for _ in range(60):
            deep = f'[{deep}]'
        for triple in (
            ['.'.join('a' * 2000), '==', 1],
            ['(' * 200 + 'a' + ')' * 200, '==', 1],
            ['[*]' * 500, '==', 1],
            [deep * 5, '==', 1],
            ['||'.join('a' * 1000), '==', 1],
            ['`' + '[' * 500 + ']' * 500 + '`', '==', 1],
            ["'" + 'x' * 100_000 + "'", 'eq', 'x'],
            ['name', 'matches', '(a{1000}){1000}'],
            ['name', 'matches', '(?:' * 1500 + 'a' + ')' * 1500],
            ['name', 'matches', 'x{1001}'],
            ['name', 'matches', r'(a+)+\1$'],
            ['name', 'matches', '(?=a)'],
            ['name', 'in', list(range(100_000))],
            ['cpus', '>', 10**4000],
            ['cpus', '>', 'x' * 50_000],
            ['nothing(a)', '==', 1],
        ):
            answer = self.place(requirements=[triple])
            message = json.dumps(triple)[:60]
            self.assertIn(answer.status_code, (400, 413), message)
            detail = base.error(answer)['detail']
            self.assertLess(len(detail), 2000, message)
            if answer.status_code == 400:
                self.assertRegex(detail, '^(requirements|The body)', message)

    def test_queries_that_are_allowed_and_heavy(self):
        self.offer()
        for expression, operator, operand in (
            ('sort_by(inventory.disks, &size)[*].{a: size, b: name} | [0].a', '>', 1),
            ('inventory.*.*.*.*.*.*', 'null', None),
            ('map(&map(&map(&@, @), @), [[[cpus]]])', 'contains', 1),
            ('name', 'matches', '((a*)*)*$'),
            ('name', 'matches', '(.*)(.*)(.*)(.*)(.*)(.*)(.*)x$'),
        ):
            triple = [expression, None if operator == 'null' else operator, operand]
            answer = self.place(requirements=[triple] * 8, price='9')
            self.assertIn(answer.status_code, (201, 400), expression)
        self.round()

    def test_what_takes_long_to_judge_is_judged_once(self):
        classes = 6
        for cpus in range(classes):
            node = self.add_node(owner='acme', properties={'cpus': cpus})
            self.offer(node=node)
        side = 'cpus' + '|[@,@]' * 10
        heavy = [[f'`{number}` && ({side}) == ({side})', None] for number in range(32)]
        message = {'requirements': heavy, 'price': '9'}
        waiting = self.good(self.place(**message))
        steps, find = [], expressions.find

        def counted(expression, document):
            found = find(expression, document)
            steps.append(found[1])
            return found

        engine = self.new_engine()
        with mock.patch.object(expressions, 'find', counted):
            engine.run(self.clock())
            self.assertLess(0, sum(steps))
            self.assertLess(sum(steps), 2.1 * expressions.MAX_STEPS * classes)
            steps.clear()
            for _ in range(2):
                self.place(price='0.1', resource_class='none-has-it')
                engine.note('bid', waiting['uuid'])
                engine.run(self.clock())
            self.assertEqual([], steps)
        outlook = self.show('bids', waiting['uuid'])['outlook']
        self.assertEqual('hardware', outlook['reason'])
        # A list tries them again, and has no more patience than is good for others.
        for most, status in ((expressions.MAX_STEPS, 400), (hardware.MOST_STEPS, 200)):
            with mock.patch.object(hardware, 'MOST_STEPS', most):
                answer = self.market('umbrella-member').get(
                    '/v1/offers', requirements=json.dumps(heavy)
                )
            self.assertEqual(status, answer.status_code, answer.text)

    def test_times(self):
        for field in ('start_time', 'end_time'):
            for value in (
                '2027-06-30T23:59:60Z',
                '2027-01-01T24:00:01Z',
                '9999-12-31T23:59:59Z',
                '9001-01-01T00:00:00Z',
                '10000-01-01T00:00:00Z',
                '-2027-01-01T00:00:00Z',
                '0000-01-01T00:00:00Z',
                '2027-01-01T00:00:00+24:00',
                '2027-01-01T00:00:00+99:99',
                '2027-01-01T00:00:00 Europe/Berlin',
                '2027-01-01T00:00:00ZZ',
                '\u0662\u0660\u0662\u0667-01-01T00:00:00Z',
                '2027-01-01T00:00:00' + '0' * 5000 + 'Z',
            ):
                answer = self.place(**{field: value})
                self.assertEqual(400, answer.status_code, (field, value[:40]))
                self.assertRegex(base.error(answer)['detail'], f'^{field}')
        # Nothing is wrong with the time; only that it is so far ahead.
        late = self.place(
            end_time='8999-12-31T23:59:59+23:59', price='0', duration=3600
        )
        self.assertIn('(max_lead)', base.error(late)['detail'])

    def test_money(self):
        refused = ('1e400', '1e-400', '-1e-7', '9' * 40, '9' * 41, '0x10', '1,5')
        for price in (*refused, '-0', '0e5', '+1.50', '1E0', '1.', '.5', '1e2'):
            answer = self.place(price=price)
            self.assertEqual(400, answer.status_code, price)
            self.assertRegex(base.error(answer)['detail'], '^price')
        for price in ('0', '00.50', '1.500000'):
            message = self.good(self.place(price=price))['price']
            self.assertRegex(message, r'^\d+\.\d{6}$')

    def test_names_of_all_scripts(self):
        for name in (
            'Ångström',
            'A\u030angstro\u0308m',
            '\u0645\u0631\u062d\u0628\u0627',
            '\U0001f984' * 255,
            "Robert') or '1'='1' --",
            '<script>alert(1)<script>',
            '{{7*7}}${7*7}',
            'null',
            '=1+1',
        ):
            message = self.place(name=name)
            self.assertEqual(201, message.status_code, ascii(name)[:60])
            self.assertEqual(name, message.json()['name'])
            found = self.market('umbrella-member').get('/v1/bids', name=f'eq:{name}')
            self.assertEqual(1, len(found.json()['bids']), ascii(name)[:60])
        for name in (
            'a\u202eb',
            'a\u0000b',
            '\ud800',
            '\U0001f984' * 256,
            'a\r\nb: c',
            '../../etc/passwd',
            "Robert'); DROP TABLE bids;--",
        ):
            body = json.dumps({'end_time': self.time(5), 'price': '1', 'name': name})
            answer = self.market('umbrella-member').request(
                'POST', '/v1/bids', {'Content-Type': 'application/json'}, data=body
            )
            self.assertEqual(400, answer.status_code, ascii(name)[:60])

    def test_headers(self):
        bid = self.bid(price='0.5')
        for headers, status in (
            ({'If-Match': '"' + '9' * 5000 + '"'}, (400, 409)),
            ({'If-Match': 'x' * 8000}, (400,)),
            ({'OpenStack-API-Version': 'marketplace 99.99'}, (406,)),
            ({'OpenStack-API-Version': 'x' * 5000}, (200, 204, 400, 406)),
            ({'X-Auth-Token': 'x' * 9000}, (401,)),
            ({'X-OpenStack-Request-ID': 'x' * 9000, 'If-Match': '"9"'}, (409,)),
        ):
            answer = self.market('umbrella-member').request(
                'DELETE', f'/v1/bids/{bid["uuid"]}', headers
            )
            self.assertIn(answer.status_code, status, str(headers)[:60])
            self.assertLess(len(answer.text), 10_000)
        for key in ('', 'x' * 256, 'a\tb'):
            answer = self.market('umbrella-member').post(
                '/v1/bids',
                {'end_time': self.time(5), 'price': '1'},
                headers={'Idempotency-Key': key},
            )
            self.assertEqual(400, answer.status_code, key[:20])


class CrowdTest(BoundedTestCase):
    """Ten thousand open bids of one project, which cannot all be filled."""

    SECONDS, MANY = 90, 10_000

    def test_a_round_and_a_list(self):
        pattern = self.bid(price='3', hours=20)
        with self.marketplace.database.engine.begin() as connection:
            row = dict(
                connection.execute(
                    sa.select(schema.bids).where(schema.bids.c.uuid == pattern['uuid'])
                )
                .one()
                ._mapping
            )
            del row['id']
            connection.execute(
                sa.insert(schema.bids),
                [
                    {**row, 'uuid': str(uuid.uuid4()), 'name': f'crowd-{number}'}
                    for number in range(self.MANY - 1)
                ],
            )
        self.offer(hours=24)
        done = self.round()
        self.assertEqual((self.MANY, 1), (done.bids, done.contracts))
        listed = self.market('umbrella-member').get('/v1/bids', limit=1000)
        self.assertEqual(1000, len(listed.json()['bids']))
        # Others are served meanwhile.
        self.assertEqual(
            201,
            self.market('initech-member')
            .post('/v1/bids', {'end_time': self.time(5), 'price': '1'})
            .status_code,
        )
