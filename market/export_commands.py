# SPDX-License-Identifier: Apache-2.0
"""``flocx-market-manage export``: bills and usage for the systems that sites have."""

import contextlib
import functools
import json
import pathlib
import sys

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
from oslo_config import cfg
from oslo_utils import timeutils

from flocx import config
from flocx import exceptions
from flocx.core import ledger as core
from flocx.core import window
from market import projects
from market.db import billing
from market.db import esi_leap as esi_leap_tables
from market.db import powered
from market.exports import cloudkitty
from market.exports import esi_leap
from market.exports import meters
from market.exports import nerc
from market.exports import rates
from market.imports import esi_leap as imported

#: After so many lines progress is told again.
_TOLD = 1000


def add(subparsers):
    """Add the commands to those of ``flocx-market-manage``."""
    actions = subparsers.add_parser(
        'export',
        help='bills and usage in formats of others',
        description='Write what was used for the systems of a finance office. Progress '
        'goes to stderr. Example: flocx-market-manage --config-file market.conf '
        'export invoice --month 2027-01 --output invoice.csv',
    ).add_subparsers(dest='action', required=True)
    _add_invoice(actions)
    leases = actions.add_parser(
        'leases',
        help='the nightly list of leases, JSON, that the NERC bills from',
        description='Write all servers under contract that were handed over, as '
        '"esi lease list --all --long -f json" does.',
    )
    _add_output(leases)
    leases.set_defaults(run=_leases)
    metered = actions.add_parser(
        'meters',
        help="OSAC's meters of hosts, a line of JSON each",
        description='Write, for each server under contract, the seconds in which it '
        'was allocated, and those in which it was powered on, as far as its provider '
        'has seen.',
    )
    metered.add_argument('--start', metavar='TIME', required=True)
    metered.add_argument('--end', metavar='TIME', required=True)
    _add_output(metered)
    metered.set_defaults(run=_meters)
    back = actions.add_parser(
        'esi-leap',
        help='offers and leases, to a database of esi-leap',
        description='Write the offers and contract lines of a provider into a database '
        'of esi-leap, for a site that goes back: what is there under the same uuid is '
        'changed, the rest is added, and it may be repeated. Prints how many, as JSON, '
        'and which servers esi-leap has to find marked with which lease.',
    )
    back.add_argument(
        '--url', required=True, help="the SQLAlchemy URL of esi-leap's database"
    )
    back.add_argument(
        '--provider',
        required=True,
        metavar='USER_ID',
        help='the id of the account of the provider that has the servers',
    )
    back.add_argument(
        '--timezone',
        default='UTC',
        metavar='ZONE',
        help='the time zone of the host that esi-leap runs on; by default UTC',
    )
    back.set_defaults(run=_esi_leap)
    pushed = actions.add_parser(
        'cloudkitty',
        help='push what was booked in a month to CloudKitty',
        description='Push one rated data frame for each transfer of usage that is '
        'booked in a month. What has arrived is not pushed again, so that it may be '
        'repeated. Prints how many were, as JSON.',
    )
    pushed.add_argument('--month', metavar='MONTH', required=True)
    pushed.add_argument(
        '--endpoint',
        metavar='URL',
        help="the root of CloudKitty's API; by default as Keystone's catalog has it",
    )
    pushed.set_defaults(run=_cloudkitty)


def _add_invoice(actions):
    invoice = actions.add_parser(
        'invoice',
        help="an invoice of a month with the NERC's columns, CSV",
        description='Write an invoice of a month with the columns that the NERC bills '
        'by: a row for each project and type of service unit.',
    )
    invoice.add_argument('--month', metavar='MONTH', required=True)
    for name, what in (
        ('rates', 'bill whole hours by this rate file and not as the contracts say'),
        ('outages', 'do not bill the windows of this file'),
        ('types', 'JSON: the type of service unit by resource class'),
    ):
        invoice.add_argument(f'--{name}', metavar='FILE', type=pathlib.Path, help=what)
    invoice.add_argument(
        '--service',
        metavar='NAME',
        help='only outages that affect this service; by default all',
    )
    invoice.add_argument(
        '--cluster', metavar='NAME', default='bm', help='the name of the cluster'
    )
    _add_output(invoice)
    invoice.set_defaults(run=_invoice)


def _add_output(parser):
    parser.add_argument(
        '--output',
        metavar='FILE',
        type=pathlib.Path,
        help='by default what is written goes to stdout',
    )


def _checked(run):
    """``run`` as a command, which ends with what is wrong."""

    @functools.wraps(run)
    def command(database, arguments):
        try:
            return run(database, arguments)
        except (exceptions.FlocxError, OSError, ValueError) as error:
            sys.exit(str(error))

    return command


@contextlib.contextmanager
def _output(arguments):
    """Where to write; a file is there once all of it was written."""
    if arguments.output is None:
        yield sys.stdout
        return
    part = arguments.output.with_name(f'{arguments.output.name}.part')
    with part.open('w', newline='') as stream:
        yield stream
    part.replace(arguments.output)


def _told(found, total):
    """``found``, while progress is told."""
    done = 0
    for each in found:
        yield each
        done += 1
        if done % _TOLD == 0:
            print(f'{done} of at most {total}', file=sys.stderr)
    print(f'{done} servers under contract', file=sys.stderr)


def _names():
    return functools.cache(projects.Projects(cfg.CONF).name)


def _read(path):
    return path.read_text() if path else ''


@_checked
def _invoice(database, arguments):
    month = core.parse_month(arguments.month)
    period, now = core.month_window(month), timeutils.utcnow(with_timezone=True)
    invoice = nerc.Invoice(
        month,
        period,
        rates.Rates.parse(_read(arguments.rates)) if arguments.rates else None,
        rates.outages(_read(arguments.outages), arguments.service),
        json.loads(_read(arguments.types) or '{}'),
        arguments.cluster,
    )
    with database.reader() as session:
        found = billing.stream(session, period.start, period.end)
        for line, broken in _told(found, billing.count(session)):
            invoice.add(line, broken, now)
    with _output(arguments) as stream:
        for row in nerc.csv_rows(invoice.rows(_names())):
            stream.write(row)


@_checked
def _leases(database, arguments):
    with database.reader() as session, _output(arguments) as stream:
        found = _told(billing.stream(session), billing.count(session))
        served = (line for line, _ in found if line.fulfill_time)
        for piece in nerc.leases(served, _names()):
            stream.write(piece)


@_checked
def _meters(database, arguments):
    period = window.Window(
        window.instant(arguments.start, '--start'),
        window.instant(arguments.end, '--end'),
    )
    now = timeutils.utcnow(with_timezone=True)
    with database.reader() as session, _output(arguments) as stream:
        found = billing.stream(session, period.start, period.end, powered.windows)
        for line, on in _told(found, billing.count(session)):
            for reading in meters.readings(line, period, now, on):
                stream.write(json.dumps(reading) + '\n')


def _rating(session):
    """Where CloudKitty is.

    :raises Unavailable: Keystone does not tell.
    """
    try:
        url = session.get_endpoint(service_type='rating')
    except ks_exceptions.ClientException as error:
        raise exceptions.Unavailable(f'Keystone cannot be asked: {error}') from None
    if not url:
        raise exceptions.Unavailable('Keystone has no endpoint of type rating')
    return url


@_checked
def _cloudkitty(database, arguments):
    month = core.parse_month(arguments.month)
    auth = loading.load_auth_from_conf_options(cfg.CONF, config.CREDENTIALS)
    session = loading.load_session_from_conf_options(
        cfg.CONF, config.CREDENTIALS, auth=auth
    )
    url = arguments.endpoint or _rating(session)
    push, done, sent = cloudkitty.Push(session, url, month), 0, 0
    with database.reader() as reader:
        for part in billing.booked(reader, month):
            sent += push.send(part)
            done += len(part)
            print(f'{done} transfers, {sent} pushed', file=sys.stderr)
    print(json.dumps({'month': month, 'transfers': done, 'pushed': sent}))


def _esi_leap(database, command):
    try:
        print(json.dumps(_go_back(database, command), indent=2))
    except exceptions.FlocxError as error:
        sys.exit(str(error))


def _go_back(database, command):
    """What was written, JSON."""
    translator = esi_leap.Translator(imported.timezone(command.timezone))
    target = esi_leap_tables.Target(command.url)
    report = {name: {'added': 0, 'changed': 0} for name in ('offers', 'leases')}
    markers = {}
    with database.reader() as session:
        for part in esi_leap_tables.all_offers(session, command.provider):
            rows = [translator.offer(each) for each in part]
            _count(report['offers'], target.put(esi_leap_tables.OFFERS, rows))
        for part in esi_leap_tables.all_leases(session, command.provider):
            rows = [translator.lease(*each) for each in part]
            _count(report['leases'], target.put(esi_leap_tables.LEASES, rows))
            # Who has sub-let a server comes first: the marker is that of the last.
            markers |= {
                row['resource_uuid']: row['uuid']
                for row in rows
                if row['status'] in esi_leap.MARKED
            }
        # Offers of what is leased refer to leases, and these to offers.
        for part in esi_leap_tables.all_offers(session, command.provider):
            below = [
                {'uuid': each.uuid, 'parent_lease_uuid': each.sublet_of}
                for each in part
                if each.sublet_of
            ]
            target.put(esi_leap_tables.OFFERS, below)
    return {**report, 'markers': markers}


def _count(report, done):
    for name, number in zip(('added', 'changed'), done, strict=True):
        report[name] += number
