# SPDX-License-Identifier: Apache-2.0
"""Webhooks, and the names of servers"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0023'
down_revision = '0022'


def upgrade():
    op.create_table(
        'webhooks',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('url', sa.String(length=1024), nullable=False),
        sa.Column('secret', sa.String(length=128), nullable=True),
        sa.Column('event_types', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('reason', sa.String(length=255), nullable=True),
        sa.Column('last_event_id', sa.BigInteger(), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('failing_since', db.Instant(), nullable=True),
        sa.Column('next_attempt_time', db.Instant(), nullable=True),
        sa.Column('locked_until', db.Instant(), nullable=True),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_webhooks0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    for column in ('project_id', 'status', 'name'):
        op.create_index(
            op.f(f'ix_webhooks_{column}'), 'webhooks', [column], unique=False
        )
    with op.batch_alter_table('servers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name', sa.String(length=255), nullable=True))
