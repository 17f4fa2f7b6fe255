# SPDX-License-Identifier: Apache-2.0
"""Parts of bids, and which of them a contract line is of"""

from alembic import op
import sqlalchemy as sa

revision = '0027'
down_revision = '0026'


def upgrade():
    with op.batch_alter_table('bids', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('parts', sa.JSON(none_as_null=True), nullable=True)
        )
    with op.batch_alter_table('contract_lines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('part', sa.Integer(), nullable=True))
