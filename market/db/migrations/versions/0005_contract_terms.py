# SPDX-License-Identifier: Apache-2.0
"""The terms of contracts, which the market publishes to the auction engines"""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'


def upgrade():
    op.create_table(
        'contract_terms',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('min_length', sa.BigInteger(), nullable=False),
        sa.Column('max_length', sa.BigInteger(), nullable=False),
        sa.Column('turnaround', sa.BigInteger(), nullable=False),
        sa.Column('notice', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contract_terms')),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
