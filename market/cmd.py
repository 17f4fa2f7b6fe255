# SPDX-License-Identifier: Apache-2.0
"""flocx-market-manage and flocx-market-status: look after the market database."""

import datetime
import json
import sys

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
from oslo_utils import timeutils

from flocx import config
from flocx import db
from flocx import upgrade_check
from flocx.core import window
from market import conf as market_conf
from market import export_commands
from market import import_commands
from market import ledger_commands
from market.db import departures
from market.db import migration
from market.db import online_migrations
from market.db import purge
from market.db import terms
from market.db import turnarounds
from market.db import upgrade_checks


def _commands(subparsers):
    database = subparsers.add_parser(
        'db',
        help='the schema of the database',
        description='Bring the schema of the database up to date, or show it. '
        'Example: flocx-market-manage --config-file market.conf db upgrade',
    ).add_subparsers(dest='action', required=True)
    upgrade = database.add_parser('upgrade', help='run the migrations that it lacks')
    upgrade.add_argument(
        'revision',
        nargs='?',
        default='head',
        help='where to stop; by default the newest',
    )
    upgrade.set_defaults(run=_upgrade)
    version = database.add_parser('version', help='print the revision that it is at')
    version.set_defaults(run=_version)
    moving = database.add_parser(
        'online_data_migrations',
        help='move what this release keeps elsewhere',
        description='Move data to where this release keeps them, while the services '
        'run. Prints how many rows of what, as JSON, and ends with 1 if there may be '
        'more than --max-count lets it move: call it again then. Example: '
        'flocx-market-manage --config-file market.conf db online_data_migrations',
    )
    moving.add_argument(
        '--max-count', type=int, metavar='ROWS', help='at most so many; default: all'
    )
    moving.set_defaults(run=_move)
    cleaning = subparsers.add_parser(
        'purge',
        help='remove what is closed for good',
        description='Remove offers, bids and contracts that closed, and events, rounds '
        'and idempotency keys that were written, more than some days ago. Prints how '
        'many, as JSON. Example: flocx-market-manage --config-file market.conf purge '
        '--older-than 400 --dry-run',
    )
    cleaning.add_argument(
        '--older-than',
        type=int,
        required=True,
        metavar='DAYS',
        help='how many days ago',
    )
    cleaning.add_argument(
        '--dry-run', action='store_true', help='only count what would be removed'
    )
    cleaning.set_defaults(run=_purge)
    departed = subparsers.add_parser(
        'projects',
        help='projects that Keystone has deleted or disabled',
        description='List, as JSON, the projects that are deleted or disabled in '
        'Keystone and still have something open in the market: why, since when that is '
        'known, and how many offers, bids and contracts. Example: flocx-market-manage '
        '--config-file market.conf projects',
    )
    departed.set_defaults(run=_projects)

    gaps = subparsers.add_parser(
        'turnaround',
        help='what stays free between two contracts of a server',
        description='List, as JSON, for each resource class how many seconds its last '
        'hand-backs took, the oldest first, and how many stay free between two '
        'contracts of such a server therefore, under the terms that a market has '
        'published. Example: flocx-market-manage --config-file market.conf turnaround',
    )
    gaps.set_defaults(run=_turnaround)
    ledger_commands.add(subparsers)
    export_commands.add(subparsers)
    import_commands.add(subparsers)


def _upgrade(database, command):
    migration.upgrade(database, command.revision)
    _version(database, command)


def _version(database, command):
    print(migration.version(database) or 'empty')


def _move(database, command):
    if command.max_count is not None and command.max_count < 1:
        sys.exit('--max-count: at least 1 row')
    moved, more = online_migrations.migrate(database, command.max_count)
    print(json.dumps(moved))
    return int(more)


def _purge(database, command):
    if command.older_than < 1:
        sys.exit('--older-than: at least 1 day')
    before = timeutils.utcnow(with_timezone=True) - datetime.timedelta(
        days=command.older_than
    )
    print(json.dumps(purge.purge(database, before, command.dry_run)))


def _projects(database, command):
    with database.reader() as session:
        found = [
            {
                'project_id': row.project_id,
                'reason': row.reason,
                'found_at': window.text(row.found_at),
                **departures.count_open(session, row.project_id),
            }
            for row in departures.all_known(session)
        ]
    print(json.dumps(found, indent=2))


def _turnaround(database, command):
    with database.reader() as session:
        published = terms.published(session) or market_conf.terms(cfg.CONF)
        used = turnarounds.current(session, published)
        taken = turnarounds.taken(session)
    found = [
        {
            'resource_class': name or None,
            'hand_backs': taken[name],
            'turnaround': used.seconds(name),
        }
        for name in sorted(taken)
    ]
    print(json.dumps({'least': used.least, 'classes': found}, indent=2))


def manage(argv=None):
    """Entry point of ``flocx-market-manage``."""
    conf = cfg.CONF
    conf.register_cli_opt(
        cfg.SubCommandOpt(
            'command',
            title='commands',
            handler=_commands,
            help='what to do',
        )
    )
    config.prepare(
        conf, sys.argv[1:] if argv is None else argv, 'market', market_conf.register
    )
    if conf.command.name is None:
        conf.print_help()
        return 2
    return conf.command.run(db.Database(conf.database.connection), conf.command) or 0


class Checks(upgradecheck.UpgradeCommands):
    """What has to be in order before a new release is started."""

    _upgrade_checks = (
        ('Database schema', upgrade_checks.check_schema),
        upgrade_check.POLICY,
    )


def status(argv=None):
    """Entry point of ``flocx-market-status``."""
    return upgrade_check.run(Checks(), argv, 'market', market_conf.register)
