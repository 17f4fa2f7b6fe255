# SPDX-License-Identifier: Apache-2.0
"""Bring the market database to the schema of this release."""

import pathlib

from alembic import command
from alembic import config
from alembic import script
from alembic.runtime import migration

_FOLDER = pathlib.Path(__file__).parent / 'migrations'


def _alembic(connection=None):
    conf = config.Config()
    conf.set_main_option('script_location', str(_FOLDER))
    conf.attributes['connection'] = connection
    return conf


def upgrade(database, revision='head'):
    """Run the migrations that ``database`` lacks; those it has are left alone."""
    with database.engine.begin() as connection:
        command.upgrade(_alembic(connection), revision)


def version(database):
    """The revision that ``database`` is at, or None where it is empty."""
    with database.engine.connect() as connection:
        return migration.MigrationContext.configure(connection).get_current_revision()


def latest():
    """The revision that this release needs."""
    return script.ScriptDirectory.from_config(_alembic()).get_current_head()
