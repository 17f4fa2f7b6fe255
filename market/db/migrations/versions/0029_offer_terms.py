# SPDX-License-Identifier: Apache-2.0
"""For how long offers are let, and what they ask by the hour"""

from alembic import op
import sqlalchemy as sa

revision = '0029'
down_revision = '0028'


def upgrade():
    with op.batch_alter_table('offers', schema=None) as batch_op:
        for name in ('min_length', 'max_length'):
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=True))
        for name in ('ask_schedule', 'ask_falls'):
            batch_op.add_column(
                sa.Column(name, sa.JSON(none_as_null=True), nullable=True)
            )
