# SPDX-License-Identifier: Apache-2.0
"""Short transactions on the market database, and the column types they need."""

import contextlib
import contextvars
import datetime
import decimal
import inspect
import time

from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
from oslo_db import options
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import default

from flocx.core import money

_MICRO = decimal.Decimal(1_000_000)


class Instant(sa.TypeDecorator):
    """Aware UTC in Python, to the second; SQLite and MySQL, without zones, keep UTC.

    The API writes times to the second. With parts of it, an object would not be
    found by the very time that it is shown with.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name == 'mysql':
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        value = value.astimezone(datetime.UTC).replace(microsecond=0)
        return value if dialect.name == 'postgresql' else value.replace(tzinfo=None)

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=datetime.UTC)
        return value.astimezone(datetime.UTC)


class Money(sa.TypeDecorator):
    """Decimal to six places: NUMERIC(20, 6), or on SQLite the exact integer.

    SQLite has no decimals; its driver would pass prices through floats.
    """

    impl = sa.Numeric(20, 6)
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name == 'sqlite':
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.Numeric(20, 6))

    def process_bind_param(self, value, dialect):
        if value is None or dialect.name != 'sqlite':
            return value
        return int(money.EXACT.multiply(value, _MICRO))

    def process_result_value(self, value, dialect):
        if value is None or dialect.name != 'sqlite':
            return value
        return money.quantised(money.EXACT.divide(decimal.Decimal(value), _MICRO))


#: Retries a whole transaction that lost against another one. The function must
#: open the transaction itself.
retried = oslo_db_api.wrap_db_retry(
    max_retries=10,
    retry_interval=0.02,
    inc_retry_interval=True,
    max_retry_interval=1,
    retry_on_deadlock=True,
)

#: Does again, once, what only reads and found its connection closed.
repeated = oslo_db_api.wrap_db_retry(
    max_retries=1, retry_interval=0.02, retry_on_disconnect=True
)

#: The database cannot be reached, or no longer by the connection that was used.
ConnectionLost = db_exc.DBConnectionError

#: What a database that does not work gives rise to.
ERRORS = (sa.exc.SQLAlchemyError, db_exc.DBError)

#: Whether the transaction that this thread begins is going to write.
_writing = contextvars.ContextVar('writing', default=False)


def register(conf):
    """Register the options of ``[database]``."""
    options.set_defaults(conf)


class Database:
    """The market database.

    A function that writes takes a session; whoever opened it commits, and never
    keeps it open across a call to another process.
    """

    def __init__(self, connection, listeners=(), patient=True):
        """A database that is connected to when it is first used.

        :param connection: a SQLAlchemy URL.
        :param listeners: functions, each called after every commit with the
            ``session.info`` of the transaction.
        :param patient: whether to try again for a while where it cannot be reached.
        """
        self._listeners = tuple(listeners)
        self._facade = enginefacade.transaction_context()
        self._facade.configure(
            **connections(connection),
            synchronous_reader=False,
            sqlite_fk=True,
            # That is for eventlet: each transaction would end with a pause.
            thread_checkin=False,
        )
        if not patient:
            self._facade.configure(max_retries=0)
        self._facade.append_on_engine_create(_prepare)

    @contextlib.contextmanager
    def reader(self):
        """A connection that only reads; of a session it has what runs statements.

        What else a session does for objects costs as much again, and we have none.
        """
        with self._facade.reader.connection.using(_Holder()) as connection:
            yield connection

    @contextlib.contextmanager
    def writer(self):
        """A session that commits when the block ends well, and else rolls back.

        :raises RetryRequest: the connection was lost before the commit, so nothing has
            happened and ``retried`` does it again.
        """
        token = _writing.set(True)
        try:
            with self._facade.writer.using(_Holder()) as session:
                try:
                    yield session
                except ConnectionLost as error:
                    raise db_exc.RetryRequest(error) from error
        finally:
            _writing.reset(token)
        for listener in self._listeners:
            listener(session.info)

    def ping(self):
        """Nothing, if the database answers and has our tables.

        :raises SQLAlchemyError, DBError: it does not, or lacks them.
        """
        with self.reader() as session:
            session.execute(sa.text('SELECT last FROM event_sequence')).scalar_one()

    @property
    def engine(self):
        """The SQLAlchemy engine, for migrations."""
        return self._facade.writer.get_engine()


class LazyPing(sa.CreateEnginePlugin):
    """Takes from an engine what it would say to the database without need.

    A connection is asked whether it still works when it has been idle for a while,
    not before every transaction; and it is rolled back once, by the session. That saves
    a tenth to two thirds of a request (benchmarks/connections.py).
    """

    NAME = 'flocx'

    def update_url(self, url):
        return url.difference_update_query(['plugin'])

    def handle_pool_kwargs(self, pool_cls, pool_args):
        pool_args.update(pre_ping=False, reset_on_return=None)

    def engine_created(self, engine):
        @sa.event.listens_for(engine, 'checkin')
        def checkin(connection, record):
            record.info['left'] = time.monotonic()

        @sa.event.listens_for(engine, 'checkout')
        def checkout(connection, record, _):
            idle = time.monotonic() - record.info.get('left', time.monotonic())
            if idle > _TRUSTED and not _answers(engine.dialect, connection):
                raise sa.exc.InvalidatePoolError


class AutocommitReader(LazyPing):
    """Leaves out transactions, for a connection that only reads.

    Each statement sees what was committed before it, which is all that they would
    see within a transaction of the isolation that we use. That saves a quarter of what
    is left of showing an object (benchmarks/connections.py).
    """

    NAME = 'flocx_reading'

    def handle_dialect_kwargs(self, dialect_cls, dialect_args):
        dialect_args.update(isolation_level='AUTOCOMMIT')
        # SQLAlchemy before 2.0.43 rolls back what has no transaction: slower, no worse.
        if 'skip_autocommit_rollback' in _DIALECT_KNOWS:
            dialect_args.update(skip_autocommit_rollback=True)


_DIALECT_KNOWS = inspect.signature(default.DefaultDialect.__init__).parameters


for _plugin in (LazyPing, AutocommitReader):
    plugins.register(_plugin.NAME, __name__, _plugin.__name__)

#: For how many seconds of idleness a connection is believed to work.
_TRUSTED = 1


def _answers(dialect, connection):
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False


def connections(connection):
    """Where oslo.db connects to write and to read.

    On SQLite a transaction that reads sees one state of the database.
    """
    url = sa.make_url(connection)
    if url.get_backend_name() == 'sqlite':
        return {'connection': connection}
    return {
        'connection': with_plugin(url, LazyPing),
        'slave_connection': with_plugin(url, AutocommitReader),
    }


def with_plugin(url, plugin):
    """``url`` with one of our plugins, for oslo.db."""
    url = sa.make_url(url).update_query_pairs([('plugin', plugin.NAME)], append=True)
    return url.render_as_string(hide_password=False)


@enginefacade.transaction_context_provider
class _Holder:
    """What oslo.db hangs a transaction on; one for each transaction."""


def _prepare(engine):
    """Make every kind of database keep what the functions rely on."""
    prepare = {'sqlite': _prepare_sqlite, 'mysql': _prepare_mysql}
    if engine.dialect.name in prepare:
        prepare[engine.dialect.name](engine)
        # What oslo.db tried the engine with was connected before.
        engine.dispose()


def _prepare_mysql(engine):
    """Let a statement see what was committed before it, as PostgreSQL does.

    Whoever has waited for a lock has to find what its holder wrote; the default
    shows the database as it was when the transaction first read.
    """

    @sa.event.listens_for(engine, 'connect')
    def connect(connection, _):
        with connection.cursor() as cursor:
            cursor.execute('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')


def _prepare_sqlite(engine):
    """Let SQLite readers and one writer work side by side, and writers queue.

    A transaction that first reads and then writes would fail at once when
    another has written in between, so writers take the lock as they begin.
    """

    @sa.event.listens_for(engine, 'connect')
    def connect(connection, _):
        connection.execute('PRAGMA journal_mode = WAL')
        connection.execute('PRAGMA busy_timeout = 30000')

    @sa.event.listens_for(engine, 'begin')
    def begin(connection):
        if _writing.get():
            # oslo.db has begun a transaction that would lock when it first writes.
            connection.exec_driver_sql('ROLLBACK')
            connection.exec_driver_sql('BEGIN IMMEDIATE')
