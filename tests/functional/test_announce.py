# SPDX-License-Identifier: Apache-2.0
"""Every change is announced once, after the commit, and never after a rollback."""

import collections
import re
import threading
import types

from oslo_db import exception as db_exc
import sqlalchemy as sa

from flocx import announce
from flocx import context
from flocx import db
from flocx import rpc
from flocx import rpcapi
from flocx.core import ledger
from market import bookkeeping
from market import departures
from market import organisations
from market import projects
from market import quotas
from market import service as market_service
from market import standing_demands
from market.db import bids
from market.db import purge
from market.db import schema
from tests import fixtures
from tests.functional import base

OWNER, LESSEE, SUBLESSEE = 'acme-member', 'umbrella-member', 'initech-member'
#: Two providers; each is known by the account that it uses.
PROVIDERS = 'service-service', 'service-service2'

_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


class Receivers:
    """An engine and two providers, by real messages; and what they were told."""

    def __init__(self, transport):
        self._told = threading.Condition()
        self._all = collections.Counter()
        topics = {rpcapi.MatcherAPI.TOPIC: self._engine()} | {
            rpcapi.ProviderAPI.topic(name): self._provider(name) for name in PROVIDERS
        }
        self.servers = [
            rpc.server(transport, topic, 'here', [endpoint])
            for topic, endpoint in topics.items()
        ]

    def add(self, *what):
        with self._told:
            self._all[what] += 1
            self._told.notify_all()

    def wait(self, wanted, seconds):
        """Whether all of ``wanted`` has been told by then."""
        with self._told:
            return self._told.wait_for(lambda: wanted <= set(self._all), seconds)

    def take(self):
        """What was told since the last time, and how often."""
        with self._told:
            told, self._all = self._all, collections.Counter()
        return told

    def _engine(self):
        def changed(context, changes):
            for change in changes:
                self.add('engine', change['resource_type'], change['uuid'])

        return types.SimpleNamespace(
            target=rpc.messaging.Target(version=rpcapi.MatcherAPI.VERSION),
            changed=changed,
        )

    def _provider(self, name):
        def contract_changed(context, contract_uuid):
            self.add(name, 'contract', contract_uuid)

        return types.SimpleNamespace(
            target=rpc.messaging.Target(version=rpcapi.ProviderAPI.VERSION),
            contract_changed=contract_changed,
        )


class Recorded(base.Caller):
    """Takes down which operations were called, uuids as ``*``."""

    operations = set()

    def request(self, method, path, *args, **kwargs):
        self.operations.add((method.lower(), _UUID.sub('*', path)))
        return super().request(method, path, *args, **kwargs)


def rows():
    """The statement for each table that reads all of it."""
    return {table.name: sa.select(table) for table in schema.metadata.sorted_tables}


class EveryChangeTest(base.MarketplaceTestCase):
    # So that what is sent last is received last.
    OPTIONS = (
        ('DEFAULT', 'executor_thread_pool_size', '1'),
        ('contracts', 'maintenance_notice', '0'),
    )

    def setUp(self):
        super().setUp()
        self.written, self.last = set(), 0
        self.receivers = Receivers(self.marketplace.transport)
        for server in self.receivers.servers:
            server.start()
            self.addCleanup(server.stop)
        while not self.heard_all(1):
            # The receivers do not listen yet.
            pass
        self.receivers.take()

    def at(self, kind, token, service_token=None):
        called = super().at(kind, token, service_token)
        called.__class__ = Recorded
        return called

    # What there is, and what was told

    def rows(self):
        """{table: {key: row}} of all that is in the database."""
        with self.marketplace.database.reader() as session:
            return {
                name: {row[0]: dict(row._mapping) for row in session.execute(statement)}
                for name, statement in rows().items()
            }

    def heard_all(self, seconds=30):
        """Whether something that is sent now is received: all before it was, too."""
        self.last += 1
        session = types.SimpleNamespace(info={})
        mark = f'mark-{self.last}'
        announce.record(session, 'contract', mark, 'marked', PROVIDERS)
        self.marketplace.database._listeners[0](session.info)
        marks = {(name, 'contract', mark) for name in ('engine', *PROVIDERS)}
        return self.receivers.wait(marks, seconds)

    def told(self):
        self.assertTrue(self.heard_all())
        return {
            what: times
            for what, times in self.receivers.take().items()
            if not what[2].startswith('mark-')
        }

    def changed(self, before, after):
        """What has to be told, each once, where the database was and is like this."""
        wanted, taken = set(), set()
        changes = {
            name: [
                (before[name].get(key), row)
                for key, row in table.items()
                if row != before[name].get(key)
            ]
            for name, table in after.items()
        }
        self.written |= {name for name in changes if changes[name]}
        # What is planned for a server is told with each of its open offers.
        planned = {row['resource_uuid'] for _, row in changes['maintenances']}
        for was, row in changes['offers']:
            if (
                was
                and row['resource_uuid'] not in planned
                and {name for name in row if row[name] != was[name]}
                <= {
                    'generation',
                    'updated_at',
                }
            ):
                # A contract has taken, or takes longer, some of its time.
                taken.add(row['uuid'])
            else:
                wanted.add(('engine', 'offer', row['uuid']))
        wanted |= {('engine', 'bid', row['uuid']) for _, row in changes['bids']}
        # What a line was charged, or its renter has switched, changes nothing that is
        # done for it.
        lines = [
            row
            for was, row in changes['contract_lines']
            if not was
            or {name for name in row if row[name] != was[name]}
            - {'hold', 'charged', 'power_on'}
        ]
        # Who keeps what was made of a line looks at nothing else (market/db/leases.py).
        self.assertLessEqual(
            {line['contract_uuid'] for line in lines},
            {
                row['uuid']
                for was, row in changes['contracts']
                if not was or was['generation'] < row['generation']
            },
        )
        by_uuid = {row['uuid']: row for row in after['contract_lines'].values()}
        lines += [by_uuid[row['line_uuid']] for _, row in changes['interruptions']]
        lines += [
            by_uuid[row['line_uuid']]
            for key, row in before['interruptions'].items()
            if key not in after['interruptions'] and row['line_uuid'] in by_uuid
        ]
        for line in lines:
            wanted.add(('engine', 'contract', line['contract_uuid']))
            wanted.add((line['provider_id'], 'contract', line['contract_uuid']))
        for _, row in changes['contracts']:
            wanted.add(('engine', 'contract', row['uuid']))
        self.assertLessEqual(taken, {line['offer_uuid'] for line in lines})
        return dict.fromkeys(wanted, 1)

    def step(self, act, *args, **kwargs):
        """Do something; what it has changed is told once. Return its answer."""
        self.told()
        before = self.rows()
        answer = act(*args, **kwargs)
        wanted = self.changed(before, self.rows())
        self.assertEqual(wanted, self.told(), f'{act} {args} {kwargs}')
        self.latest = wanted
        return answer

    def silent(self, act, *args, **kwargs):
        """Do something that changes nothing that anybody has to be told of."""
        answer = self.step(act, *args, **kwargs)
        self.assertEqual({}, self.latest)
        return answer

    # What people do

    def selling(self, who=OWNER, provider=0, **fields):
        return self.market_of(who, provider).post('/v1/offers', self.terms(**fields))

    def market_of(self, who, provider=0):
        return self.at('marketplace', who, PROVIDERS[provider])

    def terms(self, **fields):
        return {
            'resource_type': 'ironic_node',
            'resource_uuid': f'server-{next(base._NUMBERS)}',
            'resource_class': self.id().rpartition('.')[2],
            'properties': {'cpus': 64},
            'price': '1',
            'end_time': self.time(20),
            **fields,
        }

    def offered(self, *args, **fields):
        return self.good(self.step(self.selling, *args, **fields))

    def bidding(self, **fields):
        terms = {'resource_class': self.id().rpartition('.')[2], **fields}
        return self.step(self.bid, LESSEE, hours=10, **terms)

    def claimed(self, who, offer, **fields):
        path = f'/v1/offers/{offer["uuid"]}/claim'
        return self.good(self.step(self.market(who).post, path, fields))

    def report(self, contract, line, status, reason=None):
        provider = self.market(line['provider_id'])
        path = f'/v1/contracts/{contract["uuid"]}/lines/{line["uuid"]}'
        body = {'status': status} | ({'reason': reason} if reason else {})
        self.good(self.step(provider.patch, path, body), 200)

    # What becomes known of it

    def test_each_change_of_each_table_is_told_once(self):
        offer = self._offers()
        self._bids()
        self._contracts(offer)
        self._reserved()
        self._given_up()
        self._withdrawn()
        self._sublet()
        self._reclaimed()
        self._subscribed()
        self._maintenance()
        self._leases()
        self._given()
        self._webhooks()
        self._standing_demand()
        self._ledger()
        self._project_departs()
        self._time_passes()
        self._terms_change()
        self.assertEqual(
            {table.name for table in schema.metadata.sorted_tables}, self.written
        )
        self.VERSION = 'latest'
        document = self.good(self.market(OWNER).get('/v1/openapi.json'), 200)
        writing = {
            (method, re.sub(r'{\w+}', '*', path))
            for path, operations in document['paths'].items()
            for method in operations
            if method not in ('get', 'parameters') and not path.endswith('/quotes')
        }
        self.assertEqual(set(), writing - Recorded.operations)

    def _offers(self):
        key = {'Idempotency-Key': self.id()}
        seller, terms = self.market_of(OWNER), self.terms()
        offer = self.good(
            self.step(seller.request, 'POST', '/v1/offers', key, json=terms)
        )
        again = self.silent(seller.request, 'POST', '/v1/offers', key, json=terms)
        self.assertEqual(offer, self.good(again))
        path = f'/v1/offers/{offer["uuid"]}'
        self.silent(seller.post, '/v1/offers', terms)
        self.silent(seller.patch, path, {'price': '3', 'generation': 99})
        self.step(self.market(OWNER).patch, path, {'price': '1.5'})
        provider = self.market(PROVIDERS[0])
        self.step(provider.patch, f'{path}/health', {'status': 'error', 'reason': 'x'})
        self.step(provider.patch, f'{path}/health', {'status': 'available'})
        self._republished(f'{path}/hardware')
        many = [self.terms(), self.terms(), terms]
        done = self.good(self.step(seller.post, '/v1/publications', {'offers': many}))
        self.assertEqual(2, len(self.latest))
        withdrawn = done['publications'][0]['offer_uuid']
        self.good(self.step(self.market(OWNER).delete, f'/v1/offers/{withdrawn}'), 204)
        return offer

    def _republished(self, path):
        """Its server is not what it was."""
        send = self.market(PROVIDERS[0]).request
        latest = {'OpenStack-API-Version': 'marketplace 1.1'}
        hardware = {'properties': {'cpus': 32}, 'cleaned_by': 'deploy.erase_devices'}
        hardware['resource_class'] = self.id().rpartition('.')[2]
        self.good(self.step(send, 'PATCH', path, latest, json=hardware), 200)
        self.good(self.silent(send, 'PATCH', path, latest, json=hardware), 200)

    def _withdrawn(self):
        """Contracts end with what their servers were, or whose they were."""
        send = self.market(PROVIDERS[0]).request
        latest = {'OpenStack-API-Version': 'marketplace 1.1'}
        offer = self.offered()
        contract = self.claimed(LESSEE, offer)
        path = f'/v1/offers/{offer["uuid"]}/hardware'
        self.step(send, 'PATCH', path, latest, json={'properties': {'cpus': 2}})
        self.assertIn(('engine', 'contract', contract['uuid']), self.latest)
        self.report(contract, contract['lines'][0], 'cancelled')
        offer = self.offered()
        contract = self.claimed(LESSEE, offer, start_time=self.time(9))
        path = f'/v1/offers/{offer["uuid"]}/health'
        gone = {'status': 'cancelled', 'reason': 'owner_changed'}
        self.step(send, 'PATCH', path, latest, json=gone)
        self.assertIn((PROVIDERS[0], 'contract', contract['uuid']), self.latest)

    def _bids(self):
        waiting = self.bidding(price='0.1')
        path = f'/v1/bids/{waiting["uuid"]}'
        self.step(self.market(LESSEE).patch, path, {'price': '0.2'})
        # Why it waits is taken down, and nobody else's business.
        self.silent(self.round)
        self.step(self.market(LESSEE).delete, path)

    def _contracts(self, offer):
        self.offered(provider=1)
        self.offered()
        self.bidding(quantity=4, price='9')
        self.step(self.round)
        (contract,) = self._open()
        self.assertEqual(
            {*PROVIDERS, 'engine'}, {receiver for receiver, _, _ in self.latest}
        )
        path = f'/v1/contracts/{contract["uuid"]}'
        self.step(self.market(LESSEE).patch, path, {'end_time': self.time(4)})
        line = contract['lines'][0]
        self.report(contract, line, 'active')
        self.assertEqual(
            {line['provider_id'], 'engine'},
            {receiver for receiver, _, _ in self.latest},
        )
        self._console(line)
        # What a provider keeps for itself is nobody else's business.
        self.silent(
            self.market(line['provider_id']).patch,
            f'{path}/lines/{line["uuid"]}/handover',
            {'version': 0, 'data': {}},
        )
        # Nobody does anything because of it.
        self.VERSION = '1.1'
        for power_on in (True, False):
            self.silent(
                self.market(line['provider_id']).patch,
                f'{path}/lines/{line["uuid"]}/power',
                {'power_on': power_on},
            )
        told = {'status': 'error', 'reason': 'lessee_changed'}
        ids = {'contract_uuid': contract['uuid'], 'line_uuid': line['uuid']}
        reports = {'reports': [{**ids, 'report': told}]}
        send = self.market(line['provider_id']).post
        self.good(self.step(send, '/v1/reports', reports), 200)
        self.good(self.silent(send, '/v1/providers', {'report_interval': 60}), 204)
        self.VERSION = None
        self.report(contract, line, 'active')
        self.silent(self.market(OWNER).delete, path)
        dry = {'OpenStack-API-Version': 'marketplace 1.1'}
        release = self.market(LESSEE).request, 'POST', f'{path}/release', dry
        self.good(self.silent(*release, json={'dry_run': True}), 200)
        self.step(self.market(LESSEE).delete, path)
        contract = self.show('contracts', contract['uuid'])
        for line in contract['lines']:
            if line['status'] == 'active':
                self.report(contract, line, 'wait_end')
                self.report(contract, line, 'ended')
            elif line['status'] == 'wait_cancel':
                self.report(contract, line, 'cancelled')

    def _console(self, line):
        """Who may open it, concerns who passes it on, who asks again and again."""
        self.VERSION = '1.1'
        made = self.good(
            self.silent(
                self.market(line['provider_id']).post,
                '/v1/console_tokens',
                {'line_uuid': line['uuid'], 'token_hash': '1' * 64, 'seconds': 60},
            )
        )
        path = f'/v1/console_tokens/{made["uuid"]}'
        self.silent(self.market(LESSEE).delete, path)
        self.VERSION = None

    def _open(self):
        found = self.market(LESSEE).get('/v1/contracts')
        return self.good(found, 200)['contracts']

    def _reserved(self):
        """Time that is given back before it begins."""
        claimed = self.claimed(LESSEE, self.offered(), start_time=self.time(9))
        self.step(self.market(LESSEE).delete, f'/v1/contracts/{claimed["uuid"]}')

    def _given_up(self):
        """A server that cannot be handed over is replaced by the other provider's."""
        self.bidding(price='9', quantity=1)
        self.step(self.round)
        (contract,) = self._open()
        (line,) = contract['lines']
        self.report(contract, line, 'wait_cancel', 'not_delivered')
        old, new = self.show('contracts', contract['uuid'])['lines']
        self.assertIn((new['provider_id'], 'contract', contract['uuid']), self.latest)
        self.report(contract, old, 'cancelled')
        self.step(self.market(LESSEE).delete, f'/v1/contracts/{contract["uuid"]}')

    def _sublet(self):
        """What is sub-let of a line that ends: in other contracts, and other offers."""
        server = {'resource_uuid': 'sublet'}
        parent = self.claimed(LESSEE, self.offered(**server), end_time=self.time(10))
        (line,) = parent['lines']
        self.report(parent, line, 'active')
        server |= {'sublet_of': line['uuid']}
        sold, left = (
            self.offered(
                LESSEE,
                start_time=self.time(start),
                end_time=self.time(start + 2),
                **server,
            )
            for start in (2, 5)
        )
        sub = self.claimed(SUBLESSEE, sold)
        path = f'/v1/contracts/{parent["uuid"]}'
        self.silent(self.market(LESSEE).delete, path)
        self.step(self.market(LESSEE).patch, path, {'end_time': self.time(6)})
        self.assertIn(('engine', 'offer', left['uuid']), self.latest)
        self.report(parent, line, 'wait_end', 'not_delivered')
        for receiver in ('engine', PROVIDERS[0]):
            self.assertIn((receiver, 'contract', sub['uuid']), self.latest)
        self.assertIn(('engine', 'offer', sold['uuid']), self.latest)

    def _subscribed(self):
        """Who reads what is due concerns nobody."""
        self.VERSION = '1.1'
        agenda = self.good(self.silent(self.market(LESSEE).post, '/v1/agendas', {}))
        path = f'/v1/agendas/{agenda["uuid"]}'
        self.good(self.silent(self.market(LESSEE).delete, path), 204)
        self.VERSION = None

    def _reclaimed(self):
        """An owner takes servers back, what is sub-let of them included."""
        self.VERSION = '1.1'
        server = {'resource_uuid': 'reclaimed'}
        offer = self.offered(**server, reclaim_notice=3600)
        agreed = {'min_reclaim_notice': 0}
        parent = self.claimed(LESSEE, offer, end_time=self.time(10), **agreed)
        (line,) = parent['lines']
        self.report(parent, line, 'active')
        sold = self.offered(
            *(LESSEE,),
            start_time=self.time(0.5),
            end_time=self.time(8),
            sublet_of=line['uuid'],
            **server,
        )
        sub = self.claimed(SUBLESSEE, sold, **agreed)
        path = f'/v1/contracts/{parent["uuid"]}'
        self.silent(self.market(LESSEE).post, f'{path}/reclaim')
        self.good(self.step(self.market(OWNER).post, f'{path}/reclaim'), 200)
        for receiver in ('engine', PROVIDERS[0]):
            self.assertIn((receiver, 'contract', sub['uuid']), self.latest)
        self.silent(self.market(OWNER).post, f'{path}/reclaim')
        below = f'/v1/contracts/{sub["uuid"]}/lines/{sub["lines"][0]["uuid"]}'
        self.good(self.step(self.market(SUBLESSEE).delete, below), 204)
        self.VERSION = None

    def _maintenance(self):
        """A planned outage, called off again."""
        self.VERSION = '1.1'
        offer = self.offered()
        self.claimed(LESSEE, offer, end_time=self.time(10))
        body = {
            'offer': offer['uuid'],
            'start_time': self.time(2),
            'end_time': self.time(3),
        }
        path = '/v1/maintenances'
        self.silent(self.market(LESSEE).post, path, body)
        outage = self.good(self.step(self.market(OWNER).post, path, body))
        self.assertIn(('engine', 'offer', offer['uuid']), self.latest)
        self.step(self.market(OWNER).delete, f'{path}/{outage["uuid"]}')
        self.VERSION = None

    def _leases(self):
        """What is done by the API of esi-leap is told as all else is."""
        owner, lessee = self.at('lease', OWNER), self.at('lease', LESSEE)
        offer = {'resource_uuid': self.add_node()}
        offer = self.good(self.step(owner.post, '/v1/offers', offer))
        path = f'/v1/offers/{offer["uuid"]}'
        start = {'start_time': self.time(9)}
        later = self.good(self.step(lessee.post, f'{path}/claim', start))
        self.good(self.step(lessee.delete, f'/v1/leases/{later["uuid"]}'), 200)
        lease = self.good(self.step(lessee.post, f'{path}/claim'))
        operator = self.at('lease', 'operator-admin')
        end = {'end_time': self.time(5)}
        self.good(self.step(operator.patch, f'/v1/leases/{lease["uuid"]}', end), 200)
        self.good(self.step(owner.delete, path), 200)
        self.assertEqual(3, len(self.latest))
        given = {'resource_uuid': self.add_node(), 'project_id': 'umbrella'}
        self.good(self.step(owner.post, '/v1/leases', given))
        self.assertEqual(3, len(self.latest))
        self.silent(owner.post, '/v1/leases', given)

    def _given(self):
        """What an owner gives away is an offer and a contract; both are told."""
        self.VERSION = '1.1'
        seller = self.market_of(OWNER)
        offer = {**self.terms(price='0'), 'lessee_id': 'umbrella'}
        self.silent(seller.post, '/v1/contracts', {'offer': {**offer, 'price': '1'}})
        self.good(self.step(seller.post, '/v1/contracts', {'offer': offer}))
        self.assertEqual(3, len(self.latest))
        self.silent(seller.post, '/v1/contracts', {'offer': offer})
        self.VERSION = None

    def _standing_demand(self):
        """It concerns nobody; the bids that are made for it concern engines."""
        self.VERSION = '1.1'
        renter = self.market(LESSEE)
        body = {'quantity': 1, 'max_price': '1', 'duration': 3600}
        body['resource_class'] = self.id().rpartition('.')[2]
        made = self.good(self.silent(renter.post, '/v1/standing_demands', body))
        path = f'/v1/standing_demands/{made["uuid"]}'
        buying = standing_demands.StandingDemands(
            self.marketplace.conf,
            self.marketplace.database,
            quotas.Quotas(
                self.marketplace.conf,
                organisations.Organisations(
                    self.marketplace.conf, self.marketplace.database
                ),
            ),
            projects.Projects(self.marketplace.conf),
        )
        self.step(buying.run, self.clock())
        self.assertEqual(1, len(self.latest))
        self.silent(buying.run, self.clock())
        self.good(self.step(renter.patch, path, {'max_price': '2'}), 200)
        self.good(self.silent(renter.delete, path), 204)
        self.VERSION = None

    def _webhooks(self):
        """To whom events are sent concerns neither engines nor providers."""
        self.VERSION = '1.1'
        owner = self.market(OWNER)
        secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3'
        body = {'url': 'https://192.0.2.1/', 'secret': secret}
        made = self.good(self.silent(owner.post, '/v1/webhooks', body))
        path = f'/v1/webhooks/{made["uuid"]}'
        self.good(self.silent(owner.post, f'{path}/test'), 202)
        self.good(self.silent(owner.patch, path, {'status': 'disabled'}), 200)
        self.good(self.silent(owner.delete, path), 204)
        self.VERSION = None

    def _ledger(self):
        """What is booked concerns neither engines nor providers."""
        self.VERSION = '1.1'
        contract = self.claimed(LESSEE, self.offered(), end_time=self.time(10))
        self.report(contract, contract['lines'][0], 'active')
        operator = self.market('operator-admin')
        body = {'project_id': 'acme', 'amount': '10', 'monthly': True}
        grant = self.good(self.silent(operator.post, '/v1/grants', body))
        path = f'/v1/accounts/{grant["account_uuid"]}'
        self.silent(operator.patch, path, {'overdraft': '3'})
        body = {'target': 'acme-lab', 'amount': '12'}
        self.good(self.silent(self.market('acme-manager').post, '/v1/transfers', body))
        self.silent(operator.delete, f'/v1/grants/{grant["uuid"]}')
        month = ledger.month(self.clock())
        later = ledger.month_window(month).end + base.HOUR
        books = bookkeeping.Bookkeeping(
            self.marketplace.conf, self.marketplace.database
        )
        self.silent(books.run, later)
        renter = self.market(LESSEE)
        booked = renter.get('/v1/transfers', object_uuid=contract['lines'][0]['uuid'])
        (entry,) = self.good(booked, 200)['transfers']
        body = {'transfer_uuid': entry['uuid'], 'reason': 'it was off'}
        dispute = self.good(self.silent(renter.post, '/v1/disputes', body))
        body = {'status': 'rejected', 'decision': 'it was on'}
        self.silent(operator.patch, f'/v1/disputes/{dispute["uuid"]}', body)
        self.VERSION = None

    def _project_departs(self):
        """What it has open is closed, but for what runs."""
        contract = self.claimed(LESSEE, self.offered(), end_time=self.time(10))
        self.report(contract, contract['lines'][0], 'active')
        bid, offer = self.bidding(price='0.1'), self.offered(LESSEE)
        keystone = self.marketplace.keystone
        self.addCleanup(keystone.disabled.clear)
        keystone.disabled.add('umbrella')
        looking = departures.Departures(
            self.marketplace.conf,
            self.marketplace.database,
            departures.Keystone(self.marketplace.conf),
        )
        self.step(looking.run, self.clock())
        for what in (('bid', bid['uuid']), ('offer', offer['uuid'])):
            self.assertIn(('engine', *what), self.latest)
        keystone.disabled.clear()
        self.silent(looking.run, self.clock() + base.HOUR)

    def _time_passes(self):
        self.bidding(price='0.1')
        self.clock.advance(hours=30)
        self.step(self.round)
        self.assertEqual({'offer', 'bid'}, {kind for _, kind, _ in self.latest})
        later = self.clock().replace(year=self.clock().year + 1)
        removed = self.silent(purge.purge, self.marketplace.database, later)
        self.assertTrue(all(removed[name] for name in ('offers', 'bids', 'contracts')))

    def _terms_change(self):
        """An engine reads them with each round, and needs no message."""
        conf = self.marketplace.conf
        conf.set_override('turnaround', 60, 'contracts')
        self.addCleanup(conf.clear_override, 'turnaround', 'contracts')
        self.silent(self.market(OWNER).get, '/v1/offers')

    def test_nothing_is_told_of_what_is_rolled_back(self):
        bid = self.bid(price='0.1')
        with self.marketplace.database.reader() as session:
            model = bids.with_uuid(session, bid['uuid'])

        def fails(error):
            with self.marketplace.database.writer() as session:
                bids.change(session, model, 'changed', self.clock(), name='other')
                raise error

        def loses():
            """As where another transaction wins at the very end."""
            with self.marketplace.database.writer() as session:
                bids.change(session, model, 'changed', self.clock(), name='other')
                sa.event.listen(session, 'before_commit', lost)

        def lost(session):
            raise db_exc.DBDeadlock

        self.silent(self.assertRaises, ValueError, fails, ValueError())
        self.silent(self.assertRaises, db_exc.DBDeadlock, loses)
        tries = []

        @db.retried
        def wins_at_last():
            with self.marketplace.database.writer() as session:
                bids.change(session, model, 'changed', self.clock(), name='other')
                tries.append(1)
                if len(tries) < 3:
                    sa.event.listen(session, 'before_commit', lost)

        self.step(wins_at_last)
        self.assertEqual(3, len(tries))
        self.assertEqual([('engine', 'bid', bid['uuid'])], list(self.latest))

    def test_others_find_it_in_the_database_when_it_is_told(self):
        bid, seen = self.bid(price='0.1'), []
        connection = self.marketplace.conf.database.connection

        def look(info):
            with self.marketplace.database.reader() as session:
                seen.append(bids.with_uuid(session, bid['uuid']).name)

        database = db.Database(connection, [look])
        self.addCleanup(database.engine.dispose)
        with database.writer() as session:
            model = bids.with_uuid(session, bid['uuid'])
            bids.change(session, model, 'changed', self.clock(), name='written')
        self.assertEqual(['written'], seen)


class OlderMarketTest(base.MarketplaceTestCase):
    """An engine of this release and a market of the one before, while one upgrades."""

    WORKERS = True
    OPTIONS = (('matcher', 'round_interval', '3600'),)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What it writes it announces to nobody; the tests send what it used to.
        database = db.Database(cls.marketplace.conf.database.connection)
        cls.addClassCleanup(database.engine.dispose)
        older = fixtures.Served(
            market_service.application(
                cls.marketplace.conf, cls.marketplace.transport, database
            )
        )
        older.setUp()
        cls.addClassCleanup(older.cleanUp)
        cls.marketplace.catalog['marketplace'] = older.url

    def send(self, version, method, fanout=False, **fields):
        client = rpc.messaging.get_rpc_client(
            self.marketplace.transport,
            rpc.messaging.Target(topic=rpcapi.MatcherAPI.TOPIC, version=version),
            serializer=rpc.Serializer(),
        ).prepare(fanout=fanout, timeout=60)
        send = client.call if method == 'quote' else client.cast
        return send(context.RequestContext(), method, **fields)

    def trade(self, **asked):
        """An offer and a bid that meet, and that no engine has been told of."""
        seller = self.at('marketplace', OWNER, PROVIDERS[0])
        kind = self.id()[-60:]
        terms = {
            'resource_type': 'ironic_node',
            'resource_uuid': kind,
            'resource_class': kind,
            'properties': {'cpus': 64},
            'price': '1',
            'end_time': self.time(24),
        }
        offer = self.good(seller.post('/v1/offers', terms))
        return offer, self.bid(resource_class=kind, hours=20, **asked)

    def require_matched(self, bid):
        self.eventually('matched', lambda: self.show('bids', bid['uuid'])['status'])

    def test_1_0_brings_the_whole_bid(self):
        _, bid = self.trade()
        self.send('1.0', 'bid_changed', bid=bid)
        self.require_matched(bid)

    def test_1_0_brings_the_whole_offer(self):
        offer, bid = self.trade()
        self.send('1.0', 'offer_changed', offer=offer)
        self.require_matched(bid)

    def test_1_0_tells_of_a_contract_that_gave_time_back(self):
        offer, bid = self.trade()
        claim = {'start_time': self.time(1)}
        path = f'/v1/offers/{offer["uuid"]}/claim'
        contract = self.good(self.market('initech-member').post(path, claim))
        cancel = f'/v1/contracts/{contract["uuid"]}'
        self.good(self.market('initech-member').delete(cancel), 204)
        self.send('1.0', 'contract_changed', contract={'uuid': contract['uuid']})
        self.require_matched(bid)

    def test_1_3_names_what_has_changed_to_every_engine(self):
        _, bid = self.trade()
        self.send('1.3', 'noted', fanout=True, kind='bid', uuid=bid['uuid'])
        self.require_matched(bid)

    def test_1_1_asks_for_a_quote(self):
        # Too low to be matched before the quote is asked for.
        offer, bid = self.trade(price='0.5')
        bid |= {'lineage': ['umbrella'], 'price': '2'}
        quoted = self.send('1.1', 'quote', bid=bid)
        self.assertEqual(
            [offer['uuid']], [line['offer_uuid'] for line in quoted['lines']]
        )
