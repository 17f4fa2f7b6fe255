# SPDX-License-Identifier: Apache-2.0
"""What projects are called"""

from alembic import op
import sqlalchemy as sa

revision = '0031'
down_revision = '0030'


def upgrade():
    with op.batch_alter_table('organisations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name', sa.String(length=255), nullable=True))
