# SPDX-License-Identifier: Apache-2.0
"""The ledger: accounts, transfers between them, grants, and what is held"""

from alembic import op
from oslo_log import log
import sqlalchemy as sa

from flocx import db

revision = '0015'
down_revision = '0014'

_OPTIONS = {
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
    'mysql_engine': 'InnoDB',
}

LOG = log.getLogger(__name__)

#: Transfers are never changed or removed, whoever asks.
_CREATE_SQLITE = """
CREATE TRIGGER transfers_no_{verb} BEFORE {verb} ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are only ever added'); END
"""
_CREATE_MYSQL = """
CREATE TRIGGER transfers_no_{verb} BEFORE {verb} ON transfers FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'transfers are only ever added'
"""
#: What MariaDB and MySQL say where the account may not create triggers, or only with
#: log_bin_trust_function_creators.
_REFUSALS = (1142, 1227, 1419)
_CREATE_FUNCTION = """
CREATE FUNCTION transfers_only_added() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'transfers are only ever added'; END $$
"""
_CREATE_TRIGGER = """
CREATE TRIGGER transfers_only_added BEFORE UPDATE OR DELETE ON transfers
FOR EACH ROW EXECUTE FUNCTION transfers_only_added()
"""


def _id():
    return sa.Column(
        'id',
        sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
        autoincrement=True,
        nullable=False,
    )


def _uuid(name, nullable=True):
    return sa.Column(name, sa.String(length=36), nullable=nullable)


def _money(name):
    return sa.Column(name, db.Money(), nullable=False)


def _time(name):
    return sa.Column(name, db.Instant(), nullable=False)


def _indexes(table, *indexes):
    for columns in indexes:
        op.create_index(
            op.f(f'ix_{table}_{"_".join(columns)}'), table, list(columns), unique=False
        )


def upgrade():
    _accounts()
    _transfers()
    _grants()
    state = op.create_table(
        'ledger_state',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('closed_through', sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_state')),
        **_OPTIONS,
    )
    op.bulk_insert(state, [{'id': 1, 'closed_through': ''}])
    for table, names in (('bids', ['hold']), ('contract_lines', ['hold', 'charged'])):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.add_column(
                    sa.Column(
                        name, db.Money(), server_default='0.000000', nullable=False
                    )
                )
    _only_added()


def _accounts():
    op.create_table(
        'accounts',
        _id(),
        _uuid('uuid', nullable=False),
        sa.Column('type', sa.String(length=16), nullable=False),
        sa.Column('project_id', sa.String(length=64), nullable=True),
        _money('balance'),
        _money('held'),
        _money('overdraft'),
        sa.Column('notified', sa.String(length=16), nullable=True),
        _time('created_at'),
        _time('updated_at'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_accounts0uuid')),
        **_OPTIONS,
    )
    _indexes('accounts', ('project_id',))


def _transfers():
    op.create_table(
        'transfers',
        _id(),
        _uuid('uuid', nullable=False),
        sa.Column('type', sa.String(length=16), nullable=False),
        _uuid('debit', nullable=False),
        _uuid('credit', nullable=False),
        _money('amount'),
        sa.Column('month', sa.String(length=7), nullable=False),
        _time('time'),
        _uuid('holder'),
        sa.Column('idempotency_key', sa.String(length=128), nullable=True),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.Column('object_type', sa.String(length=16), nullable=True),
        _uuid('object_uuid'),
        _uuid('contract_uuid'),
        sa.Column('period', sa.String(length=7), nullable=True),
        _uuid('corrects'),
        sa.Column('details', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('within_limit', sa.Boolean(), nullable=False),
        sa.Column('user_id', sa.String(length=64), nullable=True),
        sa.CheckConstraint('amount > 0', name='amount_is_positive'),
        sa.CheckConstraint('debit <> credit', name='accounts_differ'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_transfers')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_transfers0uuid')),
        sa.UniqueConstraint(
            'idempotency_key', name=op.f('uniq_transfers0idempotency_key')
        ),
        **_OPTIONS,
    )
    _indexes(
        'transfers',
        ('debit', 'month'),
        ('credit', 'month'),
        ('object_uuid',),
    )


def _grants():
    op.create_table(
        'grants',
        _id(),
        _uuid('uuid', nullable=False),
        _uuid('account_uuid', nullable=False),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        _money('amount'),
        sa.Column('monthly', sa.Boolean(), nullable=False),
        sa.Column('expires', sa.Boolean(), nullable=False),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('month', sa.String(length=7), nullable=False),
        _time('created_at'),
        _time('updated_at'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_grants')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_grants0uuid')),
        **_OPTIONS,
    )
    _indexes('grants', ('status', 'month'), ('project_id',))


def _only_added():
    dialect = op.get_bind().dialect.name
    if dialect == 'sqlite':
        for verb in ('UPDATE', 'DELETE'):
            op.execute(_CREATE_SQLITE.format(verb=verb))
    elif dialect == 'postgresql':
        op.execute(_CREATE_FUNCTION)
        op.execute(_CREATE_TRIGGER)
    elif dialect == 'mysql':
        _only_added_mysql()


def _only_added_mysql():
    """Without the privilege the ledger works as well, and is less protected."""
    try:
        for verb in ('UPDATE', 'DELETE'):
            op.execute(_CREATE_MYSQL.format(verb=verb))
    except db.ERRORS as error:
        if _code(error) not in _REFUSALS:
            raise
        LOG.warning(
            'The account may not create the triggers that keep transfers from being '
            'changed: %s',
            error,
        )


def _code(error):
    """The number of an error of the database, however often it was wrapped."""
    while error is not None:
        if error.args and isinstance(error.args[0], int):
            return error.args[0]
        error = getattr(error, 'inner_exception', None) or getattr(error, 'orig', None)
    return None
