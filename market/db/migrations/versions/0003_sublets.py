# SPDX-License-Identifier: Apache-2.0
"""Servers that are sub-let"""

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'


def upgrade():
    for table in ('offers', 'contract_lines'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column('sublet_of', sa.String(length=36), nullable=True)
            )
            batch_op.create_index(
                batch_op.f(f'ix_{table}_sublet_of'), ['sublet_of'], unique=False
            )
    if op.get_bind().dialect.name == 'postgresql':
        # What is sub-let has its time beside that of the line which it is of. Of the
        # release before, which sub-lets nothing, this asks what it did.
        op.execute(
            'ALTER TABLE contract_lines DROP CONSTRAINT excl_contract_lines0server, '
            'ADD CONSTRAINT excl_contract_lines0server '
            'EXCLUDE USING gist (provider_id WITH =, resource_type WITH =, '
            "resource_uuid WITH =, (coalesce(sublet_of, '')) WITH =, "
            'tstzrange(start_time, end_time) WITH &&) '
            "WHERE (status NOT IN ('ended', 'cancelled'))"
        )
