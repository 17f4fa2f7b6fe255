# SPDX-License-Identifier: Apache-2.0
"""The bound of a round, and why bids wait"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0002'
down_revision = '0001'


def upgrade():
    with op.batch_alter_table('rounds', schema=None) as batch_op:
        batch_op.add_column(sa.Column('upper_bound', db.Money(), nullable=True))
        batch_op.add_column(sa.Column('gap', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('prices', sa.JSON(), nullable=True))
    op.create_table(
        'outlooks',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('bid_uuid', sa.String(length=36), nullable=False),
        sa.Column('reason', sa.String(length=16), nullable=False),
        sa.Column('detail', sa.String(length=1024), nullable=False),
        sa.Column('time', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_outlooks')),
        sa.UniqueConstraint('bid_uuid', name=op.f('uniq_outlooks0bid_uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
