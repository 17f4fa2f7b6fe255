# SPDX-License-Identifier: Apache-2.0
"""What keeps the servers of a bid apart"""

from alembic import op
import sqlalchemy as sa

revision = '0021'
down_revision = '0020'


def upgrade():
    most = sa.Column('spread_max', sa.Integer, nullable=False, server_default='1')
    with op.batch_alter_table('bids', schema=None) as batch_op:
        batch_op.add_column(sa.Column('spread_by', sa.String(255), nullable=True))
        batch_op.add_column(most)
