# SPDX-License-Identifier: Apache-2.0
"""Alternatives of bids"""

from alembic import op
import sqlalchemy as sa

revision = '0017'
down_revision = '0016'


def upgrade():
    with op.batch_alter_table('bids', schema=None) as batch_op:
        for name, column_type in (
            ('alternatives', sa.JSON(none_as_null=True)),
            ('alternative', sa.Integer()),
            ('server_seconds', sa.BigInteger()),
        ):
            batch_op.add_column(sa.Column(name, column_type, nullable=True))
