# SPDX-License-Identifier: Apache-2.0
"""flocx-market-manage: look after the market database."""

import sys

from oslo_config import cfg

from flocx import config
from flocx import db
from market import conf as market_conf
from market.db import migration


def _commands(subparsers):
    database = subparsers.add_parser(
        'db',
        help='the schema of the database',
        description='Bring the schema of the database up to date, or show it. '
        'Example: flocx-market-manage --config-file market.conf db '
        'upgrade',
    ).add_subparsers(dest='deed', required=True)
    upgrade = database.add_parser('upgrade', help='run the migrations that it lacks')
    upgrade.add_argument(
        'revision',
        nargs='?',
        default='head',
        help='where to stop; by default the newest',
    )
    upgrade.set_defaults(run=_upgrade)
    database.add_parser(
        'version', help='print the revision that it is at'
    ).set_defaults(run=_version)


def _upgrade(database, command):
    migration.upgrade(database, command.revision)
    _version(database, command)


def _version(database, command):
    print(migration.version(database) or 'empty')


def manage(argv=None):
    """Entry point of ``flocx-market-manage``."""
    conf = cfg.CONF
    conf.register_cli_opt(
        cfg.SubCommandOpt(
            'command',
            title='commands',
            handler=_commands,
            required=True,
            help='what to do',
        )
    )
    config.prepare(
        conf, sys.argv[1:] if argv is None else argv, 'market', market_conf.register
    )
    conf.command.run(db.Database(conf.database.connection), conf.command)
    return 0
