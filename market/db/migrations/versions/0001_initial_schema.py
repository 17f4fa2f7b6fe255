# SPDX-License-Identifier: Apache-2.0
"""The tables of the first release"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0001'
down_revision = None


def upgrade():
    op.create_table(
        'bids',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('lineage', sa.JSON(), nullable=False),
        sa.Column('quantity', sa.Integer(), nullable=False),
        sa.Column('min_quantity', sa.Integer(), nullable=False),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=False),
        sa.Column('duration', sa.BigInteger(), nullable=False),
        sa.Column('price', db.Money(), nullable=False),
        sa.Column('requirements', sa.JSON(), nullable=False),
        sa.Column('resource_class', sa.String(length=255), nullable=True),
        sa.Column('purpose', sa.String(length=255), nullable=True),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('contract_uuid', sa.String(length=36), nullable=True),
        sa.Column('generation', sa.BigInteger(), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_bids')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_bids0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('bids', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bids_name'), ['name'], unique=False)
        batch_op.create_index(
            batch_op.f('ix_bids_created_at'), ['created_at'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_bids_project_id_status'),
            ['project_id', 'status'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_bids_status_id'), ['status', 'id'], unique=False
        )

    op.create_table(
        'contracts',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=True),
        sa.Column('bid_uuid', sa.String(length=36), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('purpose', sa.String(length=255), nullable=True),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=False),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('generation', sa.BigInteger(), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contracts')),
        sa.UniqueConstraint('bid_uuid', name=op.f('uniq_contracts0bid_uuid')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_contracts0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('contracts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contracts_name'), ['name'], unique=False)
        batch_op.create_index(
            batch_op.f('ix_contracts_created_at'), ['created_at'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_contracts_project_id_status'),
            ['project_id', 'status'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_contracts_status_id'), ['status', 'id'], unique=False
        )

    op.create_table(
        'event_sequence',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('last', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_event_sequence')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_table(
        'events',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column('type', sa.String(length=64), nullable=False),
        sa.Column('time', db.Instant(), nullable=False),
        sa.Column('object_type', sa.String(length=16), nullable=False),
        sa.Column('object_uuid', sa.String(length=36), nullable=False),
        sa.Column('project_id', sa.String(length=64), nullable=True),
        sa.Column('owner_id', sa.String(length=64), nullable=True),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_events_object_uuid'), ['object_uuid'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_events_owner_id_id'), ['owner_id', 'id'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_events_project_id_id'), ['project_id', 'id'], unique=False
        )

    op.create_table(
        'idempotency_keys',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('idempotency_key', sa.String(length=255), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('answer', sa.JSON(), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotency_keys')),
        sa.UniqueConstraint(
            'project_id',
            'idempotency_key',
            name=op.f('uniq_idempotency_keys0project_id_idempotency_key'),
        ),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_idempotency_keys_created_at'), ['created_at'], unique=False
        )

    op.create_table(
        'offers',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('provider_id', sa.String(length=64), nullable=False),
        sa.Column('resource_type', sa.String(length=64), nullable=False),
        sa.Column('resource_uuid', sa.String(length=255), nullable=False),
        sa.Column('resource_class', sa.String(length=255), nullable=True),
        sa.Column('properties', sa.JSON(), nullable=False),
        sa.Column('lessee_id', sa.String(length=64), nullable=True),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=False),
        sa.Column('price', db.Money(), nullable=False),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.Column('generation', sa.BigInteger(), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_offers')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_offers0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('offers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offers_name'), ['name'], unique=False)
        batch_op.create_index(
            batch_op.f('ix_offers_created_at'), ['created_at'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_offers_updated_at'), ['updated_at'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_offers_start_time'), ['start_time'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_offers_end_time'), ['end_time'], unique=False
        )
        batch_op.create_index(batch_op.f('ix_offers_price'), ['price'], unique=False)
        batch_op.create_index(
            batch_op.f('ix_offers_project_id_status'),
            ['project_id', 'status'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_offers_resource_uuid_status'),
            ['resource_uuid', 'status'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_offers_status_id'), ['status', 'id'], unique=False
        )

    op.create_table(
        'rounds',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('time', db.Instant(), nullable=False),
        sa.Column('allocation', sa.String(length=64), nullable=False),
        sa.Column('pricing', sa.String(length=64), nullable=False),
        sa.Column('offers', sa.Integer(), nullable=False),
        sa.Column('bids', sa.Integer(), nullable=False),
        sa.Column('contracts', sa.Integer(), nullable=False),
        sa.Column('conflicts', sa.Integer(), nullable=False),
        sa.Column('welfare', db.Money(), nullable=False),
        sa.Column('seconds', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rounds')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_rounds0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_table(
        'servers',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('provider_id', sa.String(length=64), nullable=False),
        sa.Column('resource_type', sa.String(length=64), nullable=False),
        sa.Column('resource_uuid', sa.String(length=255), nullable=False),
        sa.Column('generation', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_servers')),
        sa.UniqueConstraint(
            'provider_id',
            'resource_type',
            'resource_uuid',
            name=op.f('uniq_servers0provider_id_resource_type_resource_uuid'),
        ),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_table(
        'contract_lines',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('contract_uuid', sa.String(length=36), nullable=False),
        sa.Column('offer_uuid', sa.String(length=36), nullable=False),
        sa.Column('owner_id', sa.String(length=64), nullable=False),
        sa.Column('provider_id', sa.String(length=64), nullable=False),
        sa.Column('resource_type', sa.String(length=64), nullable=False),
        sa.Column('resource_uuid', sa.String(length=255), nullable=False),
        sa.Column('resource_class', sa.String(length=255), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=False),
        sa.Column('price', db.Money(), nullable=False),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('fulfill_time', db.Instant(), nullable=True),
        sa.Column('expire_time', db.Instant(), nullable=True),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ['contract_uuid'],
            ['contracts.uuid'],
            name=op.f('fk_contract_lines_contract_uuid'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contract_lines')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_contract_lines0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('contract_lines', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_contract_lines_contract_uuid'),
            ['contract_uuid'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_contract_lines_offer_uuid'), ['offer_uuid'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_contract_lines_owner_id'), ['owner_id'], unique=False
        )
        batch_op.create_index(
            batch_op.f('ix_contract_lines_provider_id_status'),
            ['provider_id', 'status'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_contract_lines_resource_uuid_status'),
            ['resource_uuid', 'status'],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f('ix_contract_lines_status'), ['status'], unique=False
        )

    op.create_table(
        'interruptions',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('line_uuid', sa.String(length=36), nullable=False),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=True),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ['line_uuid'],
            ['contract_lines.uuid'],
            name=op.f('fk_interruptions_line_uuid'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_interruptions')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('interruptions', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_interruptions_line_uuid'), ['line_uuid'], unique=False
        )

    op.execute('INSERT INTO event_sequence (id, last) VALUES (1, 0)')
    if op.get_bind().dialect.name == 'postgresql':
        # No server twice at one time, said once more where the database can.
        op.execute('CREATE EXTENSION IF NOT EXISTS btree_gist')
        op.execute(
            'ALTER TABLE contract_lines ADD CONSTRAINT excl_contract_lines0server '
            'EXCLUDE USING gist (provider_id WITH =, resource_type WITH =, '
            'resource_uuid WITH =, tstzrange(start_time, end_time) WITH &&) '
            "WHERE (status NOT IN ('ended', 'cancelled'))"
        )
