# SPDX-License-Identifier: Apache-2.0
"""Projects that are deleted or disabled in Keystone"""

from alembic import op
import sqlalchemy as sa

from flocx import db

revision = '0004'
down_revision = '0003'


def upgrade():
    op.create_table(
        'departed_projects',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.String(length=32), nullable=False),
        sa.Column('found_at', db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_departed_projects')),
        sa.UniqueConstraint(
            'project_id', name=op.f('uniq_departed_projects0project_id')
        ),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
