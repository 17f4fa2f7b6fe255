# SPDX-License-Identifier: Apache-2.0
"""Names that cannot be mistaken in a URL"""

from alembic import op
import sqlalchemy as sa

from flocx.core import names

revision = '0006'
down_revision = '0005'


def upgrade():
    connection = op.get_bind()
    for name in ('offers', 'bids', 'contracts'):
        table = sa.table(name, sa.column('id'), sa.column('uuid'), sa.column('name'))
        named = sa.select(table).where(table.c.name.is_not(None))
        for row in connection.execute(named).all():
            new = names.repaired(row.name, row.uuid[:8])
            if new != row.name:
                connection.execute(
                    sa.update(table).where(table.c.id == row.id).values(name=new)
                )
