# SPDX-License-Identifier: Apache-2.0
"""The groups that the servers of bids are of"""

from alembic import op
import sqlalchemy as sa

revision = '0018'
down_revision = '0017'


def upgrade():
    with op.batch_alter_table('bids', schema=None) as batch_op:
        for name in ('group_by', 'group_value'):
            batch_op.add_column(sa.Column(name, sa.String(255), nullable=True))
