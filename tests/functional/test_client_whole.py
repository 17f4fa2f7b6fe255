# SPDX-License-Identifier: Apache-2.0
"""The commands and the SDK reach all that the APIs can do.

One story calls every command once. The requests that its commands really send are held
against the operations that the services describe of themselves.
"""

import argparse
import importlib.metadata
import io
import re
import threading
from unittest import mock
import urllib.parse
import uuid

import fixtures
import openstack
import requests

from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.sdk import services
from tests import billed
from tests.functional import readable
from tests.functional import test_client

#: What only the services say to each other.
BETWEEN_SERVICES = {
    'marketplace post /v1/offers',
    'marketplace post /v1/publications',
    'marketplace post /v1/console_tokens',
    'marketplace post /v1/contracts',
    'marketplace patch /v1/offers/{ident}/health',
    'marketplace patch /v1/offers/{ident}/hardware',
    'marketplace post /v1/reports',
    'marketplace post /v1/providers',
    'marketplace patch /v1/contracts/{contract_uuid}/lines/{line_uuid}',
    'marketplace get /v1/contracts/{contract_uuid}/lines/{line_uuid}/handover',
    'marketplace patch /v1/contracts/{contract_uuid}/lines/{line_uuid}/handover',
    'marketplace patch /v1/contracts/{contract_uuid}/lines/{line_uuid}/power',
}
#: Commands that only look, as CSV too.
LOOKS = {'list', 'find', 'calendar', 'audit', 'statement', 'book', 'usage'}
#: What a method of the SDK does and no command needs.
SDK_ONLY = {
    # An owner may withdraw an offer at either service; commands ask the market.
    'marketplace-provider delete /v1/offers/{ident}': 'withdraw_offer',
}
#: What calendar programs read.
OTHER_PROGRAMS = {'marketplace get /v1/agendas/{uuid}/calendar'}
TERMS = '--price', '2', '--end-time', '+8h'
UNTIL = '--end-time', '+2h'
#: Who runs which command. NODE and ROUND are made before.
STORY = (
    ('acme-member', 'node', 'list'),
    ('acme-member', 'node', 'show', 'NODE'),
    ('acme-member', 'offer', 'create', 'NODE', '--name', 'one', *TERMS),
    ('acme-member', 'offer', 'set', 'one', '--price', '1'),
    ('umbrella-reader', 'offer', 'list'),
    ('umbrella-reader', 'offer', 'show', 'one'),
    ('umbrella-reader', 'complete', 'offer', 'claim', 'o'),
    ('umbrella-reader', 'property', 'list'),
    ('umbrella-reader', 'find', 'cpus>=1', '--for', '1h'),
    ('umbrella-reader', 'book', 'show'),
    ('umbrella-member', 'quote', '--duration', '1h', *TERMS),
    ('umbrella-member', 'calendar', '--for', '2h'),
    # Handed over before it is changed: who was quicker would be told to read again.
    ('umbrella-member', 'offer', 'claim', 'one', '--name', 'rent', *UNTIL, '--wait'),
    ('umbrella-member', 'console', 'token', 'create', 'NODE', '--ttl', '1h'),
    ('umbrella-reader', 'console', 'token', 'list'),
    ('umbrella-reader', 'console', 'token', 'show', 'TOKEN'),
    ('umbrella-member', 'console', 'token', 'delete', 'TOKEN'),
    ('umbrella-reader', 'contract', 'list'),
    ('umbrella-reader', 'contract', 'show', 'rent'),
    ('umbrella-member', 'contract', 'extend', 'rent', '--by', '1h'),
    ('umbrella-member', 'contract', 'shorten', 'rent', '--by', '1h'),
    ('umbrella-member', 'contract', 'set', 'rent', '--end-time', '+3h'),
    ('umbrella-member', 'contract', 'release', 'rent', '--dry-run'),
    ('umbrella-member', 'contract', 'release', 'rent'),
    (
        'umbrella-member',
        'offer',
        'claim',
        'one',
        '--name',
        'next',
        '--start-time',
        '+5h',
    ),
    ('umbrella-member', 'contract', 'cancel', 'next'),
    (
        'umbrella-member',
        'offer',
        'claim',
        'one',
        '--name',
        'last',
        '--start-time',
        '+6h',
    ),
    ('umbrella-member', 'contract', 'delete', 'last'),
    ('umbrella-member', 'bid', 'create', '--name', 'b1', '--quantity', '9', *TERMS),
    ('umbrella-member', 'bid', 'set', 'b1', '--price', '3', '--dry-run'),
    ('umbrella-member', 'bid', 'set', 'b1', '--price', '3'),
    ('umbrella-reader', 'bid', 'list'),
    ('umbrella-reader', 'bid', 'show', 'b1'),
    ('umbrella-member', 'bid', 'cancel', 'b1'),
    (
        *('umbrella-member', 'bid', 'create', '--name', 'b2', '--quantity', '9'),
        *(*TERMS, '--interruptible', '30m', '--on-displaced', 'move'),
    ),
    ('umbrella-member', 'bid', 'delete', 'b2'),
    (
        *('umbrella-member', 'bid', 'create', '--name', 'bundle', *TERMS),
        *('--part', 'name=head,quantity=1', '--extend-until', '+2d'),
        *('--part', 'name=workers,quantity=70,offset=1h,require=cpus>=1'),
        *('--alternative', 'price=1.20,end_time=+9h'),
    ),
    ('umbrella-reader', 'bid', 'show', 'bundle'),
    (
        *('umbrella-member', 'bid', 'create', '--name', 'together', *TERMS),
        *('--quantity', '70', '--group-by', 'capabilities.rack', '--dry-run'),
    ),
    ('umbrella-member', 'bid', 'delete', 'bundle'),
    (
        *('umbrella-member', 'standing', 'demand', 'create', '--name', 'held'),
        *('--quantity', '2', '--max-price', '1', '--duration', '1h', '--dry-run'),
    ),
    (
        *('umbrella-member', 'standing', 'demand', 'create', '--name', 'held'),
        *('--quantity', '2', '--max-price', '1', '--duration', '1h'),
    ),
    ('umbrella-reader', 'standing', 'demand', 'list'),
    ('umbrella-reader', 'standing', 'demand', 'show', 'held'),
    ('umbrella-member', 'standing', 'demand', 'set', 'held', '--pause'),
    ('umbrella-reader', 'complete', 'standing', 'demand', 'show', 'h'),
    ('umbrella-member', 'standing', 'demand', 'delete', 'held'),
    ('umbrella-reader', 'price', 'list'),
    ('umbrella-reader', 'usage', 'show'),
    ('umbrella-reader', 'event', 'list'),
    ('umbrella-reader', 'event', 'list', '--last', '2'),
    (
        *('acme-admin', 'node', 'provide', 'SPARE', 'umbrella-member'),
        *('--end-time', '+1h', '--purpose', 'thesis', '--dry-run'),
    ),
    (
        *('acme-admin', 'node', 'provide', 'SPARE', 'umbrella-member'),
        *('--end-time', '+1h', '--purpose', 'thesis'),
    ),
    (
        *('acme-member', 'webhook', 'create', 'https://192.0.2.1/hook', '--name', 'h'),
        *('--event-type', 'contract.*'),
    ),
    ('acme-reader', 'webhook', 'list'),
    ('acme-reader', 'webhook', 'show', 'h'),
    ('acme-member', 'webhook', 'test', 'h'),
    ('acme-member', 'webhook', 'set', 'h', '--disable'),
    ('acme-member', 'webhook', 'delete', 'h'),
    ('acme-member', 'offer', 'set', 'one', '--reclaim-notice', '30m'),
    (
        *('umbrella-member', 'offer', 'claim', 'one', '--name', 'short'),
        *('--min-reclaim-notice', '10m', '--end-time', '+4h'),
    ),
    ('acme-member', 'contract', 'reclaim', 'short', '--dry-run'),
    ('acme-member', 'contract', 'reclaim', 'short'),
    ('umbrella-member', 'contract', 'release', 'short', '--line', 'LINE'),
    (
        *('acme-member', 'maintenance', 'create', 'one', '--reason', 'firmware'),
        *('--start-time', '+5h', '--end-time', '+6h', '--dry-run'),
    ),
    (
        *('acme-member', 'maintenance', 'create', 'one', '--reason', 'firmware'),
        *('--start-time', '+5h', '--end-time', '+6h'),
    ),
    ('acme-member', 'maintenance', 'list'),
    ('acme-member', 'maintenance', 'show', 'OUTAGE'),
    ('acme-member', 'maintenance', 'delete', 'OUTAGE'),
    ('acme-admin', 'credit', 'grant', 'acme', '100', '--monthly', '--expires'),
    ('acme-admin', 'account', 'set', 'acme', '--overdraft', '5'),
    ('acme-reader', 'account', 'list'),
    ('acme-reader', 'account', 'show'),
    ('acme-manager', 'credit', 'transfer', 'acme-lab', '7.50', '--reason', 'course'),
    ('acme-reader', 'credit', 'list'),
    ('acme-reader', 'credit', 'show', 'TRANSFER'),
    ('acme-reader', 'grant', 'list'),
    ('acme-reader', 'grant', 'show', 'GRANT'),
    ('operator-admin', 'grant', 'delete', 'GRANT'),
    ('umbrella-reader', 'account', 'statement'),
    ('umbrella-reader', 'account', 'statement', '--month', '2026-11'),
    ('umbrella-reader', 'usage', 'show', '--month', '2026-11', '--by', 'class'),
    ('umbrella-member', 'dispute', 'create', 'USAGE', '--reason', 'it was off'),
    ('umbrella-reader', 'dispute', 'list'),
    ('umbrella-reader', 'dispute', 'show', 'DISPUTE'),
    (
        *('operator-admin', 'dispute', 'decide', 'DISPUTE'),
        *('--accept', '0.5', '--decision', 'half', '--dry-run'),
    ),
    (
        *('operator-admin', 'dispute', 'decide', 'DISPUTE'),
        *('--accept', '0.5', '--decision', 'half'),
    ),
    ('umbrella-member', 'agenda', 'create', '--name', 'phone'),
    ('umbrella-reader', 'agenda', 'list'),
    ('umbrella-reader', 'project', 'list'),
    ('umbrella-reader', 'agenda', 'show', 'phone'),
    ('umbrella-member', 'agenda', 'delete', 'phone'),
    ('operator-admin', 'mechanism', 'list'),
    ('operator-admin', 'round', 'list'),
    ('operator-admin', 'round', 'show', 'ROUND'),
    ('operator-admin', 'round', 'run'),
    ('acme-member', 'offer', 'delete', 'one'),
    ('operator-admin', 'audit'),
    ('operator-admin', 'provider', 'list'),
)


class WholeTest(test_client.ClientTestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.EnvironmentVariable('CLIFF_MAX_TERM_WIDTH', str(readable.WIDTH))
        )
        self.sent, self.wrong = [], []
        self.in_all_formats(command.Lister, ('csv', 'json', 'value'))
        self.in_all_formats(command.ShowOne, ('json', 'value'))
        send = requests.Session.send
        # The services are in this process, too, and have requests of their own.
        here = threading.current_thread()

        def kept(session, request, **kwargs):
            if threading.current_thread() is here:
                self.sent.append((request.method, request.url))
            return send(session, request, **kwargs)

        self.useFixture(fixtures.MonkeyPatch('requests.Session.send', kept))

    def in_all_formats(self, kind, formats):
        """Let commands of a kind print what they found in formats for programs, too.

        They are not run once more for that: what is wrong with it is kept.
        """
        produce = kind.produce_output

        def produced(command, parsed_args, names, data):
            data = list(data)
            printed = command.formatter, command.app.stdout
            for name in formats:
                command.formatter = command._formatter_plugins[name].obj
                command.app.stdout = io.StringIO()
                terms = {**vars(parsed_args), 'formatter': name}
                produce(command, argparse.Namespace(**terms), names, data)
                out = command.app.stdout.getvalue()
                self.wrong += readable.OF_FORMAT[name](out)
            command.formatter, command.app.stdout = printed
            return produce(command, parsed_args, names, data)

        self.useFixture(fixtures.MockPatchObject(kind, 'produce_output', produced))

    def described(self):
        """The operations of the services, by name, with a pattern of their URLs."""
        found, newest = {}, {'OpenStack-API-Version': 'marketplace latest'}
        for kind in services.SERVICES:
            url = self.marketplace.catalog[kind]
            paths = requests.get(
                f'{url}/v1/openapi.json', headers=newest, timeout=60
            ).json()['paths']
            for path, methods in paths.items():
                pattern = re.sub(r'{\w+}', '[^/]+', url + path)
                for method in methods:
                    found[f'{kind} {method} {path}'] = method.upper(), pattern
        return found

    def reached(self, operations):
        """Those of the operations that requests were sent to."""
        sent = {
            (method, urllib.parse.urlsplit(url)._replace(query='').geturl())
            for method, url in self.sent
        }
        return {
            name
            for name, (method, pattern) in operations.items()
            if any(m == method and re.fullmatch(pattern, url) for m, url in sent)
        }

    def round(self):
        """The uuid of a round that had something to award."""
        self.offer(price='1')
        self.bid(price='2')

        def recorded():
            return self.matcher('operator-admin').get('/v1/rounds').json()['rounds']

        self.eventually(True, lambda: bool(recorded()))
        return recorded()[0]['uuid']

    def outage(self):
        """The uuid of a planned outage of some server."""
        body = {
            'offer': self.offer()['uuid'],
            'start_time': self.time(5),
            'end_time': self.time(6),
        }
        newest = {'OpenStack-API-Version': 'marketplace latest'}
        answer = self.market('acme-member').request(
            'POST', '/v1/maintenances', newest, json=body
        )
        return self.good(answer)['uuid']

    def console_token(self):
        """The uuid of a token for the console of some server."""
        claimed = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{self.offer()["uuid"]}/claim', {'end_time': self.time(9)}
            )
        )

        def line():
            return self.show('contracts', claimed['uuid'])['lines'][0]

        self.eventually('active', lambda: line()['status'])
        body = {'line_uuid': line()['uuid'], 'token_hash': '0' * 64, 'seconds': 60}
        newest = {'OpenStack-API-Version': 'marketplace latest'}
        made = self.market('service-service').request(
            'POST', '/v1/console_tokens', newest, json=body
        )
        return self.good(made)['uuid']

    def line(self, contract):
        """The uuid of the line of a contract."""
        (line,) = self.show('contracts', contract)['lines']
        return line['uuid']

    def grant(self):
        """The uuids of a monthly grant and of its first transfer."""
        newest = {'OpenStack-API-Version': 'marketplace latest'}
        market = self.market('acme-admin')
        body = {'project_id': 'acme', 'amount': '7', 'monthly': True}
        grant = self.good(market.request('POST', '/v1/grants', newest, json=body))
        given = market.newest('/v1/transfers', object_uuid=grant['uuid'])
        (transfer,) = self.good(given, 200)['transfers']
        return grant['uuid'], transfer['uuid']

    def disputed(self):
        """The uuids of a transfer of usage and of a dispute about another one."""
        parties = self.marketplace.database, 'umbrella', 'acme', self.clock()
        one, other = billed.bill(*parties), billed.bill(*parties)
        newest = {'OpenStack-API-Version': 'marketplace latest'}
        market = self.market('umbrella-member')
        body = {'transfer_uuid': one, 'reason': 'it was off'}
        made = market.request('POST', '/v1/disputes', newest, json=body)
        return other, self.good(made)['uuid']

    def test_every_operation_has_a_command_and_every_command_works(self):
        operations = self.described()
        names = {
            'NODE': self.add_node(),
            'SPARE': self.add_node(),
            'ROUND': self.round(),
            'OUTAGE': self.outage(),
            'TOKEN': self.console_token(),
        }
        names['GRANT'], names['TRANSFER'] = self.grant()
        names['USAGE'], names['DISPUTE'] = self.disputed()
        self.sent.clear()
        called = set()
        for who, *words in STORY:
            with self.subTest(' '.join(words)):
                if 'LINE' in words:
                    names['LINE'] = self.line('short')
                words = [names.get(each, each) for each in words]
                done = self.run_command(who, *words)
                self.assertEqual(0, done.code, done.err)
                self.assertEqual([], list(readable.complaints(done.out)))
                if words[-1] == 'list':
                    long = self.run_command(who, *words, '--long')
                    self.assertEqual([], list(readable.complaints_of_long(long.out)))
                if LOOKS.intersection(words):
                    # Programs get columns that people do not.
                    self.run_command(who, *words, '-f', 'csv')
                self.assertEqual([], self.wrong)
            called.add(' '.join(['market', *words]))
        self.is_found_where_it_is_planted()
        commands = {
            entry_point.name.replace('_', ' ')
            for entry_point in importlib.metadata.entry_points(
                group='openstack.market.v1'
            )
        }
        for each in commands:
            self.assertTrue(any(f'{line} '.startswith(f'{each} ') for line in called))
        missing = operations.keys() - self.reached(operations)
        self.assertEqual(BETWEEN_SERVICES | SDK_ONLY.keys() | OTHER_PROGRAMS, missing)

    def is_found_where_it_is_planted(self):
        """A mistake of each kind in what commands print makes the test fail."""
        moment, html = '2027-01-05T09:00', '<time class="x">'
        looks = ('bid', 'list', '--status', 'any'), ('bid', 'show', 'b2')
        for what, planted in (
            ('a Python repr', repr(['a'])),
            ('a Python repr', 'None'),
            ('HTML', html),
            ('a time without its zone', moment),
        ):
            self.wrong.clear()
            with mock.patch.object(
                columns.Money, 'machine_readable', autospec=True, return_value=planted
            ):
                for words in looks:
                    self.wrong.clear()
                    self.run_command('umbrella-reader', *words)
                    kinds = [each.partition(' in column')[0] for each in self.wrong]
                    self.assertIn(what, kinds)
        self.wrong.clear()
        # A cell is broken into several lines; what is printed beside tables is not.
        self.assertEqual(1, len(list(readable.complaints('x' * (readable.WIDTH + 1)))))
        for what, kind, planted in (
            ('a Python repr', columns.Money, repr(['a'])),
            ('HTML', columns.Money, html),
            ('a time without its zone', columns.Time, moment),
            ('a uuid', columns.Money, str(uuid.UUID(int=7))),
            ('a type of event', columns.Money, 'contract.wait_end'),
        ):
            with mock.patch.object(
                kind, 'human_readable', autospec=True, return_value=planted
            ):
                for words in looks:
                    done = self.run_command('umbrella-reader', *words)
                    found = list(readable.complaints(done.out))
                    self.assertTrue(any(each.startswith(what) for each in found), what)

    def test_what_only_the_sdk_does(self):
        operations = self.described()
        offer = self.offer()
        self.sent.clear()
        connection = openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth_url=f'{self.marketplace.identity}/v3',
            username='acme-member',
            password='acme-member',
            project_name='acme',
            user_domain_name='Default',
            project_domain_name='Default',
        )
        services.provider(connection).withdraw_offer(offer['uuid'])
        self.assertEqual(SDK_ONLY.keys(), self.reached(operations) & SDK_ONLY.keys())
        self.assertEqual('cancelled', self.show('offers', offer['uuid'])['status'])
