# SPDX-License-Identifier: Apache-2.0
"""Price segments of contract lines, and what cancelling costs"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0009'
down_revision = '0008'


def upgrade():
    with op.batch_alter_table('contract_lines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('extensions', sa.JSON(), nullable=True))
        batch_op.add_column(
            sa.Column(
                'notice_seconds', sa.BigInteger(), server_default='0', nullable=False
            )
        )
        batch_op.create_index(
            batch_op.f('ix_contract_lines_project_id_status'),
            ['project_id', 'status'],
            unique=False,
        )
    with op.batch_alter_table('contract_terms', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('max_lead', sa.BigInteger(), server_default='0', nullable=False)
        )
    op.create_table(
        'cancellations',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('line_uuid', sa.String(length=36), nullable=False),
        sa.Column('time', db.Instant(), nullable=False),
        sa.Column('seconds', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_cancellations')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_index(
        op.f('ix_cancellations_project_id_time'),
        'cancellations',
        ['project_id', 'time'],
        unique=False,
    )
    op.create_index(
        op.f('ix_cancellations_time'), 'cancellations', ['time'], unique=False
    )
