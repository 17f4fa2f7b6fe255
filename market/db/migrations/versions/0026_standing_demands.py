# SPDX-License-Identifier: Apache-2.0
"""Standing demands, and the bids that are made for them"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0026'
down_revision = '0025'

_OPTIONS = {
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
    'mysql_engine': 'InnoDB',
}


def _id():
    return sa.Column(
        'id',
        sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
        autoincrement=True,
        nullable=False,
    )


def upgrade():
    op.create_table(
        'standing_demands',
        _id(),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('lineage', sa.JSON(), nullable=False),
        sa.Column('quantity', sa.Integer(), nullable=False),
        sa.Column('max_price', db.Money(), nullable=False),
        sa.Column('duration', sa.BigInteger(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=True),
        sa.Column('requirements', sa.JSON(), nullable=False),
        sa.Column('resource_class', sa.String(length=255), nullable=True),
        sa.Column('min_reclaim_notice', sa.BigInteger(), nullable=True),
        sa.Column('purpose', sa.String(length=255), nullable=True),
        sa.Column('status', sa.String(length=16), nullable=False),
        sa.Column('refusal', sa.String(length=255), nullable=True),
        sa.Column('detail', sa.Text(), nullable=True),
        sa.Column('generation', sa.BigInteger(), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_standing_demands')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_standing_demands0uuid')),
        **_OPTIONS,
    )
    op.create_table(
        'standing_purchases',
        _id(),
        sa.Column('demand_uuid', sa.String(length=36), nullable=False),
        sa.Column('bid_uuid', sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ['demand_uuid'],
            ['standing_demands.uuid'],
            name=op.f('fk_standing_purchases_demand_uuid'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_standing_purchases')),
        sa.UniqueConstraint('bid_uuid', name=op.f('uniq_standing_purchases0bid_uuid')),
        **_OPTIONS,
    )
    for table, columns in (
        ('standing_demands', ('project_id', 'status', 'name')),
        ('standing_purchases', ('demand_uuid',)),
    ):
        for column in columns:
            op.create_index(op.f(f'ix_{table}_{column}'), table, [column], unique=False)
