# SPDX-License-Identifier: Apache-2.0
"""The tables of the market database.

Columns have the names of the fields of the core's classes, so a row is turned
into its instance, and back, without a translator. ``id`` gives lists a stable order.
"""

import sqlalchemy as sa

from flocx import db
from flocx.core import contract
from flocx.core import money
from flocx.core import window

metadata = sa.MetaData(
    naming_convention={
        'ix': 'ix_%(table_name)s_%(column_0_N_name)s',
        'uq': 'uniq_%(table_name)s0%(column_0_N_name)s',
        'fk': 'fk_%(table_name)s_%(column_0_N_name)s',
        'pk': 'pk_%(table_name)s',
    }
)

# BIGINT alone would not count up by itself on SQLite.
_Id = sa.BigInteger().with_variant(sa.Integer, 'sqlite')
_OPTIONS = {
    'mysql_engine': 'InnoDB',
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
}


class Extensions(sa.TypeDecorator):
    """The extensions of a contract's line, as a JSON list of their start and price."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return [
            [window.text(each.start_time), money.text(each.price)] for each in value
        ] or None

    def process_result_value(self, value, dialect):
        return tuple(
            contract.Extension(
                window.instant(start, 'extensions'), money.price(price, 'extensions')
            )
            for start, price in value or ()
        )


def _id():
    return sa.Column('id', _Id, primary_key=True, autoincrement=True)


def _uuid(name, **kwargs):
    return sa.Column(name, sa.String(36), **kwargs)


def _project(name, **kwargs):
    return sa.Column(name, sa.String(64), **kwargs)


def _time(name, **kwargs):
    return sa.Column(name, db.Instant, **{'nullable': False, **kwargs})


def _status():
    return sa.Column('status', sa.String(16), nullable=False)


def _on_displaced():
    return sa.Column(
        'on_displaced',
        sa.String(16),
        nullable=False,
        server_default=contract.OnDisplaced.END,
    )


def _price():
    return sa.Column('price', db.Money, nullable=False)


def _credits(name):
    # The release before does not know of it.
    return sa.Column(name, db.Money, nullable=False, server_default='0.000000')


def _generation():
    # Counts the changes of a row; a change names the one that it rests on.
    return sa.Column('generation', sa.BigInteger, nullable=False)


#: One row for each server that was ever offered; whoever adds an offer locks it.
servers = sa.Table(
    'servers',
    metadata,
    _id(),
    _project('provider_id', nullable=False),
    sa.Column('resource_type', sa.String(64), nullable=False),
    sa.Column('resource_uuid', sa.String(255), nullable=False),
    # What its owner calls it; only the parties of its contracts are told.
    sa.Column('name', sa.String(255)),
    _generation(),
    sa.UniqueConstraint('provider_id', 'resource_type', 'resource_uuid'),
    **_OPTIONS,
)

offers = sa.Table(
    'offers',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('name', sa.String(255)),
    _project('project_id', nullable=False),
    _project('provider_id', nullable=False),
    sa.Column('resource_type', sa.String(64), nullable=False),
    sa.Column('resource_uuid', sa.String(255), nullable=False),
    sa.Column('resource_class', sa.String(255)),
    _uuid('sublet_of'),
    sa.Column('properties', sa.JSON, nullable=False),
    sa.Column('cleaned_by', sa.String(255)),
    _project('lessee_id'),
    # Seconds; NULL means that what was sold is never taken back.
    sa.Column('reclaim_notice', sa.BigInteger),
    # Seconds; NULL means that any length will do.
    sa.Column('min_length', sa.BigInteger),
    sa.Column('max_length', sa.BigInteger),
    # With how many servers, of the same name, it is sold; NULL means alone.
    sa.Column('block', sa.String(255)),
    sa.Column('block_size', sa.Integer),
    _time('start_time'),
    _time('end_time'),
    _price(),
    # What is asked for some of the time instead; NULL where it is the same always.
    sa.Column('ask_schedule', sa.JSON(none_as_null=True)),
    sa.Column('ask_falls', sa.JSON(none_as_null=True)),
    _status(),
    sa.Column('reason', sa.String(255)),
    _generation(),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'status', 'id'),
    sa.Index(None, 'project_id', 'status'),
    sa.Index(None, 'resource_uuid', 'status'),
    sa.Index(None, 'sublet_of'),
    sa.Index(None, 'name'),
    # A page of a list, in any order, is read from where it begins.
    sa.Index(None, 'created_at'),
    sa.Index(None, 'updated_at'),
    sa.Index(None, 'start_time'),
    sa.Index(None, 'end_time'),
    sa.Index(None, 'price'),
    **_OPTIONS,
)

bids = sa.Table(
    'bids',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('name', sa.String(255)),
    _project('project_id', nullable=False),
    sa.Column('lineage', sa.JSON, nullable=False),
    sa.Column('quantity', sa.Integer, nullable=False),
    sa.Column('min_quantity', sa.Integer, nullable=False),
    _time('start_time'),
    _time('end_time'),
    sa.Column('duration', sa.BigInteger, nullable=False),
    _price(),
    sa.Column('requirements', sa.JSON, nullable=False),
    sa.Column('resource_class', sa.String(255)),
    sa.Column('min_reclaim_notice', sa.BigInteger),
    # What finds the group that all servers are to be of, and which one was awarded.
    sa.Column('group_by', sa.String(255)),
    sa.Column('group_value', sa.String(255)),
    # What keeps servers apart, and how many may be of one group of it.
    sa.Column('spread_by', sa.String(255)),
    sa.Column('spread_max', sa.Integer, nullable=False, server_default='1'),
    # Other terms, and which ones were awarded; the most seconds that servers are
    # taken for by any. Null where there are neither these nor parts.
    sa.Column('alternatives', sa.JSON(none_as_null=True)),
    sa.Column('alternative', sa.Integer),
    sa.Column('server_seconds', sa.BigInteger),
    # What a bundle asks for together, each with hardware and time of its own.
    sa.Column('parts', sa.JSON(none_as_null=True)),
    # Until when, and up to what price, its contract is to be extended.
    _time('extend_until', nullable=True),
    sa.Column('extend_max_price', db.Money),
    # Whether, and with how many seconds of notice, a firm bid may displace it.
    sa.Column('interruptible_notice', sa.BigInteger),
    _on_displaced(),
    sa.Column('purpose', sa.String(255)),
    _status(),
    _uuid('contract_uuid'),
    _credits('hold'),
    _generation(),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'status', 'id'),
    sa.Index(None, 'project_id', 'status'),
    sa.Index(None, 'name'),
    sa.Index(None, 'created_at'),
    **_OPTIONS,
)

contracts = sa.Table(
    'contracts',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('name', sa.String(255)),
    # A bid is filled once, whatever engines race for it.
    _uuid('bid_uuid', unique=True),
    _project('project_id', nullable=False),
    sa.Column('purpose', sa.String(255)),
    _time('start_time'),
    _time('end_time'),
    # Until when, and up to what price, it is extended, for whom, and why it was not.
    _time('extend_until', nullable=True),
    sa.Column('extend_max_price', db.Money),
    sa.Column('extend_refusal', sa.String(255)),
    # Those of its bid.
    sa.Column('interruptible_notice', sa.BigInteger),
    _on_displaced(),
    sa.Column('lineage', sa.JSON(none_as_null=True)),
    _status(),
    _generation(),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'status', 'id'),
    sa.Index(None, 'project_id', 'status'),
    sa.Index(None, 'name'),
    sa.Index(None, 'created_at'),
    sa.Index(None, 'extend_until'),
    sa.Index(None, 'interruptible_notice'),
    **_OPTIONS,
)

contract_lines = sa.Table(
    'contract_lines',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column(
        'contract_uuid',
        sa.String(36),
        sa.ForeignKey('contracts.uuid', ondelete='CASCADE'),
        nullable=False,
    ),
    _uuid('offer_uuid', nullable=False),
    _project('owner_id', nullable=False),
    _project('provider_id', nullable=False),
    sa.Column('resource_type', sa.String(64), nullable=False),
    sa.Column('resource_uuid', sa.String(255), nullable=False),
    sa.Column('resource_class', sa.String(255)),
    _uuid('sublet_of'),
    # Of the parts of the bid the one that it meets.
    sa.Column('part', sa.Integer),
    _project('project_id', nullable=False),
    _time('start_time'),
    _time('end_time'),
    _price(),
    sa.Column('extensions', Extensions),
    # How the price was made; unknown of lines of earlier releases.
    sa.Column('price_rule', sa.String(64)),
    sa.Column('ask', db.Money),
    sa.Column('displaced', db.Money),
    _uuid('round_uuid'),
    sa.Column('reclaim_notice', sa.BigInteger),
    _time('reclaim_time', nullable=True),
    _time('reclaim_deadline', nullable=True),
    _status(),
    _time('fulfill_time', nullable=True),
    _time('expire_time', nullable=True),
    # The release before does not know of it.
    sa.Column('notice_seconds', sa.BigInteger, nullable=False, server_default='0'),
    # Unknown until the provider has said.
    sa.Column('power_on', sa.Boolean),
    _credits('hold'),
    _credits('charged'),
    sa.Column('reason', sa.String(255)),
    sa.Index(None, 'contract_uuid'),
    sa.Index(None, 'resource_uuid', 'status'),
    sa.Index(None, 'provider_id', 'status'),
    sa.Index(None, 'owner_id'),
    sa.Index(None, 'project_id', 'status'),
    sa.Index(None, 'offer_uuid'),
    sa.Index(None, 'sublet_of'),
    sa.Index(None, 'status'),
    **_OPTIONS,
)

events = sa.Table(
    'events',
    metadata,
    sa.Column('id', _Id, primary_key=True, autoincrement=False),
    sa.Column('type', sa.String(64), nullable=False),
    _time('time'),
    sa.Column('object_type', sa.String(16), nullable=False),
    _uuid('object_uuid', nullable=False),
    _project('project_id'),
    _project('owner_id'),
    sa.Column('payload', sa.JSON, nullable=False),
    sa.Index(None, 'project_id', 'id'),
    sa.Index(None, 'owner_id', 'id'),
    sa.Index(None, 'object_uuid'),
    **_OPTIONS,
)

rounds = sa.Table(
    'rounds',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    _time('time'),
    sa.Column('allocation', sa.String(64), nullable=False),
    sa.Column('pricing', sa.String(64), nullable=False),
    sa.Column('offers', sa.Integer, nullable=False),
    sa.Column('bids', sa.Integer, nullable=False),
    sa.Column('contracts', sa.Integer, nullable=False),
    sa.Column('conflicts', sa.Integer, nullable=False),
    sa.Column('welfare', db.Money, nullable=False),
    sa.Column('upper_bound', db.Money),
    sa.Column('gap', sa.Float),
    sa.Column('prices', sa.JSON),
    sa.Column('seconds', sa.Float, nullable=False),
    **_OPTIONS,
)

#: Its one row holds the last id of the events. Whoever writes events locks it until
#: they commit, so that events become visible in the order of their ids.
event_sequence = sa.Table(
    'event_sequence',
    metadata,
    sa.Column('id', sa.Integer, primary_key=True, autoincrement=False),
    sa.Column('last', sa.BigInteger, nullable=False),
    **_OPTIONS,
)

#: Time in which a server that was handed over did not serve its renter.
interruptions = sa.Table(
    'interruptions',
    metadata,
    _id(),
    sa.Column(
        'line_uuid',
        sa.String(36),
        sa.ForeignKey('contract_lines.uuid', ondelete='CASCADE'),
        nullable=False,
    ),
    _time('start_time'),
    _time('end_time', nullable=True),
    sa.Column('reason', sa.String(255)),
    # The planned outage that it is of, if it is of one.
    _uuid('maintenance_uuid'),
    sa.Index(None, 'line_uuid'),
    sa.Index(None, 'maintenance_uuid'),
    **_OPTIONS,
)

#: When the servers of lines were powered on; without an end they still are.
powered = sa.Table(
    'powered',
    metadata,
    _id(),
    sa.Column(
        'line_uuid',
        sa.String(36),
        sa.ForeignKey('contract_lines.uuid', ondelete='CASCADE'),
        nullable=False,
    ),
    _time('start_time'),
    _time('end_time', nullable=True),
    sa.Index(None, 'line_uuid'),
    **_OPTIONS,
)

#: Planned outages of servers.
maintenances = sa.Table(
    'maintenances',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    _project('project_id', nullable=False),
    _project('provider_id', nullable=False),
    sa.Column('resource_type', sa.String(64), nullable=False),
    sa.Column('resource_uuid', sa.String(255), nullable=False),
    _time('start_time'),
    _time('end_time'),
    sa.Column('reason', sa.String(255)),
    _status(),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'status', 'end_time'),
    sa.Index(None, 'resource_uuid'),
    sa.Index(None, 'project_id'),
    **_OPTIONS,
)

#: The organisation of each project that has offered, bid or claimed.
organisations = sa.Table(
    'organisations',
    metadata,
    _id(),
    _project('project_id', nullable=False, unique=True),
    _project('organisation_id', nullable=False),
    #: What Keystone last called the project.
    sa.Column('name', sa.String(255)),
    sa.Index(None, 'organisation_id'),
    **_OPTIONS,
)

#: Time that a project gave back before it began, for its quota of that.
cancellations = sa.Table(
    'cancellations',
    metadata,
    _id(),
    _project('project_id', nullable=False),
    _uuid('line_uuid', nullable=False),
    _time('time'),
    sa.Column('seconds', sa.BigInteger, nullable=False),
    sa.Index(None, 'project_id', 'time'),
    sa.Index(None, 'time'),
    **_OPTIONS,
)

#: What a provider has to remember of a server that it handed over: how the server was
#: before, and how far it has been taken back. Nobody but the provider reads it.
handovers = sa.Table(
    'handovers',
    metadata,
    _id(),
    sa.Column(
        'line_uuid',
        sa.String(36),
        sa.ForeignKey('contract_lines.uuid', ondelete='CASCADE'),
        nullable=False,
        unique=True,
    ),
    sa.Column('version', sa.BigInteger, nullable=False),
    sa.Column('data', sa.JSON, nullable=False),
    **_OPTIONS,
)

#: What was answered to a request with an Idempotency-Key.
idempotency_keys = sa.Table(
    'idempotency_keys',
    metadata,
    _id(),
    _project('project_id', nullable=False),
    sa.Column('idempotency_key', sa.String(255), nullable=False),
    sa.Column('fingerprint', sa.String(64), nullable=False),
    sa.Column('answer', sa.JSON, nullable=False),
    _time('created_at'),
    sa.UniqueConstraint('project_id', 'idempotency_key'),
    sa.Index(None, 'created_at'),
    **_OPTIONS,
)

#: Projects that have something open here and are deleted or disabled in Keystone.
departed_projects = sa.Table(
    'departed_projects',
    metadata,
    _id(),
    _project('project_id', nullable=False, unique=True),
    sa.Column('reason', sa.String(32), nullable=False),
    _time('found_at'),
    **_OPTIONS,
)

#: Why a bid that waits got nothing in the last round that saw it.
outlooks = sa.Table(
    'outlooks',
    metadata,
    _id(),
    _uuid('bid_uuid', nullable=False, unique=True),
    sa.Column('reason', sa.String(16), nullable=False),
    sa.Column('detail', sa.String(1024), nullable=False),
    _time('time'),
    **_OPTIONS,
)

#: How long the last hand-backs of servers took, in seconds, by resource class, which is
#: empty for servers without one.
cleaning_times = sa.Table(
    'cleaning_times',
    metadata,
    _id(),
    sa.Column('resource_class', sa.String(255), nullable=False, unique=True),
    sa.Column('seconds', sa.JSON, nullable=False),
    _time('updated_at'),
    **_OPTIONS,
)

#: What every contract keeps to, in seconds: one row, written by the market.
contract_terms = sa.Table(
    'contract_terms',
    metadata,
    sa.Column('id', sa.Integer, primary_key=True, autoincrement=False),
    sa.Column('min_length', sa.BigInteger, nullable=False),
    sa.Column('max_length', sa.BigInteger, nullable=False),
    sa.Column('turnaround', sa.BigInteger, nullable=False),
    sa.Column('notice', sa.BigInteger, nullable=False),
    # The release before does not know of it.
    sa.Column('max_lead', sa.BigInteger, nullable=False, server_default='0'),
    sa.Column('max_turnaround', sa.BigInteger, nullable=False, server_default='0'),
    **_OPTIONS,
)

#: What projects and organisations have; the balance of the account of holds is what is
#: held for all of them, and has no row.
accounts = sa.Table(
    'accounts',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('type', sa.String(16), nullable=False),
    _project('project_id'),
    sa.Column('balance', db.Money, nullable=False),
    sa.Column('held', db.Money, nullable=False),
    sa.Column('overdraft', db.Money, nullable=False),
    sa.Column('notified', sa.String(16)),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'project_id'),
    **_OPTIONS,
)

#: What was transferred between accounts. Rows are added, and never changed or removed.
transfers = sa.Table(
    'transfers',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('type', sa.String(16), nullable=False),
    _uuid('debit', nullable=False),
    _uuid('credit', nullable=False),
    sa.Column('amount', db.Money, nullable=False),
    sa.Column('month', sa.String(7), nullable=False),
    _time('time'),
    _uuid('holder'),
    sa.Column('idempotency_key', sa.String(128), unique=True),
    sa.Column('reason', sa.String(255)),
    sa.Column('object_type', sa.String(16)),
    _uuid('object_uuid'),
    _uuid('contract_uuid'),
    sa.Column('period', sa.String(7)),
    _uuid('corrects'),
    sa.Column('details', sa.JSON(none_as_null=True)),
    sa.Column('within_limit', sa.Boolean, nullable=False),
    sa.Column('user_id', sa.String(64)),
    sa.CheckConstraint('amount > 0', name='amount_is_positive'),
    sa.CheckConstraint('debit <> credit', name='accounts_differ'),
    sa.Index(None, 'debit', 'month'),
    sa.Index(None, 'credit', 'month'),
    sa.Index(None, 'object_uuid'),
    **_OPTIONS,
)

#: Credits that the operator gives, once or each month.
grants = sa.Table(
    'grants',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    _uuid('account_uuid', nullable=False),
    _project('project_id', nullable=False),
    sa.Column('amount', db.Money, nullable=False),
    sa.Column('monthly', sa.Boolean, nullable=False),
    sa.Column('expires', sa.Boolean, nullable=False),
    sa.Column('reason', sa.String(255)),
    _status(),
    # The last month for which it was given.
    sa.Column('month', sa.String(7), nullable=False),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'status', 'month'),
    sa.Index(None, 'project_id'),
    **_OPTIONS,
)

#: What calendar programs may read with a token, of which only the hash is kept.
agendas = sa.Table(
    'agendas',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('name', sa.String(255)),
    _project('project_id', nullable=False),
    sa.Column('user_id', sa.String(64), nullable=False),
    sa.Column('token_hash', sa.String(64), nullable=False),
    _time('created_at'),
    sa.Index(None, 'project_id'),
    **_OPTIONS,
)

#: Its one row holds the last month that is closed, empty before there is one. Whoever
#: books in a month that is over holds a shared lock of it.
ledger_state = sa.Table(
    'ledger_state',
    metadata,
    sa.Column('id', sa.Integer, primary_key=True, autoincrement=False),
    sa.Column('closed_through', sa.String(7), nullable=False),
    **_OPTIONS,
)

#: What parties say of transfers that they take for wrong.
disputes = sa.Table(
    'disputes',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    _uuid('transfer_uuid', nullable=False),
    _project('project_id', nullable=False),
    _project('other_project_id', nullable=False),
    sa.Column('reason', sa.String(255), nullable=False),
    _status(),
    sa.Column('decision', sa.String(255)),
    sa.Column('amount', db.Money),
    _uuid('correction_uuid'),
    sa.Column('decided_by', sa.String(64)),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'transfer_uuid'),
    sa.Index(None, 'project_id', 'status'),
    sa.Index(None, 'other_project_id'),
    **_OPTIONS,
)

#: What opens the serial consoles of servers, until the time of their lines is over.
console_tokens = sa.Table(
    'console_tokens',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    # SHA-256, in hexadecimal: the token itself is kept nowhere.
    sa.Column('token_hash', sa.String(64), nullable=False, unique=True),
    sa.Column(
        'line_uuid',
        sa.String(36),
        sa.ForeignKey('contract_lines.uuid', ondelete='CASCADE'),
        nullable=False,
    ),
    _uuid('contract_uuid', nullable=False),
    _project('project_id', nullable=False),
    _project('provider_id', nullable=False),
    sa.Column('resource_type', sa.String(64), nullable=False),
    sa.Column('resource_uuid', sa.String(255), nullable=False),
    _time('created_at'),
    _time('expires_at'),
    sa.Index(None, 'line_uuid'),
    sa.Index(None, 'project_id'),
    sa.Index(None, 'provider_id'),
    **_OPTIONS,
)

#: To whom projects have their events sent, and how far that is.
webhooks = sa.Table(
    'webhooks',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('name', sa.String(255)),
    _project('project_id', nullable=False),
    sa.Column('url', sa.String(1024), nullable=False),
    sa.Column('secret', sa.String(128)),
    sa.Column('event_types', sa.JSON(none_as_null=True)),
    _status(),
    sa.Column('reason', sa.String(255)),
    sa.Column('last_event_id', sa.BigInteger, nullable=False),
    sa.Column('attempts', sa.Integer, nullable=False),
    _time('failing_since', nullable=True),
    _time('next_attempt_time', nullable=True),
    # Until when the worker that sends to it now keeps others away.
    _time('locked_until', nullable=True),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'project_id'),
    sa.Index(None, 'status'),
    sa.Index(None, 'name'),
    **_OPTIONS,
)

#: When each provider last said that it is at work, and after how many seconds at most
#: it wants to say so again.
providers = sa.Table(
    'providers',
    metadata,
    _id(),
    _project('provider_id', nullable=False, unique=True),
    sa.Column('report_interval', sa.Integer, nullable=False),
    _time('last_seen_time'),
    **_OPTIONS,
)

#: Servers that projects want to have at any time.
standing_demands = sa.Table(
    'standing_demands',
    metadata,
    _id(),
    _uuid('uuid', nullable=False, unique=True),
    sa.Column('name', sa.String(255)),
    _project('project_id', nullable=False),
    sa.Column('lineage', sa.JSON, nullable=False),
    sa.Column('quantity', sa.Integer, nullable=False),
    sa.Column('max_price', db.Money, nullable=False),
    sa.Column('duration', sa.BigInteger, nullable=False),
    _time('end_time', nullable=True),
    sa.Column('requirements', sa.JSON, nullable=False),
    sa.Column('resource_class', sa.String(255)),
    sa.Column('min_reclaim_notice', sa.BigInteger),
    sa.Column('purpose', sa.String(255)),
    _status(),
    sa.Column('refusal', sa.String(255)),
    sa.Column('detail', sa.Text),
    sa.Column('generation', sa.BigInteger, nullable=False),
    _time('created_at'),
    _time('updated_at'),
    sa.Index(None, 'project_id'),
    sa.Index(None, 'status'),
    sa.Index(None, 'name'),
    **_OPTIONS,
)

#: Which bids were made for which of them.
standing_purchases = sa.Table(
    'standing_purchases',
    metadata,
    _id(),
    sa.Column(
        'demand_uuid',
        sa.String(36),
        sa.ForeignKey('standing_demands.uuid', ondelete='CASCADE'),
        nullable=False,
    ),
    _uuid('bid_uuid', nullable=False, unique=True),
    sa.Index(None, 'demand_uuid'),
    **_OPTIONS,
)
