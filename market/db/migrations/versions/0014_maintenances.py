# SPDX-License-Identifier: Apache-2.0
"""Planned outages, and which interruptions are theirs"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0014'
down_revision = '0013'


def upgrade():
    op.create_table(
        'maintenances',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('provider_id', sa.String(length=64), nullable=False),
        sa.Column('resource_type', sa.String(length=64), nullable=False),
        sa.Column('resource_uuid', sa.String(length=255), nullable=False),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=False),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_maintenances')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_maintenances0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    for columns in (['status', 'end_time'], ['resource_uuid'], ['project_id']):
        op.create_index(
            op.f(f'ix_maintenances_{"_".join(columns)}'),
            'maintenances',
            columns,
            unique=False,
        )
    with op.batch_alter_table('interruptions', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('maintenance_uuid', sa.String(length=36), nullable=True)
        )
        batch_op.create_index(
            batch_op.f('ix_interruptions_maintenance_uuid'),
            ['maintenance_uuid'],
            unique=False,
        )
