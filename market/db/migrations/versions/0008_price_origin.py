# SPDX-License-Identifier: Apache-2.0
"""How the prices of contract lines were made"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0008'
down_revision = '0007'


def upgrade():
    with op.batch_alter_table('contract_lines', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('price_rule', sa.String(length=64), nullable=True)
        )
        batch_op.add_column(sa.Column('ask', db.Money(), nullable=True))
        batch_op.add_column(sa.Column('displaced', db.Money(), nullable=True))
        batch_op.add_column(
            sa.Column('round_uuid', sa.String(length=36), nullable=True)
        )
