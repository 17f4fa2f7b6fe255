# SPDX-License-Identifier: Apache-2.0
"""Tokens that open the serial consoles of servers"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0022'
down_revision = '0021'


def upgrade():
    op.create_table(
        'console_tokens',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('line_uuid', sa.String(length=36), nullable=False),
        sa.Column('contract_uuid', sa.String(length=36), nullable=False),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('provider_id', sa.String(length=64), nullable=False),
        sa.Column('resource_type', sa.String(length=64), nullable=False),
        sa.Column('resource_uuid', sa.String(length=255), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('expires_at', db.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ['line_uuid'],
            ['contract_lines.uuid'],
            name=op.f('fk_console_tokens_line_uuid'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_console_tokens')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_console_tokens0uuid')),
        sa.UniqueConstraint('token_hash', name=op.f('uniq_console_tokens0token_hash')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    for column in ('line_uuid', 'project_id', 'provider_id'):
        op.create_index(
            op.f(f'ix_console_tokens_{column}'),
            'console_tokens',
            [column],
            unique=False,
        )
