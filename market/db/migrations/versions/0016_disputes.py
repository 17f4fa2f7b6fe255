# SPDX-License-Identifier: Apache-2.0
"""Disputes about what was booked"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0016'
down_revision = '0015'


def upgrade():
    op.create_table(
        'disputes',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('transfer_uuid', sa.String(length=36), nullable=False),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('other_project_id', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.String(length=255), nullable=False),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('decision', sa.String(length=255), nullable=True),
        sa.Column('amount', db.Money(), nullable=True),
        sa.Column('correction_uuid', sa.String(length=36), nullable=True),
        sa.Column('decided_by', sa.String(length=64), nullable=True),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_disputes')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_disputes0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    for columns in (
        ['transfer_uuid'],
        ['project_id', 'status'],
        ['other_project_id'],
    ):
        op.create_index(
            op.f(f'ix_disputes_{"_".join(columns)}'), 'disputes', columns, unique=False
        )
