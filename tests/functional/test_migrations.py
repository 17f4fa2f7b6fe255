# SPDX-License-Identifier: Apache-2.0
"""The migrations lead from nothing to what the code believes the tables to be."""

import datetime
import decimal
import pathlib
import re
from unittest import mock
import uuid

from alembic import autogenerate
from alembic import script
from alembic.runtime import migration as runtime
import fixtures
import sqlalchemy as sa
import testtools

from flocx import db
from flocx.core import names
from market.db import migration
from market.db import online_migrations
from market.db import schema

#: A constraint that is replaced in the statement in which it goes.
LOOSER = (
    r"op\.execute\(\s+'ALTER TABLE (\w+) DROP CONSTRAINT (\w+), '"
    r"\s+'ADD CONSTRAINT \2 '"
)


class MigrationsMixin:
    """Tests for each kind of database; ``database`` is an empty one."""

    def test_d49_upgrade_from_nothing(self):
        self.assertIsNone(migration.version(self.database))
        migration.upgrade(self.database)
        self.assertEqual(migration.latest(), migration.version(self.database))
        tables = set(sa.inspect(self.database.engine).get_table_names())
        self.assertEqual(set(schema.metadata.tables), tables - {'alembic_version'})

    def test_models_are_what_the_migrations_make(self):
        migration.upgrade(self.database)
        with self.database.engine.connect() as connection:
            context = runtime.MigrationContext.configure(
                connection, opts={'compare_type': True, 'compare_server_default': True}
            )
            self.assertEqual(
                [], autogenerate.compare_metadata(context, schema.metadata)
            )

    def test_upgrading_again_changes_nothing(self):
        migration.upgrade(self.database)
        with self.database.writer() as session:
            session.execute(sa.text('UPDATE event_sequence SET last = 7'))
        migration.upgrade(self.database)
        with self.database.reader() as session:
            last = session.execute(sa.select(schema.event_sequence.c.last)).scalar_one()
        self.assertEqual(7, last)

    def test_names_that_could_be_mistaken_become_others(self):
        migration.upgrade(self.database, '0005')
        known = {
            each['name']
            for each in sa.inspect(self.database.engine).get_columns('bids')
        }
        given = ['/', '..', 'a/claim', 'x ', ' ', '?', str(uuid.uuid4()), 'a b', 'é']
        now = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
        usual = {'lineage': [], 'requirements': [], 'price': decimal.Decimal(1)}
        usual |= {'quantity': 1, 'min_quantity': 1, 'duration': 1, 'generation': 1}
        usual |= {'project_id': 'p', 'status': 'available'}
        usual |= dict.fromkeys(('start_time', 'end_time', 'created_at'), now)
        columns = [
            sa.column(each.name, each.type)
            for each in schema.bids.c
            if each.name in known
        ]
        # The table as it was then.
        bids = sa.table('bids', *columns)
        with self.database.writer() as session:
            for name in given:
                made = {'updated_at': now, 'uuid': str(uuid.uuid4()), 'name': name}
                session.execute(sa.insert(bids), {**usual, **made})
        migration.upgrade(self.database)
        with self.database.reader() as session:
            found = session.execute(
                sa.select(schema.bids.c.name).order_by(schema.bids.c.id)
            ).scalars()
            kept = dict(zip(given, found, strict=True))
        for before, after in kept.items():
            self.assertEqual(after, names.name(after, 'name'))
            if names.identifies(before) and not names.is_uuid(before):
                self.assertEqual(before, after)

    def test_every_lookup_has_its_index(self):
        migration.upgrade(self.database)
        inspector = sa.inspect(self.database.engine)
        for name in ('offers', 'bids', 'contracts', 'contract_lines'):
            first = {
                index['column_names'][0]
                for index in (
                    *inspector.get_indexes(name),
                    *inspector.get_unique_constraints(name),
                )
            }
            self.assertLessEqual({'uuid', 'status'}, first, name)


class SQLiteMigrationsTest(MigrationsMixin, testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.database = db.Database(f'sqlite:///{folder}/flocx.sqlite')
        self.addCleanup(lambda: self.database.engine.dispose())


class OnlineTest(testtools.TestCase):
    """A move that some release might have: of what a project is called."""

    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.database = db.Database(f'sqlite:///{folder}/flocx.sqlite')
        self.addCleanup(lambda: self.database.engine.dispose())
        migration.upgrade(self.database)
        with self.database.writer() as session:
            rows = [{'project_id': f'{number:04}'} for number in range(1100)]
            session.execute(sa.insert(schema.departed_projects), self.departed(rows))
        moves = mock.patch.dict(online_migrations.MIGRATIONS, {'reasons': self.move})
        moves.start()
        self.addCleanup(moves.stop)
        self.batches = []

    @staticmethod
    def departed(rows):
        now = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
        return [{**row, 'reason': 'old', 'found_at': now} for row in rows]

    def move(self, session, most):
        table = schema.departed_projects
        old = sa.select(table.c.id).where(table.c.reason == 'old').limit(most)
        ids = session.execute(old).scalars().all()
        session.execute(
            sa.update(table).where(table.c.id.in_(ids)).values(reason='new')
        )
        self.batches.append(len(ids))
        return len(ids)

    def test_all_is_moved_in_batches(self):
        moved = online_migrations.migrate(self.database)
        self.assertEqual(({'reasons': 1100}, False), moved)
        self.assertEqual([500, 500, 100], self.batches)
        again = online_migrations.migrate(self.database)
        self.assertEqual(({'reasons': 0}, False), again)

    def test_as_much_as_one_likes_and_then_the_rest(self):
        limited = [online_migrations.migrate(self.database, 600) for _ in range(3)]
        expected = [({'reasons': 600}, True), ({'reasons': 500}, False)]
        self.assertEqual([*expected, ({'reasons': 0}, False)], limited)


class LinearTest(testtools.TestCase):
    def test_the_release_before_works_on_the_new_schema(self):
        """Migrations add: nothing goes, and what is new may be left out."""
        taken = r'op\.(drop_\w+|alter_column|rename_table|execute)\((?!_CREATE_)'
        for path in sorted((migration._FOLDER / 'versions').glob('0*.py'))[1:]:
            text = path.read_text()
            # A rule may become a looser one: that takes nothing either.
            text = re.sub(LOOSER, '', text)
            self.assertEqual([], re.findall(taken, text), path.name)
            for verb in re.findall(r'^_CREATE_\w+ = """\s*(\w+)', text, re.MULTILINE):
                self.assertEqual('CREATE', verb, path.name)
            for column in re.findall(r'add_column\(.*?\)\)', text, re.DOTALL):
                self.assertRegex(column, 'nullable=True|server_default=', path.name)

    def test_there_is_one_line_of_migrations(self):
        folder = script.ScriptDirectory(str(migration._FOLDER))
        revisions = list(folder.walk_revisions())
        self.assertEqual(1, len([each for each in revisions if each.is_head]))
        self.assertEqual(1, len([each for each in revisions if each.is_base]))
