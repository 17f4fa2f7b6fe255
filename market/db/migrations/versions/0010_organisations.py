# SPDX-License-Identifier: Apache-2.0
"""Organisations of projects"""

from alembic import op
import sqlalchemy as sa

revision = '0010'
down_revision = '0009'


def upgrade():
    op.create_table(
        'organisations',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('project_id', sa.String(length=64), nullable=False),
        sa.Column('organisation_id', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_organisations')),
        sa.UniqueConstraint('project_id', name=op.f('uniq_organisations0project_id')),
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
        mysql_engine='InnoDB',
    )
    op.create_index(
        op.f('ix_organisations_organisation_id'),
        'organisations',
        ['organisation_id'],
        unique=False,
    )
