# SPDX-License-Identifier: Apache-2.0
"""How long hand-backs took, and the longest turnaround"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0013'
down_revision = '0012'


def upgrade():
    op.create_table(
        'cleaning_times',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('resource_class', sa.String(length=255), nullable=False),
        sa.Column('seconds', sa.JSON(), nullable=False),
        sa.Column('updated_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cleaning_times')),
        sa.UniqueConstraint(
            'resource_class', name=op.f('uniq_cleaning_times0resource_class')
        ),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    with op.batch_alter_table('contract_terms', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                'max_turnaround', sa.BigInteger(), server_default='0', nullable=False
            )
        )
