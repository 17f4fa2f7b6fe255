# SPDX-License-Identifier: Apache-2.0
"""Migrations and races on the databases that production sites run."""

from unittest import mock

import sqlalchemy as sa
import testtools

from flocx import db
from market.db import migration
from tests import profiles
from tests.functional import base
from tests.functional import test_blocks
from tests.functional import test_budget_races
from tests.functional import test_budgets
from tests.functional import test_engines
from tests.functional import test_hostile
from tests.functional import test_lease
from tests.functional import test_migrations
from tests.functional import test_project_names
from tests.functional import test_races
from tests.functional import test_statements
from tests.functional import test_sublets
from tests.integration import daemons


class MigrationsOn(test_migrations.MigrationsMixin):
    """The functional tests of migrations on a database server of their own."""

    DAEMON = None

    def setUp(self):
        super().setUp()
        self.database = db.Database(self.DAEMON.new())
        self.addCleanup(lambda: self.database.engine.dispose())


class MarketOn:
    """The functional tests' market on a database of its own."""

    DAEMON = None

    @classmethod
    def setUpClass(cls):
        options = ('database', 'connection', cls.DAEMON.new())
        cls.OPTIONS = (*cls.OPTIONS, options)
        super().setUpClass()
        dialect = cls.marketplace.database.engine.dialect.name
        if dialect != cls.DAEMON.DIALECT:
            raise AssertionError(f'The market is on {dialect}')


#: What hardly depends on which database it is runs on one of them for each change, and
#: on both at night; what races, migrates or is cut off runs on each of them always.
on_the_other = profiles.only_nightly('for each change on the other database')


class MariaDBMigrationsTest(MigrationsOn, testtools.TestCase):
    DAEMON = daemons.MariaDB

    def test_an_account_that_may_not_create_triggers(self):
        server, name = daemons.MariaDB.serving().daemon, self.id().rpartition('.')[2]
        server.execute(
            f'CREATE USER limited; CREATE DATABASE {name}; GRANT ALL ON {name}.* TO '
            f'limited; REVOKE TRIGGER ON {name}.* FROM limited'
        )
        url = server.url(name).replace('root@', 'limited@')
        limited = db.Database(url)
        self.addCleanup(lambda: limited.engine.dispose())
        migration.upgrade(limited)
        self.assertEqual(migration.latest(), migration.version(limited))


class PostgreSQLMigrationsTest(MigrationsOn, testtools.TestCase):
    DAEMON = daemons.PostgreSQL


class MariaDBRaceTest(MarketOn, test_races.RaceTest):
    DAEMON = daemons.MariaDB


@on_the_other
class PyMySQLRaceTest(MarketOn, test_races.RaceTest):
    DAEMON = daemons.MariaDBByPyMySQL


class PostgreSQLRaceTest(MarketOn, test_races.RaceTest):
    DAEMON = daemons.PostgreSQL


class MariaDBMatchTest(MarketOn, test_engines.MatchTest):
    DAEMON = daemons.MariaDB


@on_the_other
class PostgreSQLMatchTest(MarketOn, test_engines.MatchTest):
    DAEMON = daemons.PostgreSQL


class MariaDBTimeTest(MarketOn, test_engines.TimeTest):
    DAEMON = daemons.MariaDB


class PostgreSQLTimeTest(MarketOn, test_engines.TimeTest):
    DAEMON = daemons.PostgreSQL


@on_the_other
class MariaDBHostileTest(MarketOn, test_hostile.HostileTest):
    DAEMON = daemons.MariaDB


class PostgreSQLHostileTest(MarketOn, test_hostile.HostileTest):
    DAEMON = daemons.PostgreSQL


class MariaDBLeasesTest(MarketOn, test_lease.LeasesTest):
    DAEMON = daemons.MariaDB


@on_the_other
class PostgreSQLLeasesTest(MarketOn, test_lease.LeasesTest):
    DAEMON = daemons.PostgreSQL


@on_the_other
class MariaDBSubletTest(MarketOn, test_sublets.SubletTest):
    DAEMON = daemons.MariaDB


class PostgreSQLSubletTest(MarketOn, test_sublets.SubletTest):
    DAEMON = daemons.PostgreSQL


class MariaDBBudgetRaceTest(MarketOn, test_budget_races.BudgetRaceTest):
    DAEMON = daemons.MariaDB


class PostgreSQLBudgetRaceTest(MarketOn, test_budget_races.BudgetRaceTest):
    DAEMON = daemons.PostgreSQL


class MariaDBStatementTest(MarketOn, test_statements.StatementTest):
    DAEMON = daemons.MariaDB


class PostgreSQLStatementTest(MarketOn, test_statements.StatementTest):
    DAEMON = daemons.PostgreSQL


@on_the_other
class MariaDBBlockTest(MarketOn, test_blocks.OffersTest):
    DAEMON = daemons.MariaDB


class PostgreSQLBlockTest(MarketOn, test_blocks.OffersTest):
    DAEMON = daemons.PostgreSQL


@on_the_other
class MariaDBBlockSaleTest(MarketOn, test_blocks.SalesTest):
    DAEMON = daemons.MariaDB


class PostgreSQLBlockSaleTest(MarketOn, test_blocks.SalesTest):
    DAEMON = daemons.PostgreSQL


class MariaDBBudgetTest(MarketOn, test_budgets.BudgetTest):
    DAEMON = daemons.MariaDB


@on_the_other
class PostgreSQLBudgetTest(MarketOn, test_budgets.BudgetTest):
    DAEMON = daemons.PostgreSQL


class MariaDBProjectNamesTest(MarketOn, test_project_names.ProjectNamesTest):
    DAEMON = daemons.MariaDB


@on_the_other
class PostgreSQLProjectNamesTest(MarketOn, test_project_names.ProjectNamesTest):
    DAEMON = daemons.PostgreSQL


class CutOff(MarketOn):
    """Database servers close connections that nobody has used for a while."""

    #: What ends all connections but the one that asks.
    KILL = ''

    def test_connections_that_were_closed_are_replaced(self):
        offer = self.offer()
        self.bid(resource_class='other')
        engine = sa.create_engine(self.marketplace.conf.database.connection)
        self.addCleanup(engine.dispose)
        # One that is asked first whether it still works, and one that is trusted.
        for trusted in (-1, 3600):
            self.enterContext(mock.patch.object(db, '_TRUSTED', trusted))
            with engine.connect() as connection:
                killed = [
                    connection.execute(sa.text(kill))
                    for kill in connection.scalars(sa.text(self.KILL)).all()
                ]
            self.assertNotEqual([], killed)
            self.show('offers', offer['uuid'])
            self.bid(resource_class='other')


class MariaDBCutOffTest(CutOff, base.MarketplaceTestCase):
    DAEMON = daemons.MariaDB
    KILL = (
        "SELECT CONCAT('KILL ', id) FROM information_schema.processlist "
        'WHERE id != CONNECTION_ID() AND db IS NOT NULL'
    )


class PyMySQLCutOffTest(MariaDBCutOffTest):
    DAEMON = daemons.MariaDBByPyMySQL


class PostgreSQLCutOffTest(CutOff, base.MarketplaceTestCase):
    DAEMON = daemons.PostgreSQL
    KILL = (
        "SELECT 'SELECT pg_terminate_backend(' || pid || ')' FROM pg_stat_activity "
        "WHERE pid != pg_backend_pid() AND backend_type = 'client backend'"
    )
