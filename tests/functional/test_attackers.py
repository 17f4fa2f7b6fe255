# SPDX-License-Identifier: Apache-2.0
"""Callers who want to be somebody else, to know what is not theirs, or to burden."""

import json
import re
import resource
import statistics
import time
from unittest import mock
import uuid

from oslo_utils import uuidutils
import sqlalchemy as sa

from flocx.core import expressions
from market.api import hardware
from market.db import schema
from tests.functional import base

OFFER = {
    *('uuid', 'name', 'project_id', 'resource_type', 'resource_class', 'properties'),
    *('start_time', 'end_time', 'price', 'status', 'availabilities'),
    *('created_at', 'updated_at'),
}
INSIDE = {
    *('provider_id', 'resource_uuid', 'lessee_id', 'sublet_of', 'reason', 'generation')
}
BID = {
    *('uuid', 'name', 'project_id', 'quantity', 'min_quantity', 'start_time'),
    *('end_time', 'duration', 'price', 'requirements', 'resource_class', 'purpose'),
    *('status', 'contract_uuid', 'generation', 'outlook', 'created_at', 'updated_at'),
}
CONTRACT = {
    *('uuid', 'name', 'bid_uuid', 'project_id', 'purpose', 'start_time', 'end_time'),
    *('status', 'lines', 'generation', 'created_at', 'updated_at'),
}
LINE = {
    *('uuid', 'offer_uuid', 'owner_id', 'provider_id', 'resource_type'),
    *('resource_uuid', 'resource_class', 'price', 'start_time', 'end_time', 'status'),
    # Whom it is rented from has it from another: that much the renter may know.
    *('fulfill_time', 'expire_time', 'reason', 'sublet_of'),
}
EVENT = {
    *('id', 'type', 'time', 'object_type', 'object_uuid', 'project_id', 'owner_id'),
    'payload',
}

#: {object: {persona: the fields that it may see}}; an empty set means 404.
FIELDS = {
    'offer': {
        'acme-reader': OFFER | INSIDE,
        'umbrella-reader': OFFER,
        'acme-lab-reader': OFFER,
        'service-service': OFFER | INSIDE,
        'operator-admin': OFFER | INSIDE,
    },
    'targeted': {
        'acme-reader': OFFER | INSIDE,
        'acme-lab-reader': OFFER | {'lessee_id'},
        'umbrella-reader': set(),
        'operator-admin': OFFER | INSIDE,
    },
    'bid': {
        'umbrella-reader': BID,
        'acme-manager': set(),
        'initech-manager': set(),
        'operator-admin': BID,
    },
    'contract': {
        'umbrella-reader': CONTRACT,
        'acme-reader': CONTRACT,
        'initech-manager': set(),
        'service-service': CONTRACT,
        'operator-admin': CONTRACT,
    },
}

#: What a caller might say of himself.
CLAIMS = {
    'X-Project-Id': 'acme',
    'X-Project-Name': 'acme',
    'X-Tenant-Id': 'acme',
    'X-User-Id': 'acme-member',
    'X-Roles': 'admin,service,member,reader',
    'X-Role': 'admin',
    'X-Is-Admin-Project': 'True',
    'X-Identity-Status': 'Confirmed',
    'X-Service-Identity-Status': 'Confirmed',
    'X-Service-User-Id': 'service-service',
    'X-Service-Project-Id': 'service',
    'X-Service-Roles': 'service',
    'X-System-Scope': 'all',
    'X-Domain-Id': 'default',
    'REMOTE_USER': 'operator-admin',
}


class FieldsTest(base.MarketplaceTestCase):
    maxDiff = None

    def test_what_of_each_object_each_persona_sees(self):
        things = {
            'offer': ('offers', self.offer()),
            'targeted': ('offers', self.offer(lessee_id='acme-lab')),
            'bid': ('bids', self.bid(price='0.5', name='sealed')),
        }
        sold = self.offer()['uuid']
        claimed = self.market('umbrella-member').post(f'/v1/offers/{sold}/claim')
        things['contract'] = 'contracts', self.good(claimed)
        for what, (kind, thing) in things.items():
            for who, fields in FIELDS[what].items():
                said = self.market(who).get(f'/v1/{kind}/{thing["uuid"]}')
                found = set(said.json()) - {'errors'}
                self.assertEqual(fields, found, (what, who))
                for line in said.json().get('lines', ()):
                    self.assertEqual(LINE, set(line), who)
                listed = self.market(who).get(f'/v1/{kind}', uuid=thing['uuid'])
                inside = [set(each) for each in listed.json()[kind]]
                expected = [fields - {'outlook'}] if fields else []
                self.assertEqual(
                    expected, [each - {'outlook'} for each in inside], (what, who)
                )

    def test_events_have_no_price_of_a_bid(self):
        bid = self.bid(price='7.123456')
        self.good(
            self.market('umbrella-member').patch(
                f'/v1/bids/{bid["uuid"]}', {'price': '7.123457'}
            ),
            200,
        )
        for who in ('umbrella-reader', 'operator-admin'):
            said = self.market(who).get('/v1/events', object_uuid=bid['uuid'])
            self.assertTrue(said.json()['events'])
            for event in said.json()['events']:
                self.assertEqual(EVENT, set(event))
            self.assertNotIn('7.12345', said.text)
        for who in ('acme-manager', 'initech-manager', 'service-service'):
            said = self.market(who).get('/v1/events', object_uuid=bid['uuid'])
            self.assertNotIn(bid['uuid'], said.text)

    def test_the_log_has_no_ceiling_and_no_key(self):
        self.bid(price='7.987654')
        self.market('umbrella-member').post(
            '/v1/bids',
            {'end_time': self.time(5), 'price': '7.987654', 'quantity': 0},
            headers={'Idempotency-Key': 'a-key-of-mine'},
        )
        self.round()
        log = (self.marketplace.folder / 'flocx.log').read_text()
        self.assertIn('POST /v1/bids', log)
        for secret in ('7.98765', 'a-key-of-mine', 'password'):
            self.assertNotIn(secret, log)


class IdentityTest(base.MarketplaceTestCase):
    def offered(self):
        return {
            'resource_type': 'dummy_node',
            'resource_uuid': str(uuid.uuid4()),
            'properties': {},
            'end_time': self.time(5),
            'price': '1',
        }

    def test_nobody_is_what_he_says_of_himself(self):
        bid = self.bid('acme-member', price='0.5')
        path = f'/v1/bids/{bid["uuid"]}'
        nobody, other = self.market(None), self.market('umbrella-member')
        for headers in ({name: value} for name, value in CLAIMS.items()):
            self.assertEqual(401, nobody.request('GET', path, headers).status_code)
            self.assertEqual(404, other.request('GET', path, headers).status_code)
        self.assertEqual(401, nobody.request('GET', path, CLAIMS).status_code)
        self.assertEqual(404, other.request('DELETE', path, CLAIMS).status_code)
        spoofed = {name.replace('-', '_'): value for name, value in CLAIMS.items()}
        self.assertEqual(404, other.request('GET', path, spoofed).status_code)
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])
        for kind in ('marketplace-matcher', 'marketplace-provider'):
            answer = self.at(kind, None).request('GET', '/v1/rounds', CLAIMS)
            self.assertEqual(401, answer.status_code)

    def test_only_a_service_vouches_for_a_server(self):
        for token, service_token in (
            ('umbrella-member', None),
            ('umbrella-member', 'umbrella-member'),
            ('umbrella-member', 'operator-admin'),
            ('umbrella-member', 'acme-manager'),
            ('umbrella-member', 'nonsense'),
            ('umbrella-member', ''),
            ('service-service', None),
            ('nonsense', 'service-service'),
        ):
            market = self.at('marketplace', token, service_token)
            answer = market.post('/v1/offers', self.offered())
            self.assertIn(answer.status_code, (401, 403), (token, service_token))
            spoofed = market.post('/v1/offers', self.offered(), headers=CLAIMS)
            self.assertIn(spoofed.status_code, (401, 403), (token, service_token))
        good = self.at('marketplace', 'umbrella-member', 'service-service')
        self.assertEqual(201, good.post('/v1/offers', self.offered()).status_code)

    def test_a_service_reports_only_what_it_delivers(self):
        sold = self.offer()['uuid']
        contract = self.good(
            self.market('umbrella-member').post(f'/v1/offers/{sold}/claim')
        )
        line = contract['lines'][0]['uuid']
        path = f'/v1/contracts/{contract["uuid"]}/lines/{line}'
        other = self.market('service-service2')
        for caller, status in ((other, 404), (self.market('umbrella-member'), 403)):
            answer = caller.patch(path, {'status': 'ended'})
            self.assertEqual(status, answer.status_code)
        both = self.at('marketplace', 'umbrella-member', 'service-service')
        self.assertEqual(403, both.patch(path, {'status': 'ended'}).status_code)
        health = f'/v1/offers/{sold}/health'
        said = {'status': 'error', 'reason': 'x'}
        self.assertEqual(404, other.patch(health, said).status_code)

    def test_a_token_that_was_revoked(self):
        token = 'umbrella-member3'
        mine = self.market(token)
        self.marketplace.keystone.revoked.add(token)
        for _ in range(2):
            self.assertEqual(401, mine.get('/v1/bids').status_code)
        self.assertEqual(401, self.provider(token).get('/v1/nodes').status_code)
        self.marketplace.keystone.revoked.add('service-service4')
        late = self.at('marketplace', 'umbrella-member', 'service-service4')
        self.assertEqual(401, late.post('/v1/offers', self.offered()).status_code)

    def test_a_request_that_is_replayed_is_done_once(self):
        said = {'end_time': self.time(5), 'price': '0.5', 'name': 'replayed'}
        headers = {'Idempotency-Key': uuidutils.generate_uuid()}
        market = self.market('umbrella-member')
        answers = [market.post('/v1/bids', said, headers=headers) for _ in range(3)]
        self.assertEqual(1, len({answer.json()['uuid'] for answer in answers}))
        # Somebody else's key is his own, and tells nothing of this one.
        other = self.market('initech-member').post('/v1/bids', said, headers=headers)
        self.assertNotEqual(answers[0].json()['uuid'], other.json()['uuid'])

    def test_no_header_changes_where_links_lead(self):
        for number in range(2):
            self.bid(price='0.5', name=f'linked-{number}')
        answer = self.market('umbrella-member').request(
            'GET',
            '/v1/bids?limit=1',
            {'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Prefix': '/evil'},
        )
        self.assertTrue(answer.json()['bids_links'])
        self.assertNotIn('evil', answer.text)


class EnumerationTest(base.MarketplaceTestCase):
    def said(self, answer, ident):
        """The answer without what tells one request from another."""
        text = re.sub(r'req-[0-9a-f-]{36}', '', answer.text.replace(ident, ''))
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() not in ('date', 'x-openstack-request-id', 'content-length')
        }
        return answer.status_code, text, headers

    def foreign(self):
        sold = self.offer()['uuid']
        claimed = self.market('umbrella-member').post(f'/v1/offers/{sold}/claim')
        return {
            'offers': self.offer(lessee_id='acme-lab')['uuid'],
            'bids': self.bid(price='0.5')['uuid'],
            'contracts': self.good(claimed)['uuid'],
        }

    def test_what_is_not_yours_is_as_if_it_were_not(self):
        stranger = self.market('initech-member')
        for kind, known in self.foreign().items():
            unknown = str(uuid.uuid4())
            for method, body, tail in (
                ('GET', None, ''),
                ('DELETE', None, ''),
                ('PATCH', {'end_time': self.time(9)}, ''),
                *([('POST', {}, '/claim')] if kind == 'offers' else []),
            ):
                told = [
                    self.said(
                        stranger.request(
                            method, f'/v1/{kind}/{ident}{tail}', json=body
                        ),
                        ident,
                    )
                    for ident in (known, unknown)
                ]
                self.assertEqual(404, told[0][0], (kind, method))
                self.assertEqual(told[0], told[1], (kind, method))
            marked = stranger.get(f'/v1/{kind}', marker=known)
            self.assertEqual(400, marked.status_code)

    def test_nor_does_the_time_tell(self):
        stranger, times = self.market('initech-member'), {}
        known = self.foreign()['bids']
        for _ in range(25):
            for ident in (known, str(uuid.uuid4())):
                started = time.perf_counter()
                stranger.get(f'/v1/bids/{ident}')
                times.setdefault(ident == known, []).append(
                    time.perf_counter() - started
                )
        mine, nothing = (statistics.median(times[each]) for each in (True, False))
        # Both look for one row by an index; what a busy machine adds, it adds to both.
        self.assertLess(abs(mine - nothing), max(0.005, 0.5 * min(mine, nothing)))


class BoundedTestCase(base.MarketplaceTestCase):
    """What a test asks takes so many seconds, and so much memory, and no more."""

    OPTIONS = (
        ('quota', 'open_bids', '20000'),
        ('matcher', 'allocation', 'immediate'),
    )
    SECONDS, MEGABYTES = 20, 300

    def setUp(self):
        super().setUp()
        self.started, self.before = time.monotonic(), self.peak()

    def tearDown(self):
        self.assertLess(time.monotonic() - self.started, self.SECONDS)
        self.assertLess(self.peak() - self.before, self.MEGABYTES)
        super().tearDown()

    @staticmethod
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class BurdenTest(BoundedTestCase):
    """What is too much is a 4xx that says what is wrong."""

    def place(self, **said):
        good = {'end_time': self.time(5), 'price': '1'}
        return self.market('umbrella-member').post('/v1/bids', {**good, **said})

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
            said = json.dumps(triple)[:60]
            self.assertIn(answer.status_code, (400, 413), said)
            detail = base.error(answer)['detail']
            self.assertLess(len(detail), 2000, said)
            if answer.status_code == 400:
                self.assertRegex(detail, '^(requirements|The body)', said)

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
        said = {'requirements': heavy, 'price': '9'}
        waiting = self.good(self.place(**said))
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
        late = self.place(end_time='8999-12-31T23:59:59+23:59', price='0')
        self.assertEqual(201, late.status_code, late.text)

    def test_money(self):
        for price in ('1e400', '1e-400', '-1e-7', '9' * 40, '9' * 41, '0x10', '1,5'):
            answer = self.place(price=price)
            self.assertEqual(400, answer.status_code, price)
            self.assertRegex(base.error(answer)['detail'], '^price')
        for price in ('-0', '0e5', '+1.50', '1E0'):
            said = self.good(self.place(price=price))['price']
            self.assertRegex(said, r'^\d+\.\d{6}$')

    def test_names_of_all_scripts(self):
        for name in (
            'Ångström',
            'A\u030angstro\u0308m',
            '\u0645\u0631\u062d\u0628\u0627',
            '\U0001f984' * 255,
            "Robert'); DROP TABLE bids;--",
            '<script>alert(1)</script>',
            '{{7*7}}${7*7}%s%n',
            '../../etc/passwd',
            'null',
            '=1+1',
        ):
            said = self.place(name=name)
            self.assertEqual(201, said.status_code, ascii(name)[:60])
            self.assertEqual(name, said.json()['name'])
            found = self.market('umbrella-member').get('/v1/bids', name=f'eq:{name}')
            self.assertEqual(1, len(found.json()['bids']), ascii(name)[:60])
        for name in ('a\u202eb', 'a\u0000b', '\ud800', '\U0001f984' * 256, 'a\r\nb: c'):
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
        started = time.monotonic()
        done = self.round()
        self.assertEqual((self.MANY, 1), (done.bids, done.contracts))
        self.assertLess(time.monotonic() - started, 60)
        started = time.monotonic()
        listed = self.market('umbrella-member').get('/v1/bids', limit=1000)
        self.assertEqual(1000, len(listed.json()['bids']))
        self.assertLess(time.monotonic() - started, 10)
        # Others are served meanwhile.
        self.assertEqual(
            201,
            self.market('initech-member')
            .post('/v1/bids', {'end_time': self.time(5), 'price': '1'})
            .status_code,
        )
