# SPDX-License-Identifier: Apache-2.0
"""The migrations lead from nothing to what the code believes the tables to be."""

import pathlib
import re

from alembic import autogenerate
from alembic import script
from alembic.runtime import migration as runtime
import fixtures
import sqlalchemy as sa
import testtools

from flocx import db
from market.db import migration
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


class LinearTest(testtools.TestCase):
    def test_the_release_before_works_on_the_new_schema(self):
        """Migrations add: nothing goes, and what is new may be left out."""
        taken = r'op\.(drop_\w+|alter_column|rename_table|execute)\('
        for path in sorted((migration._FOLDER / 'versions').glob('0*.py'))[1:]:
            text = path.read_text()
            # A rule may become a looser one: that takes nothing either.
            text = re.sub(LOOSER, '', text)
            self.assertEqual([], re.findall(taken, text), path.name)
            for column in re.findall(r'add_column\(.*?\)\)', text, re.DOTALL):
                self.assertRegex(column, 'nullable=True|server_default=', path.name)

    def test_there_is_one_line_of_migrations(self):
        folder = script.ScriptDirectory(str(migration._FOLDER))
        revisions = list(folder.walk_revisions())
        self.assertEqual(1, len([each for each in revisions if each.is_head]))
        self.assertEqual(1, len([each for each in revisions if each.is_base]))
