# SPDX-License-Identifier: Apache-2.0
"""When each provider was last heard of, and how often it wants to be"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0025'
down_revision = '0024'


def upgrade():
    op.create_table(
        'providers',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('provider_id', sa.String(length=64), nullable=False),
        sa.Column('report_interval', sa.Integer(), nullable=False),
        sa.Column('last_seen_time', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_providers')),
        sa.UniqueConstraint('provider_id', name=op.f('uniq_providers0provider_id')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
