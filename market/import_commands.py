# SPDX-License-Identifier: Apache-2.0
"""``flocx-market-manage import``: what another system has that was there before."""

import json
import pathlib
import sys

from oslo_utils import timeutils

from flocx import db
from flocx import exceptions
from market.db import esi_leap as source
from market.db import schema
from market.imports import esi_leap


def add(subparsers):
    """Add the commands to those of ``flocx-market-manage``."""
    actions = subparsers.add_parser(
        'import',
        help='offers and leases of a system that was there before',
        description='Take over what another system has. What was taken is left alone '
        'when it is repeated.',
    ).add_subparsers(dest='action', required=True)
    command = actions.add_parser(
        'esi-leap',
        help="esi-leap's offers, leases and events",
        description='Take over the offers, leases and events in a database of '
        'esi-leap, which is only read. Their uuids stay; running leases go on, and '
        'nothing is done to their servers. What has been taken is left alone, so that '
        'the command may be stopped and repeated. Prints how many were taken, and what '
        'could not be and why, as JSON. Example: flocx-market-manage --config-file '
        'market.conf import esi-leap --url mysql+pymysql://reader:secret@db/esi_leap '
        '--provider 5f4e... --timezone America/New_York --dry-run',
    )
    command.add_argument(
        '--url', required=True, help="the SQLAlchemy URL of esi-leap's database"
    )
    command.add_argument(
        '--provider',
        required=True,
        metavar='USER_ID',
        help='the id of the account of the provider that has the servers from now on',
    )
    command.add_argument(
        '--timezone',
        default='UTC',
        metavar='ZONE',
        help='the time zone of the host that esi-leap ran on, in which it wrote times; '
        'by default UTC',
    )
    command.add_argument(
        '--rates',
        type=pathlib.Path,
        metavar='FILE',
        help='YAML with credits per hour by uuid of a server, and * for all others; by '
        'default all is for nothing',
    )
    command.add_argument(
        '--dry-run', action='store_true', help='only say what would be taken'
    )
    command.set_defaults(run=_esi_leap)


def _esi_leap(database, command):
    try:
        translator = esi_leap.Translator(
            provider_id=command.provider,
            zone=esi_leap.timezone(command.timezone),
            prices=esi_leap.prices(command.rates.read_text()) if command.rates else {},
            now=timeutils.utcnow(with_timezone=True).replace(microsecond=0),
        )
        run = _Import(database, source.Source(command.url), translator, command.dry_run)
        print(json.dumps(run.all(), indent=2))
    except (exceptions.FlocxError, OSError) as error:
        sys.exit(str(error))


class _Import:
    """One run: what of esi-leap's database is not here yet."""

    def __init__(self, database, origin, translator, dry_run):
        self._database, self._origin = database, origin
        self._translator, self._dry_run = translator, dry_run

    def all(self):
        """Take over everything; the report, JSON."""
        return {
            'dry_run': self._dry_run,
            'offers': self._each(source.OFFERS, schema.offers, self._offers),
            'leases': self._each(source.LEASES, schema.contracts, self._leases),
        }

    def _each(self, theirs, ours, take):
        """Take what is not in our table yet, part by part; how many, and why not."""
        total = self._origin.count(theirs)
        report = {'found': total, 'known': 0, 'taken': 0, 'refused': []}
        for rows in self._origin.parts(theirs):
            with self._database.reader() as session:
                known = source.known(session, ours, [row.uuid for row in rows])
            report['known'] += len(known)
            new = [row for row in rows if row.uuid not in known]
            refused = take(new) if new else {}
            report['taken'] += len(new) - len(refused)
            report['refused'] += [
                {'uuid': uuid, 'reason': reason} for uuid, reason in refused.items()
            ]
            done = report['known'] + report['taken'] + len(report['refused'])
            print(f'{theirs.name}: {done} of {total}', file=sys.stderr)
        return report

    def _offers(self, rows):
        made, refused = _made(rows, self._translator.offer)
        return refused | self._write(source.take_offers, list(made.values()))

    def _leases(self, rows):
        made, refused = _made(rows, self._translator.contract)
        past = []
        for row in self._origin.events_of(made):
            event = self._translator.event(row, made[row.object_uuid][0])
            if event:
                past.append(event)
        return refused | self._write(source.take_contracts, list(made.values()), past)

    @db.retried
    def _write(self, take, *wanted):
        try:
            with self._database.writer() as session:
                refused = take(session, *wanted, self._translator.now)
                if self._dry_run:
                    # Leaving the transaction by it takes everything back.
                    raise _DryRunError(refused)
        except _DryRunError as dry:
            return dry.refused
        return refused


class _DryRunError(Exception):
    """What would have been written was only to be shown."""

    def __init__(self, refused):
        super().__init__()
        self.refused = refused


def _made(rows, translate):
    """{uuid: what ``translate`` makes of a row}, and {uuid: why it makes nothing}."""
    made, refused = {}, {}
    for row in rows:
        try:
            made[row.uuid] = translate(row)
        except exceptions.Invalid as error:
            refused[row.uuid] = str(error)
    return made, refused
