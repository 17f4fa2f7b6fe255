# SPDX-License-Identifier: Apache-2.0
"""The cleaning that each hand-back of an offer's server has to prove"""

from alembic import op
import sqlalchemy as sa

revision = '0012'
down_revision = '0011'


def upgrade():
    with op.batch_alter_table('offers', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('cleaned_by', sa.String(length=255), nullable=True)
        )
