# SPDX-License-Identifier: Apache-2.0
"""A command or a call is about the object that was named, or about none.

Hostile names are tried on every operation of the SDK and every command that takes one,
against objects whose names are like them but for some characters.
"""

import hypothesis
from hypothesis import strategies
import openstack
from openstack import exceptions

from flocxclient.sdk import contract
from flocxclient.sdk import errors
from flocxclient.sdk import identifiers
from flocxclient.sdk import services
from market.db import schema
from tests.functional import test_client

#: The name of a server, an offer, a bid and a contract that must not be touched.
VICTIM = 'rack1'

#: What URLs, shells, file systems and databases may give a meaning of its own.
PIECES = (
    *(
        '/',
        '//',
        '%2F',
        '%2f',
        '%252F',
        '\\',
        '/.',
        '/..',
        '/../',
        './',
        '../',
        '%2e%2e',
    ),
    *(
        '%',
        '%00',
        '%25',
        '?',
        '?x=1',
        '#',
        '#x',
        ';',
        ';x',
        '&',
        '=',
        '+',
        ':',
        '*',
        '_',
    ),
    *(' ', '  ', '\t', '\n', '\r\n', '\u00a0', '\u200b', '\u202e', "'", '"', '`', ','),
    *('/claim', '/lines', '?_method=delete', '.json', 'eq:', '$', '~', '\udcff'),
)

#: Names for which there is an object of exactly that name, too.
TWINS = (
    'rack1/',
    '/rack1',
    'ra/ck1',
    'rack1 ',
    'rack1.json',
    '%72ack1',
    'rack1;',
    'rack1+',
    'RACK1',
)


def hostile_names():
    """Names that hold, somewhere, what means something to somebody."""
    piece = strategies.sampled_from(PIECES)
    around = strategies.builds(
        lambda start, at, middle, end: start + VICTIM[:at] + middle + VICTIM[at:] + end,
        strategies.just('') | piece,
        strategies.integers(0, len(VICTIM)),
        strategies.just('') | piece,
        strategies.just('') | piece,
    )
    return (
        around
        | strategies.sampled_from(TWINS)
        | strategies.sampled_from(['', ' ', '.', '..', '/', '%2e', '%2E%2E', '\n'])
        | strategies.text(max_size=5)
    ).filter(lambda name: name != VICTIM)


#: The operations of the SDK that take a name: the service, the type, and the call.
OPERATIONS = {
    'get_offer': lambda market, name: market.get_offer(name),
    'update_offer': lambda market, name: market.update_offer(name, price='7'),
    'delete_offer': lambda market, name: market.delete_offer(name),
    'claim_offer': lambda market, name: market.claim_offer(name),
    'claim_offers': lambda market, name: market.claim_offer(name, name),
    'get_bid': lambda market, name: market.get_bid(name),
    'update_bid': lambda market, name: market.update_bid(name, price='7'),
    'delete_bid': lambda market, name: market.delete_bid(name),
    'get_contract': lambda market, name: market.get_contract(name),
    'update_contract': lambda market, name: market.update_contract(
        name, end_time='2999-01-01T00:00:00Z'
    ),
    'delete_contract': lambda market, name: market.delete_contract(name),
}
NODE_OPERATIONS = {
    'get_node': lambda provider, name: provider.get_node(name),
    'withdraw_offer': lambda provider, name: provider.withdraw_offer(name),
}

#: The commands that take a name, without it.
COMMANDS = (
    ('acme-member', 'offer', 'show'),
    ('acme-member', 'offer', 'set', '--price', '7'),
    ('acme-member', 'offer', 'delete'),
    ('umbrella-member', 'offer', 'claim'),
    ('umbrella-member', 'bid', 'show'),
    ('umbrella-member', 'bid', 'set', '--price', '7'),
    ('umbrella-member', 'bid', 'cancel'),
    ('umbrella-member', 'contract', 'show'),
    ('umbrella-member', 'contract', 'set', '--end-time', '+300d'),
    ('umbrella-member', 'contract', 'extend', '--by', '1m'),
    ('umbrella-member', 'contract', 'shorten', '--by', '1m'),
    ('umbrella-member', 'contract', 'release'),
    ('umbrella-member', 'contract', 'list', '--offer'),
    ('umbrella-member', 'contract', 'list', '--bid'),
    ('acme-member', 'event', 'list', '--contract'),
    ('acme-member', 'node', 'show'),
    ('operator-admin', 'round', 'show'),
)


def examples(count):
    return hypothesis.settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


class IdentifierTestCase(test_client.ClientTestCase):
    WORKERS = False
    _made = None

    def setUp(self):
        super().setUp()
        # There is one marketplace for a class, and one object of each name.
        if self._made is None:
            type(self)._made = self.make()
            self.add_twins()
        self.before = self.state()

    def make(self):
        """The objects of the name, by collection."""
        made = {
            'offers': self.offer(name=VICTIM, node=self.add_node(VICTIM)),
            'bids': self.bid(name=VICTIM),
        }
        other = self.offer(name='of the contract')
        made['contracts'] = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{other["uuid"]}/claim', {'name': VICTIM}
            )
        )
        return made

    def state(self):
        """What must stay as it is; what is free of an offer depends on the time."""
        found = {
            collection: self.show(collection, each['uuid'])
            for collection, each in self._made.items()
        }
        del found['offers']['availabilities']
        return found

    def add_twins(self):
        """Objects whose names differ by such characters, as earlier releases had."""
        for name in TWINS:
            self._rename(schema.offers, self.offer()['uuid'], name)
            self._rename(schema.bids, self.bid()['uuid'], name)

    def _rename(self, table, uuid, name):
        with self.marketplace.database.writer() as session:
            session.execute(
                table.update().where(table.c.uuid == uuid).values(name=name)
            )

    def connect(self, who):
        return openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            auth_url=f'{self.marketplace.identity}/v3',
            username=who,
            password=who,
            project_name=who.rpartition('-')[0],
            user_domain_name='Default',
            project_domain_name='Default',
        )


class SDKTest(IdentifierTestCase):
    def check(self, call, service, name):
        try:
            found = call(service, name)
        except errors.ERRORS:
            return
        if isinstance(found, contract.Contract) and found.name is None:
            # It was claimed, and has no name of its own.
            found = service.get_offer(found.lines[0]['offer_uuid'])
        if found is not None:
            self.assertIn(name, (found.name, found.uuid))

    def test_exactly_that_object_or_an_error(self):
        market = {
            who: services.market(self.connect(who))
            for who in ('acme-member', 'umbrella-member')
        }
        provider = services.provider(self.connect('acme-member'))
        matcher = services.matcher(self.connect('operator-admin'))

        @examples(150)
        @hypothesis.given(strategies.sampled_from(sorted(OPERATIONS)), hostile_names())
        def on_the_market(operation, name):
            # Owners may change and end offers; renters claim them, and have the rest.
            owns = operation in ('get_offer', 'update_offer', 'delete_offer')
            who = 'acme-member' if owns else 'umbrella-member'
            self.check(OPERATIONS[operation], market[who], name)
            self.assertEqual(self.before, self.state(), (operation, name))

        @examples(50)
        @hypothesis.given(hostile_names())
        def elsewhere(name):
            for call in NODE_OPERATIONS.values():
                self.check(call, provider, name)
            self.assertRaises(errors.ERRORS, matcher.get_round, name)

        on_the_market()
        elsewhere()
        self.assertEqual(self.before, self.state())

    def test_a_name_is_found_as_it_is_written(self):
        market = services.market(self.connect('acme-member'))
        for name in (VICTIM, 'rack1.json', 'rack1+'):
            self.assertEqual(name, market.get_offer(name).name)

    def test_an_account_is_found_by_its_project_too(self):
        operator = services.market(self.connect('operator-admin'))
        operator.create_grant(project_id='acme', amount='1')
        market = services.market(self.connect('acme-member'))
        (account,) = market.accounts()
        for given in ('acme', account.uuid, account):
            self.assertEqual(account.uuid, market.get_account(given).uuid)
        changed = operator.update_account('acme', overdraft='5')
        self.assertEqual((account.uuid, '5.000000'), (changed.uuid, changed.overdraft))
        for given in ('umbrella', 'nobody', '.', ' ', 'f' * 32):
            self.assertRaises(errors.ERRORS, market.get_account, given)

    def test_a_twin_is_ended_alone(self):
        market = services.market(self.connect('acme-member'))
        market.delete_offer('rack1+')
        self.assertEqual('cancelled', market.get_offer('rack1+').status)
        self.assertEqual(self.before, self.state())

    def test_what_cannot_be_asked_for_is_not_sent(self):
        market = services.market(self.connect('acme-member'))
        sent = []
        market.request = lambda *args, **_: sent.append(args)
        for name in ('', ' ', '\n', '.', '..', None, 7, '\udcff'):
            for call in OPERATIONS.values():
                self.assertRaises(exceptions.InvalidRequest, call, market, name)
        self.assertEqual([], sent)

    def test_a_resource_that_was_never_fetched_names_nothing(self):
        market = services.market(self.connect('acme-member'))
        (offer,) = market.offers(name=VICTIM)
        for call in OPERATIONS.values():
            self.assertRaises(
                exceptions.InvalidRequest, call, market, type(offer).new(price='1')
            )


class AnswerTest(IdentifierTestCase):
    """A service that answers with something else is not believed."""

    def test_something_else_is_no_answer(self):
        market = services.market(self.connect('acme-member'))
        real = market.get_offer(VICTIM)
        for document in (
            {},
            {'offers': []},
            [],
            {'uuid': None, 'name': 'other'},
            {'uuid': real.uuid, 'name': 'other'},
            {'uuid': 'other', 'name': 'other'},
        ):
            market._read = lambda *_, document=document, **__: document
            for call in (market.get_offer, market.delete_offer, market.claim_offer):
                for name in ('other/', 'nobody', f'{real.uuid[:-1]}x'):
                    self.assertRaises(identifiers.WrongObject, call, name)
        self.assertEqual(self.before, self.state())


class CommandTest(IdentifierTestCase):
    def test_exactly_that_object_or_an_error(self):
        @examples(60)
        @hypothesis.given(strategies.sampled_from(COMMANDS), hostile_names())
        def named(command, name):
            who, *words = command
            # What begins with a hyphen is an option to the shell's user as well.
            hypothesis.assume('\0' not in name and not name.startswith('-'))
            done = self.run_command(who, *words, name)
            if name.strip() in ('', '.', '..'):
                self.assertEqual(1, done.code, done.err)
            self.assertNotIn('Traceback', done.err)
            self.assertEqual(self.before, self.state(), (words, name))

        named()

    def test_an_unset_variable_is_no_name(self):
        for who, *words in COMMANDS:
            with self.subTest(words):
                done = self.run_command(who, *words, '')
                self.assertEqual((1, ''), (done.code, done.out))
                self.assertRegex(done.err, 'is named|is empty')
        for words in (
            ('offer', 'list', '--project', ''),
            ('offer', 'list', '--lessee', ''),
            ('offer', 'list', '--resource-uuid', ''),
            ('offer', 'create', VICTIM, '--price', '1', '--end-time', '+1d')
            + ('--lessee', ''),
            ('offer', 'create', '', '--price', '1', '--end-time', '+1d'),
            ('offer', 'create', VICTIM, '--price', '1', '--end-time', '+1d')
            + ('--idempotency-key', ''),
            ('offer', 'set', VICTIM, '--lessee', ''),
            ('event', 'list', '--object-uuid', ''),
            ('usage', 'show', '--project', ''),
        ):
            with self.subTest(words):
                done = self.run_command('acme-member', *words)
                self.assertEqual((1, ''), (done.code, done.out))
                self.assertRegex(done.err, 'is named|is empty')
        self.assertEqual(self.before, self.state())


class FilterTest(IdentifierTestCase):
    def test_a_value_is_literal(self):
        for name in ('eq:z', 'in:a,b', 'z'):
            self._rename(schema.bids, self.bid()['uuid'], name)
        market = services.market(self.connect('umbrella-member'))
        for name in ('eq:z', 'in:a,b', 'z'):
            self.assertEqual([name], [each.name for each in market.bids(name=name)])
            found = self.run_json('umbrella-member', 'bid', 'list', '--name', name)
            self.assertEqual([name], [each['Name'] for each in found])

    def test_operators_are_asked_for(self):
        for price in ('1', '2', '3'):
            self.bid(name=f'at-{price}', price=price)
        for condition, names in (
            ('name=in:at-1,at-3', {'at-1', 'at-3'}),
            ('name=nin:at-1,at-3', {'at-2'}),
        ):
            found = self.run_json(
                'umbrella-member', 'bid', 'list', '--filter', condition
            )
            names_found = {each['Name'] for each in found}
            self.assertEqual(names, {n for n in names_found if n.startswith('at-')})
        for condition, message in (
            ('price', 'is no comparison'),
            ('colour=eq:red', 'no field .colour.'),
            ('name=like:x', 'is no operator'),
        ):
            done = self.run_command(
                'umbrella-member', 'bid', 'list', '--filter', condition
            )
            self.assertNotEqual(0, done.code)
            self.assertRegex(done.err, message)
