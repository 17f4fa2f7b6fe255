# SPDX-License-Identifier: Apache-2.0
"""Alembic runs this for each command; the connection comes from our caller."""

from alembic import context

from market.db import schema

connection = context.config.attributes['connection']
context.configure(
    connection=connection, target_metadata=schema.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
