# SPDX-License-Identifier: Apache-2.0
"""Callers who want to be somebody else, or to know what is not theirs."""

import re
import uuid

from oslo_utils import uuidutils
import sqlalchemy as sa

from tests.functional import base

OFFER = {
    *('uuid', 'name', 'project_id', 'resource_type', 'resource_class', 'properties'),
    *('start_time', 'end_time', 'price', 'status', 'availabilities', 'cleaned_by'),
    *('created_at', 'updated_at'),
    *('reclaim_notice', 'turnaround', 'min_length', 'max_length'),
    *('ask_schedule', 'ask_falls', 'block', 'block_size'),
}
INSIDE = {
    *('provider_id', 'resource_uuid', 'lessee_id', 'sublet_of', 'reason', 'generation')
}
BID = {
    *('uuid', 'name', 'project_id', 'quantity', 'min_quantity', 'start_time'),
    *('end_time', 'duration', 'price', 'requirements', 'resource_class', 'purpose'),
    *('status', 'contract_uuid', 'generation', 'outlook', 'created_at', 'updated_at'),
    *('min_reclaim_notice', 'alternatives', 'alternative', 'group_by', 'group_value'),
    *('spread_by', 'spread_max', 'extend_until', 'extend_max_price', 'parts'),
    *('interruptible_notice', 'on_displaced'),
}
#: What of a contract is its renter's business.
OF_RENTER = {
    *('purpose', 'bid_uuid'),
    *('extend_until', 'extend_max_price', 'extend_refusal', 'on_displaced'),
}
CONTRACT = {
    *('uuid', 'name', 'bid_uuid', 'project_id', 'purpose', 'start_time', 'end_time'),
    *('status', 'lines', 'generation', 'created_at', 'updated_at'),
    'interruptible_notice',
    *OF_RENTER,
}
LINE = {
    *('uuid', 'offer_uuid', 'owner_id', 'provider_id', 'resource_type'),
    *('resource_uuid', 'resource_class', 'price', 'start_time', 'end_time', 'status'),
    # Whom it is rented from has it from another: that much the renter may know.
    *('fulfill_time', 'expire_time', 'reason', 'sublet_of', 'power_on'),
    *('price_segments', 'notice_seconds', 'part'),
    # What both have agreed on, and what became of it.
    *('reclaim_notice', 'reclaim_time', 'reclaim_deadline'),
    # How the price was made, to both parties.
    *('price_rule', 'ask', 'displaced', 'round_uuid'),
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
        'acme-reader': CONTRACT - OF_RENTER,
        'initech-manager': set(),
        'service-service': CONTRACT - OF_RENTER,
        'operator-admin': CONTRACT,
    },
}

#: What a caller might say of themselves.
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

    def market(self, token):
        caller = super().market(token)
        caller.headers['OpenStack-API-Version'] = 'marketplace latest'
        return caller

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
                shown = self.market(who).get(f'/v1/{kind}/{thing["uuid"]}')
                found = set(shown.json()) - {'errors'}
                self.assertEqual(fields, found, (what, who))
                for line in shown.json().get('lines', ()):
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
            shown = self.market(who).get('/v1/events', object_uuid=bid['uuid'])
            self.assertTrue(shown.json()['events'])
            for event in shown.json()['events']:
                self.assertEqual(EVENT, set(event))
            self.assertNotIn('7.12345', shown.text)
        for who in ('acme-manager', 'initech-manager', 'service-service'):
            shown = self.market(who).get('/v1/events', object_uuid=bid['uuid'])
            self.assertNotIn(bid['uuid'], shown.text)

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

    def test_nobody_is_what_they_say_of_themselves(self):
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
        body = {'status': 'error', 'reason': 'x'}
        self.assertEqual(404, other.patch(health, body).status_code)

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
        body = {'end_time': self.time(5), 'price': '0.5', 'name': 'replayed'}
        headers = {'Idempotency-Key': uuidutils.generate_uuid()}
        market = self.market('umbrella-member')
        answers = [market.post('/v1/bids', body, headers=headers) for _ in range(3)]
        self.assertEqual(1, len({answer.json()['uuid'] for answer in answers}))
        # Somebody else's key is their own, and tells nothing of this one.
        other = self.market('initech-member').post('/v1/bids', body, headers=headers)
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
    def refusal(self, answer, ident):
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
                    self.refusal(
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
        """For both the same statements are executed, so both take as long."""
        stranger = self.market('initech-member')
        engine, executed = self.marketplace.database.engine, []

        def keep(connection, cursor, statement, *_):
            executed.append(statement)

        def statements(path):
            executed.clear()
            stranger.get(path)
            return list(executed)

        sa.event.listen(engine, 'before_cursor_execute', keep)
        self.addCleanup(sa.event.remove, engine, 'before_cursor_execute', keep)
        for kind, known in self.foreign().items():
            mine, nothing = (
                statements(f'/v1/{kind}/{ident}') for ident in (known, uuid.uuid4())
            )
            self.assertTrue(mine)
            self.assertEqual(nothing, mine)
