# SPDX-License-Identifier: Apache-2.0
"""Servers that are sold only together"""

from alembic import op
import sqlalchemy as sa

revision = '0030'
down_revision = '0029'


def upgrade():
    with op.batch_alter_table('offers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('block', sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column('block_size', sa.Integer(), nullable=True))
