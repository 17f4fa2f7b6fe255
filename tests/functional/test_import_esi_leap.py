# SPDX-License-Identifier: Apache-2.0
"""A database of esi-leap is taken over, and its clients find what they had."""

import argparse
import contextlib
import datetime
import io
import json
import uuid
import zoneinfo

import sqlalchemy as sa

from market import export_commands
from market import import_commands
from market.db import schema
from tests.functional import test_lease

ZONE = zoneinfo.ZoneInfo('America/New_York')
NOW = datetime.datetime.now(ZONE).replace(microsecond=123456, tzinfo=None)
PROVIDER = 'service-service'
#: The end of what has none.
NEVER = datetime.datetime.fromisoformat('9999-12-31T23:59:59.999999')


def _columns(*texts, times=()):
    return [
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('created_at', sa.DateTime),
        sa.Column('updated_at', sa.DateTime),
        *(sa.Column(name, sa.String(255)) for name in texts),
        *(sa.Column(name, sa.DateTime) for name in times),
    ]


_BOTH = (
    *('uuid', 'name', 'project_id', 'resource_type', 'resource_uuid', 'status'),
    *('properties', 'parent_lease_uuid'),
)
METADATA = sa.MetaData()
#: As esi-leap 1.0.0 has them.
OFFERS = sa.Table(
    'offers',
    METADATA,
    *_columns(*_BOTH, 'lessee_id', times=('start_time', 'end_time')),
)
LEASES = sa.Table(
    'leases',
    METADATA,
    *_columns(
        *(*_BOTH, 'owner_id', 'purpose', 'offer_uuid'),
        times=('start_time', 'end_time', 'fulfill_time', 'expire_time'),
    ),
)
EVENTS = sa.Table(
    'events',
    METADATA,
    *_columns(
        *('event_type', 'object_type', 'object_uuid', 'resource_type'),
        *('resource_uuid', 'lessee_id', 'owner_id'),
        times=('event_time',),
    ),
)


def at(hours):
    """A time as esi-leap writes it: that of its host, without a zone."""
    return NOW + datetime.timedelta(hours=hours)


def in_utc(moment):
    """The same as the lease service shows it."""
    moment = moment.replace(tzinfo=ZONE).astimezone(datetime.UTC)
    return moment.replace(microsecond=0, tzinfo=None).isoformat()


class ImportTest(test_lease.LeaseTestCase):
    REAL_TIME = True

    def setUp(self):
        super().setUp()
        self.url = f'sqlite:///{self.marketplace.folder}/{uuid.uuid4()}.sqlite'
        self.origin = sa.create_engine(self.url)
        self.addCleanup(self.origin.dispose)
        METADATA.create_all(self.origin)

    def row(self, table, start=-1, end=10, **values):
        """A row of esi-leap's; its uuid."""
        values = {
            'uuid': str(uuid.uuid4()),
            'created_at': at(start),
            'start_time': at(start),
            'end_time': end if isinstance(end, datetime.datetime) else at(end),
            'resource_type': 'dummy_node',
            'project_id': 'acme' if table is OFFERS else 'umbrella',
            **({} if table is OFFERS else {'owner_id': 'acme'}),
            **values,
        }
        with self.origin.begin() as connection:
            connection.execute(sa.insert(table).values(**values))
        return values['uuid']

    def event(self, name, lease, hours):
        with self.origin.begin() as connection:
            connection.execute(
                sa.insert(EVENTS).values(
                    event_type=f'esi_leap.lease.{name}',
                    event_time=at(hours),
                    object_type='lease',
                    object_uuid=lease,
                )
            )

    def imported(self, *options):
        parser = argparse.ArgumentParser()
        import_commands.add(parser.add_subparsers(dest='command'))
        words = ['import', 'esi-leap', '--url', self.url, '--provider', PROVIDER]
        words += ['--timezone', 'America/New_York', *options]
        command = parser.parse_args(words)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            command.run(self.marketplace.database, command)
        return json.loads(out.getvalue())

    def counted(self):
        """How many rows of each table that matters there are."""
        tables = (schema.offers, schema.contracts, schema.contract_lines, schema.events)
        with self.marketplace.database.reader() as session:
            return [
                session.scalar(sa.select(sa.func.count()).select_from(table))
                for table in tables
            ]

    def test_each_status(self):
        nodes = {
            status: self.add_node()
            for status in (
                *('created', 'active', 'error', 'wait fulfill', 'wait cancel'),
                *('wait expire', 'expired', 'deleted', 'never'),
            )
        }
        uuids = {name: self.marketplace.node(node).uuid for name, node in nodes.items()}
        offer = self.row(
            OFFERS,
            name='spare/1',
            resource_uuid=uuids['created'],
            end=NEVER,
            status='available',
            lessee_id='umbrella',
        )
        done = [
            self.row(OFFERS, resource_uuid=uuids[status], status=status)
            for status in ('expired', 'deleted')
        ]
        leases = {
            status: self.row(
                LEASES,
                resource_uuid=uuids[status],
                status=status,
                start=5 if status == 'created' else -1,
                offer_uuid=offer if status == 'created' else None,
                purpose=f'for {status}',
                **(
                    {'fulfill_time': at(-1)}
                    if status not in ('created', 'wait fulfill')
                    else {}
                ),
                **(
                    {'expire_time': at(-0.5)}
                    if status in ('expired', 'deleted')
                    else {}
                ),
            )
            for status in uuids.keys() - {'never'}
        }
        cancelled = self.row(LEASES, resource_uuid=uuids['never'], status='deleted')
        history = list(enumerate(('fulfill.end', 'delete.start', 'delete.end')))
        for number, name in history:
            self.event(name, leases['deleted'], number - 1)
        # Nothing is written before it is meant.
        before = self.counted()
        dry = self.imported('--dry-run')
        self.assertEqual(before, self.counted())
        report = self.imported()
        self.assertEqual({**dry, 'dry_run': False}, report)
        self.assertEqual((3, 9), (report['offers']['taken'], report['leases']['taken']))
        self.assertEqual([], report['offers']['refused'] + report['leases']['refused'])
        shown = self.shown('offers', offer)
        self.assertEqual(
            (
                'spare-1',
                '9999-12-31T23:59:59.999999',
                'available',
                'umbrella',
                in_utc(at(-1)),
            ),
            tuple(
                shown[name]
                for name in ('name', 'end_time', 'status', 'lessee', 'start_time')
            ),
        )
        for status, each in zip(('expired', 'deleted'), done, strict=True):
            self.assertEqual(
                status, self.shown('offers', each, 'acme-member')['status']
            )
        for status, each in leases.items():
            lease = self.shown('leases', each)
            self.assertEqual(status, lease['status'])
            self.assertEqual(f'for {status}', lease['purpose'])
            self.assertEqual(('umbrella', 'acme'), (lease['project'], lease['owner']))
            self.assertEqual(nodes[status], lease['resource'])
        self.assertEqual('deleted', self.shown('leases', cancelled)['status'])
        self.assertEqual(in_utc(at(10)), self.shown('leases', cancelled)['end_time'])
        self.assertEqual(
            in_utc(at(-0.5)), self.shown('leases', leases['deleted'])['end_time']
        )
        self.assertEqual(offer, self.shown('leases', leases['created'])['offer_uuid'])
        # The market has them too, by the same uuids.
        contract = self.show('contracts', leases['active'], 'umbrella-member')
        self.assertEqual(
            ('active', 0), (contract['status'], float(contract['lines'][0]['price']))
        )
        free = self.good(self.market('umbrella-member').get(f'/v1/offers/{offer}'), 200)
        self.assertEqual(in_utc(at(5)) + 'Z', free['availabilities'][0][1])
        past = self.good(
            self.lease('umbrella-member').get(
                '/v1/events', resource_uuid=uuids['deleted']
            ),
            200,
        )['events']
        self.assertEqual(
            [
                (f'esi_leap.lease.{name}', in_utc(at(number - 1)))
                for number, name in enumerate(
                    ('fulfill.end', 'delete.start', 'delete.end')
                )
            ],
            [(each['event_type'], each['event_time']) for each in past],
        )
        # To repeat it changes nothing, and takes what is new.
        counted = self.counted()
        again = self.imported()
        self.assertEqual((3, 9), (again['offers']['known'], again['leases']['known']))
        self.assertEqual(counted, self.counted())

    def test_running_leases_go_on_and_come_back(self):
        node = self.add_node(lessee='initech', properties={'cpus': 4})
        server = self.marketplace.node(node).uuid
        lease = self.row(
            LEASES, resource_uuid=server, status='active', fulfill_time=at(-1)
        )
        below = self.row(
            OFFERS,
            project_id='umbrella',
            resource_uuid=server,
            status='available',
            parent_lease_uuid=lease,
            end=9,
        )
        sublease = self.row(
            LEASES,
            resource_uuid=server,
            status='active',
            fulfill_time=at(-1),
            project_id='initech',
            owner_id='umbrella',
            offer_uuid=below,
            parent_lease_uuid=lease,
            end=8,
        )
        self.marketplace.provider.nodes.set_property(server, 'lease_uuid', sublease)
        self.imported()
        self.fulfil(passes=2)
        self.assertEqual(('initech', sublease), self.marked(node))
        # Of which class they are, Ironic says; nothing that was taken over does.
        for kind, uuids in (('offers', [below]), ('leases', [lease, sublease])):
            for name, expected in (('baremetal', uuids), ('other', [])):
                asked = {'resource_uuid': node, 'resource_class': name}
                asked |= {'view': 'all'} if kind == 'leases' else {}
                self.assertEqual(expected, self.listed('operator-admin', kind, **asked))
        self.assertEqual('active', self.shown('leases', lease)['status'])
        shown = self.shown('leases', sublease, 'initech-member')
        self.assertEqual(
            ('active', lease), (shown['status'], shown['parent_lease_uuid'])
        )
        self.ended('umbrella-member', 'leases', sublease)
        for _ in range(3):
            self.clock.advance(seconds=2)
            self.fulfil()
        self.assertEqual(('umbrella', lease), self.marked(node))
        self.ended('acme-member', 'leases', lease)
        for _ in range(3):
            self.clock.advance(seconds=2)
            self.fulfil()
        self.assertEqual((None, None), self.marked(node))
        self.assertEqual('deleted', self.shown('leases', lease)['status'])

    def test_one_that_begins_later_is_handed_over(self):
        """Nothing is known of the hardware of its offer, which is not what it was."""
        node = self.add_node()
        server = self.marketplace.node(node).uuid
        lease = self.row(LEASES, resource_uuid=server, status='created')
        self.imported()
        self.fulfil(passes=3)
        self.assertEqual(('umbrella', None), self.marked(node))
        self.assertEqual('active', self.shown('leases', lease)['status'])

    def test_the_marker_of_another_lease_stays(self):
        node = self.add_node(lessee='umbrella', properties={'lease_uuid': 'other'})
        server = self.marketplace.node(node).uuid
        lease = self.row(
            LEASES, resource_uuid=server, status='active', fulfill_time=at(-1)
        )
        self.imported()
        self.ended('umbrella-member', 'leases', lease)
        for _ in range(3):
            self.clock.advance(seconds=2)
            self.fulfil()
        self.assertEqual((None, 'other'), self.marked(node))

    def marked(self, name):
        """The lessee of a node, and which lease esi-leap's marker names."""
        node = self.marketplace.node(name)
        return node.lessee, node.properties.get('lease_uuid')

    def test_who_goes_back_has_what_there_is(self):
        node = self.add_node(lessee='umbrella')
        server = self.marketplace.node(node).uuid
        offer = self.row(
            *(OFFERS,),
            resource_uuid=server,
            status='available',
            end=NEVER,
            name='spare',
            lessee_id='umbrella',
        )
        lease = self.row(
            LEASES,
            resource_uuid=server,
            status='active',
            fulfill_time=at(-1),
            offer_uuid=offer,
            purpose='course',
        )
        below = self.row(
            OFFERS,
            project_id='umbrella',
            resource_uuid=server,
            status='available',
            parent_lease_uuid=lease,
            end=9,
        )
        later = self.row(
            LEASES,
            resource_uuid=server,
            status='created',
            offer_uuid=below,
            project_id='initech',
            owner_id='umbrella',
            parent_lease_uuid=lease,
            start=2,
            end=8,
        )
        self.imported()
        ours = (offer, lease, below, later)
        theirs = self.rows(self.origin, ours)
        empty = f'sqlite:///{self.marketplace.folder}/{uuid.uuid4()}.sqlite'
        engine = sa.create_engine(empty)
        self.addCleanup(engine.dispose)
        METADATA.create_all(engine)
        report = self.exported(empty)
        self.assertEqual(theirs, self.rows(engine, ours))
        self.assertEqual(lease, report['markers'][server])
        self.assertEqual({later}, {lease, later} - set(report['markers'].values()))
        added = report['offers']['added'], report['leases']['added']
        self.assertTrue(all(added))
        # Once more, and what has happened since.
        self.ended('initech-member', 'leases', later)
        again = self.exported(empty)
        self.assertEqual(
            (0, 0, *added),
            (
                *(again[name]['added'] for name in ('offers', 'leases')),
                *(again[name]['changed'] for name in ('offers', 'leases')),
            ),
        )
        self.assertEqual('deleted', self.rows(engine, [later])[later]['status'])

    @staticmethod
    def rows(engine, uuids):
        """{uuid: what is kept of an offer or lease}, in whole seconds."""
        found = {}
        with engine.connect() as connection:
            for table in (OFFERS, LEASES):
                named = table.c.uuid.in_(uuids)
                for row in connection.execute(sa.select(table).where(named)):
                    values = dict(row._mapping)
                    for name in ('id', 'created_at', 'updated_at', 'properties'):
                        values.pop(name)
                    found[row.uuid] = {
                        name: value.replace(microsecond=0)
                        if isinstance(value, datetime.datetime) and value != NEVER
                        else value
                        for name, value in values.items()
                    }
        return found

    def exported(self, url):
        parser = argparse.ArgumentParser()
        export_commands.add(parser.add_subparsers(dest='command'))
        words = ['export', 'esi-leap', '--url', url, '--provider', PROVIDER]
        command = parser.parse_args([*words, '--timezone', 'America/New_York'])
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            command.run(self.marketplace.database, command)
        return json.loads(out.getvalue())

    def test_what_cannot_be_taken_is_reported(self):
        server = self.marketplace.node(self.add_node()).uuid
        taken = self.row(OFFERS, resource_uuid=server, status='available')
        lease = self.row(
            LEASES, resource_uuid=server, status='active', offer_uuid=taken
        )
        bad = {
            self.row(OFFERS, resource_uuid=server, status='available'): taken,
            self.row(OFFERS, resource_uuid=server, status='lost'): 'lost',
            self.row(OFFERS, resource_uuid=server, status='error', end=-2): 'not after',
            self.row(LEASES, resource_uuid=server, status='created'): lease,
            self.row(
                LEASES, resource_uuid=server, status='active', resource_type='test_node'
            ): 'test_node',
        }
        report = self.imported()
        found = {
            each['uuid']: each['reason']
            for kind in ('offers', 'leases')
            for each in report[kind]['refused']
        }
        self.assertEqual(bad.keys(), found.keys())
        for each, text in bad.items():
            self.assertIn(text, found[each])
        self.assertEqual((1, 1), (report['offers']['taken'], report['leases']['taken']))
        for wrong in (
            ('--timezone', 'Mars/Olympus'),
            ('--rates', f'{self.marketplace.folder}/nothing.yaml'),
            ('--url', 'sqlite:////nowhere/at/all.sqlite'),
            ('--url', 'nothing'),
        ):
            self.assertRaises(SystemExit, self.imported, *wrong)

    def test_prices(self):
        rates = self.marketplace.folder / 'rates.yaml'
        dear, cheap = (self.marketplace.node(self.add_node()).uuid for _ in range(2))
        rates.write_text(f'{dear}: 8.312\n"*": 0.75\n')
        for server, expected in ((dear, '8.312000'), (cheap, '0.750000')):
            lease = self.row(LEASES, resource_uuid=server, status='active')
            self.imported('--rates', str(rates))
            contract = self.show('contracts', lease, 'umbrella-member')
            self.assertEqual(expected, contract['lines'][0]['price'])
