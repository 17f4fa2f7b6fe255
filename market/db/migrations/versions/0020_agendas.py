# SPDX-License-Identifier: Apache-2.0
"""What calendar programs subscribe to"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0020'
down_revision = '0019'


def upgrade():
    op.create_table(
        'agendas',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('uuid', sa.String(length=36), nullable=False),
        sa.Column('name', sa.String(length=255), nullable=True),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('user_id', sa.String(length=64), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('created_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_agendas')),
        sa.UniqueConstraint('uuid', name=op.f('uniq_agendas0uuid')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_index(
        op.f('ix_agendas_project_id'), 'agendas', ['project_id'], unique=False
    )
