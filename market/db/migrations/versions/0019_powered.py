# SPDX-License-Identifier: Apache-2.0
"""When the servers of contracts were powered on"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0019'
down_revision = '0018'


def upgrade():
    with op.batch_alter_table('contract_lines', schema=None) as batch_op:
        batch_op.add_column(sa.Column('power_on', sa.Boolean(), nullable=True))
    op.create_table(
        'powered',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('line_uuid', sa.String(length=36), nullable=False),
        sa.Column('start_time', db.Instant(), nullable=False),
        sa.Column('end_time', db.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ['line_uuid'],
            ['contract_lines.uuid'],
            name=op.f('fk_powered_line_uuid'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_powered')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_index(
        op.f('ix_powered_line_uuid'), 'powered', ['line_uuid'], unique=False
    )
