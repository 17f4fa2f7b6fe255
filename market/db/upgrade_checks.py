# SPDX-License-Identifier: Apache-2.0
"""What ``upgrade check`` asks of the database, for each service that uses it."""

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from flocx import db
from market.db import migration


def check_schema(checks):
    """Whether the tables are those of this release; a Result.

    :param checks: the UpgradeCommands that this is one of.
    """
    database = db.Database(cfg.CONF.database.connection)
    found, needed = migration.version(database), migration.latest()
    if found == needed:
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)
    return upgradecheck.Result(
        upgradecheck.Code.FAILURE,
        f'The database is at revision {found or "empty"}, this release needs '
        f'{needed}: run flocx-market-manage db upgrade',
    )
