# SPDX-License-Identifier: Apache-2.0
"""``flocx-market-manage ledger``: prepare budgets, close months, check the books."""

import datetime
import json
import sys

from oslo_config import cfg
from oslo_utils import timeutils

from flocx import db
from flocx.core import ledger as core
from flocx.core import money
from market import bookkeeping
from market.db import adoption
from market.db import billing


def add(subparsers):
    """Add the commands to those of ``flocx-market-manage``."""
    actions = subparsers.add_parser(
        'ledger',
        help='accounts, budgets and bills',
        description='Look after the ledger. Example: flocx-market-manage --config-file '
        'market.conf ledger prepare --dry-run',
    ).add_subparsers(dest='action', required=True)
    prepare = actions.add_parser(
        'prepare',
        help='let what is open hold its cost, before [ledger] enforce is set',
        description='Let all open bids and contracts hold what they may still cost, '
        'whatever their projects have: none of them ends or changes. Prints, as JSON, '
        'what each project holds, and what it lacks to buy anything. May be run again '
        'at any time, also while the market runs.',
    )
    prepare.add_argument(
        '--dry-run', action='store_true', help='only print what would be done'
    )
    prepare.add_argument(
        '--cover',
        action='store_true',
        help='grant each project what it lacks to stay within its limit',
    )
    prepare.set_defaults(run=_prepare)
    check = actions.add_parser(
        'check',
        help='compare balances with transfers',
        description='Compare the balances of accounts with their transfers, what is '
        'held with what bids and contracts hold, and all of it with zero. Prints what '
        'does not agree, a sentence each, and ends with 1 if anything does not.',
    )
    check.set_defaults(run=_check)
    close = actions.add_parser(
        'close',
        help='book and close the months that are over',
        description='Book the usage of the months that are over, and close them, as '
        'flocx-market-worker does by itself. Prints them as JSON; progress goes to '
        'stderr.',
    )
    close.set_defaults(run=_close)


def _now():
    return timeutils.utcnow(with_timezone=True)


def _prepare(database, command):
    now = _now()
    with database.reader() as session:
        needs, parts = adoption.needs(session)
        balances = adoption.balances(session)
    projects = []
    for project_id in sorted({*needs, *balances}):
        need = needs.get(project_id, adoption.Needs())
        balance, overdraft = balances.get(project_id, (core.ZERO, core.ZERO))
        missing = max(core.ZERO, need.hold - balance - overdraft)
        projects.append(
            {
                'project_id': project_id,
                'bids': need.bids,
                'contracts': len(need.contracts),
                'balance': money.text(balance),
                'hold': money.text(need.hold),
                'missing': money.text(missing),
            }
        )
        if command.cover and missing and not command.dry_run:
            _cover(database, project_id, missing, now)
    if not command.dry_run:
        for name, uuids in parts:
            _adopt(database, name, uuids, now)
    print(json.dumps({'dry_run': command.dry_run, 'projects': projects}, indent=2))


@db.retried
def _cover(database, project_id, missing, now):
    with database.writer() as session:
        adoption.cover(session, project_id, missing, now)


@db.retried
def _adopt(database, name, uuids, now):
    with database.writer() as session:
        adoption.adopt(session, name, uuids, now)


def _check(database, command):
    with database.reader() as session:
        found = list(adoption.disagreements(session))
    for each in found:
        print(each)
    if found:
        sys.exit(1)


def _close(database, command):
    now, months = _now(), []
    after = datetime.timedelta(seconds=cfg.CONF.ledger.close_after)
    while month := _next(database, now, after):
        bookkeeping.close_month(database, month, now, _progress(month))
        months.append(month)
    print(json.dumps(months))


@db.retried
def _next(database, now, after):
    with database.writer() as session:
        return billing.next_month(session, now, after)


def _progress(month):
    def tell(done, total):
        print(f'{month}: {done} of {total} servers under contract', file=sys.stderr)

    return tell
