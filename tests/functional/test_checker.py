# SPDX-License-Identifier: Apache-2.0
"""tools/check finds each kind of broken promise, and none in a market that holds."""

import contextlib
import datetime
import json
import pathlib
import sqlite3

import fixtures
import sqlalchemy as sa

from tests.functional import base
from tools.checker import database
from tools.checker import ledger
from tools.checker import main
from tools.checker import market
from tools.checker import servers
from tools.checker import usage

#: One more transfer like each of usage, between these accounts.
_MORE = (
    'INSERT INTO transfers (uuid, type, debit, credit, amount, month, time, '
    'object_uuid, within_limit) SELECT hex(id), type, {}, amount, month, time, '
    "object_uuid, 0 FROM transfers WHERE type = 'usage'"
)

#: Each kind of violation, and SQL that brings one about.
PLANTED = (
    # Both contracts have one server at a time.
    ('sold_twice', "UPDATE contract_lines SET resource_uuid = 'one'"),
    ('delivered_twice', "UPDATE contract_lines SET resource_uuid = 'one'"),
    ('price', 'UPDATE contract_lines SET price = 999999'),
    ('price', 'UPDATE contract_lines SET price = 2000001'),
    # More than was asked, for what was claimed.
    (
        'price',
        'UPDATE contract_lines SET price = price + 1 WHERE contract_uuid IN '
        '(SELECT uuid FROM contracts WHERE bid_uuid IS NULL)',
    ),
    ('parts', 'DELETE FROM contract_lines'),
    ('parts', "DELETE FROM bids WHERE status = 'matched'"),
    ('parts', "UPDATE bids SET project_id = 'acme'"),
    ('parts', 'UPDATE bids SET quantity = 3, min_quantity = 3'),
    ('parts', 'UPDATE bids SET duration = duration + 1'),
    (
        'parts',
        'UPDATE bids SET contract_uuid = (SELECT uuid FROM contracts WHERE bid_uuid '
        "IS NULL) WHERE status = 'matched'",
    ),
    ('parts', "UPDATE contracts SET status = 'error'"),
    ('parts', "UPDATE contracts SET project_id = 'acme'"),
    ('parts', "UPDATE contract_lines SET owner_id = 'umbrella'"),
    ('parts', 'DELETE FROM offers'),
    ('parts', "UPDATE offers SET resource_uuid = 'another'"),
    ('parts', "UPDATE offers SET end_time = '2020-01-01 00:00:00'"),
    ('parts', "UPDATE contracts SET start_time = '2020-01-01 00:00:00'"),
    ('lost', "DELETE FROM bids WHERE status = 'available'"),
    ('lost', "UPDATE bids SET status = 'available' WHERE status = 'cancelled'"),
    ('lost', "DELETE FROM offers WHERE name = 'idle'"),
    ('lost', 'DELETE FROM contracts WHERE bid_uuid IS NULL'),
    ('state', "UPDATE offers SET status = 'sold'"),
    ('state', "UPDATE bids SET status = 'matched' WHERE status = 'available'"),
    ('state', 'UPDATE bids SET end_time = start_time'),
    ('state', "UPDATE contract_lines SET fulfill_time = NULL WHERE status = 'active'"),
    ('state', "UPDATE contract_lines SET status = 'ended', expire_time = NULL"),
    (
        'state',
        "UPDATE contract_lines SET end_time = '2020-01-02', start_time = '2020-01-03'",
    ),
    ('usage', 'UPDATE contract_lines SET price = price + 1'),
    ('usage', 'UPDATE contract_lines SET fulfill_time = NULL'),
    (
        'usage',
        'INSERT INTO interruptions (line_uuid, start_time) SELECT uuid, fulfill_time '
        "FROM contract_lines WHERE status = 'active'",
    ),
    ('ledger', "UPDATE accounts SET balance = balance + 1 WHERE type = 'project'"),
    ('ledger', "UPDATE accounts SET held = held - 1 WHERE project_id = 'umbrella'"),
    # Overspent, and the books agree.
    ('ledger', "UPDATE accounts SET overdraft = -9e9 WHERE project_id = 'umbrella'"),
    ('ledger', "DELETE FROM accounts WHERE project_id = 'acme'"),
    # Left behind, too much, and given back too early.
    ('ledger', "UPDATE bids SET hold = 1 WHERE status = 'cancelled'"),
    ('ledger', "UPDATE contract_lines SET hold = hold + 1 WHERE status = 'active'"),
    ('ledger', "UPDATE bids SET hold = 0 WHERE status = 'available'"),
    ('ledger', 'UPDATE contract_lines SET charged = charged + 1'),
    # Paid twice, to somebody else, and back.
    ('ledger', _MORE.format('debit, credit')),
    ('ledger', _MORE.format("debit, 'somebody'")),
    ('ledger', _MORE.format('credit, debit')),
)
#: The database refuses these while it keeps what it promises.
REFUSED = (
    'UPDATE transfers SET amount = amount + 1',
    "DELETE FROM transfers WHERE type = 'usage'",
    "DELETE FROM transfers WHERE type = 'hold'",
    'UPDATE transfers SET debit = credit',
)


class CheckerTest(base.MarketplaceTestCase):
    VERSION = '1.1'
    OPTIONS = (('ledger', 'enforce', 'true'),)

    def setUp(self):
        super().setUp()
        grant = {'project_id': 'umbrella', 'amount': '1000'}
        self.good(self.market('operator-admin').post('/v1/grants', grant))
        # Two servers by a bid, one by a claim that ends early, a bid that waits and
        # one that is withdrawn.
        idle = self.offer(node=self.add_node(), name='idle', lessee_id='acme')
        for _ in range(2):
            self.offer(node=self.add_node())
        claimed = self.offer(node=self.add_node(), price='2.5')
        bid = self.bid(quantity=2, hours=20, name='taken')
        waiting = self.bid(price='0.1', hours=20)
        withdrawn = self.bid(price='0.1', hours=20)
        renter = self.market('umbrella-member')
        self.good(renter.delete(f'/v1/bids/{withdrawn["uuid"]}'), 204)
        contract = self.good(
            renter.post(
                f'/v1/offers/{claimed["uuid"]}/claim', {'end_time': self.time(20)}
            )
        )
        self.round()
        self.fulfil()
        self.clock.advance(hours=5)
        renter.delete(f'/v1/contracts/{contract["uuid"]}')
        self.fulfil(passes=2)
        self.clock.advance(hours=1)
        self.accepted = [
            {'kind': 'offers', 'uuid': idle['uuid']},
            *({'kind': 'bids', 'uuid': each['uuid']} for each in (bid, waiting)),
            {'kind': 'bids', 'uuid': withdrawn['uuid'], 'withdrawn': True},
            {'kind': 'contracts', 'uuid': contract['uuid']},
        ]
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.now = self.clock().replace(microsecond=0)

    def violations(self, number=0, *statements):
        """The violations in a copy of the market in which these were executed."""
        copy = self.folder / f'{number}.sqlite'
        path = self.marketplace.database.engine.url.database
        with (
            contextlib.closing(sqlite3.connect(path)) as reader,
            contextlib.closing(sqlite3.connect(copy)) as writer,
        ):
            reader.backup(writer)
            for statement in statements:
                writer.execute(statement)
            writer.commit()
        engine = sa.create_engine(f'sqlite:///{copy}')
        self.addCleanup(engine.dispose)
        snapshot = database.Snapshot(engine)
        start = self.now - datetime.timedelta(days=1)
        end = self.now - datetime.timedelta(seconds=1)
        billed = self.market('operator-admin').newest(
            '/v1/usage', start_time=_text(start), end_time=_text(end)
        )
        return [
            *market.violations(snapshot, self.now, 60),
            *market.lost(snapshot, self.accepted),
            *ledger.violations(snapshot),
            *usage.violations(snapshot, self.good(billed, 200), start, end),
        ]

    def test_what_is_reclaimed_and_replaced_breaks_no_promise(self):
        sold = {'resource_class': 'recallable', 'min_reclaim_notice': 600}
        nodes = [self.add_node(resource_class='recallable') for _ in range(2)]
        self.offer(node=nodes[0], price='1', reclaim_notice=600)
        bid = self.bid(hours=20, price='3', **sold)
        self.round()
        self.fulfil()
        self.offer(node=nodes[1], price='0.5', reclaim_notice=600)
        uuid = self.show('bids', bid['uuid'])['contract_uuid']
        self.good(self.market('acme-member').post(f'/v1/contracts/{uuid}/reclaim'), 200)
        for _ in range(3):
            self.clock.advance(minutes=20)
            self.fulfil(passes=2)
        self.now = self.clock().replace(microsecond=0)
        self.assertEqual(2, len(self.show('contracts', uuid)['lines']))
        self.assertEqual([], self.violations())

    def test_it_finds_what_is_planted_and_nothing_else(self):
        self.assertEqual([], self.violations())
        self.assertEqual(
            {
                'sold_twice',
                'delivered_twice',
                'price',
                'parts',
                'lost',
                'state',
                'usage',
                'ledger',
            },
            {kind for kind, _ in PLANTED},
        )
        for number, (kind, statement) in enumerate(PLANTED, 1):
            found = self.violations(number, statement)
            self.assertIn(kind, {each.kind for each in found}, statement)

    def test_it_finds_what_the_database_keeps_from_happening(self):
        drop = [f'DROP TRIGGER transfers_no_{verb}' for verb in ('UPDATE', 'DELETE')]
        drop += ['PRAGMA ignore_check_constraints = ON']
        for number, statement in enumerate(REFUSED, 100):
            self.assertRaises(sqlite3.Error, self.violations, number, statement)
            found = self.violations(number + 50, *drop, statement)
            self.assertIn('ledger', {each.kind for each in found}, statement)

    def test_it_finds_lessees_and_servers_that_are_not_where_they_should_be(self):
        snapshot = database.Snapshot(self.marketplace.database.engine)
        active = [line for line in snapshot.all_lines if line.status == 'active']
        for line in snapshot.all_lines:
            line.resource_type = 'ironic_node'
        nodes = [
            {'uuid': line.resource_uuid, 'lessee': 'umbrella', 'provision_state': state}
            for line, state in zip(active, ('active', 'available'), strict=True)
        ]
        free = {'uuid': 'free', 'lessee': None, 'provision_state': 'available'}

        def found(*more):
            checked = servers.violations(snapshot, [*nodes, *more], self.now, True)
            return [each.kind for each in checked]

        self.assertEqual([], found(free))
        self.assertEqual(['lessee'], found(free | {'lessee': 'umbrella'}))
        self.assertEqual(['left'], found(free | {'provision_state': 'clean failed'}))
        nodes[0]['lessee'] = 'initech'
        self.assertEqual(['lessee', 'undelivered'], found())
        del nodes[0]
        self.assertEqual(['undelivered'], found())

    def test_the_command_reports_in_json_and_by_its_exit_code(self):
        database = f'sqlite:///{self.marketplace.database.engine.url.database}'
        journal = self.folder / 'journal'
        journal.write_text('\n'.join(map(json.dumps, self.accepted)))
        told = self.useFixture(fixtures.StringStream('stdout')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stdout', told))
        arguments = [database, '--journal', str(journal), '--grace', '1000000']
        self.assertEqual(0, main.main(arguments))
        journal.write_text('{"kind": "bids", "uuid": "never"}\n')
        self.assertEqual(1, main.main(arguments))
        self.assertEqual(2, main.main([f'sqlite:///{self.folder}/none/at/all']))


def _text(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')
