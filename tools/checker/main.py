# SPDX-License-Identifier: Apache-2.0
"""The command line of tools/check."""

import argparse
import dataclasses
import datetime
import json
import pathlib
import sys
import time

from keystoneauth1 import exceptions as ks_exceptions
import openstack
from openstack import exceptions as sdk_exceptions
import sqlalchemy as sa

from tools.checker import database
from tools.checker import ledger
from tools.checker import market
from tools.checker import servers
from tools.checker import usage

#: What nobody can look at is worse than a violation, and told apart from it.
UNKNOWN = 2


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog='tools/check',
        description='Check that a market keeps its promises; JSON, and 1 if it does '
        'not, 2 if it cannot be looked at.',
    )
    parser.add_argument('database', help='URL of the market database, for SQLAlchemy')
    parser.add_argument(
        '--market-cloud',
        metavar='NAME',
        help='a cloud in clouds.yaml with the role admin in a project: compare '
        'GET /v1/usage with the contracts too',
    )
    parser.add_argument(
        '--ironic-cloud',
        action='append',
        default=[],
        metavar='NAME',
        help='a cloud with the role admin on the system: look at the lessees in its '
        'Ironic too; several times for several deployments',
    )
    parser.add_argument(
        '--journal',
        type=pathlib.Path,
        help='what was accepted, a JSON object each line: kind (offers, bids, '
        'contracts), uuid and, where a DELETE was accepted, "withdrawn": true',
    )
    parser.add_argument(
        '--grace',
        type=float,
        default=60,
        metavar='SECONDS',
        help='how long something may be overdue (default: 60)',
    )
    parser.add_argument(
        '--settle',
        type=float,
        default=0,
        metavar='SECONDS',
        help='look again for that long, as what just happens is no violation',
    )
    parser.add_argument(
        '--resting',
        action='store_true',
        help='nobody but renters deploys: all other servers have to be available',
    )
    return parser.parse_args(arguments)


class Checker:
    """One market, its deployments, and what it has accepted."""

    def __init__(self, options):
        self._engine = sa.create_engine(options.database)
        self._market = _cloud(options.market_cloud) if options.market_cloud else None
        self._ironics = [_cloud(name) for name in options.ironic_cloud]
        self._journal = _read(options.journal) if options.journal else []
        self._options = options

    def run(self):
        """What was looked at, and the violations."""
        options, now = self._options, datetime.datetime.now(datetime.UTC)
        snapshot = database.Snapshot(self._engine)
        found = list(market.violations(snapshot, now, options.grace))
        found += ledger.violations(snapshot)
        found += market.lost(snapshot, self._journal)
        counts = snapshot.counts() | {'accepted': len(self._journal)}
        if self._ironics:
            nodes = [node for cloud in self._ironics for node in _nodes(cloud)]
            found += servers.violations(snapshot, nodes, now, options.resting)
            counts['nodes'] = len(nodes)
        if self._market:
            found += self._usage(snapshot, now)
        return counts, found

    def _usage(self, snapshot, now):
        # What is past by then is past for both.
        end = now.replace(microsecond=0) - datetime.timedelta(seconds=1)
        start = min((line.start_time for line in snapshot.all_lines), default=end)
        if start >= end:
            return []
        period = f'start_time={_text(start)}&end_time={_text(end)}'
        found = _get(
            self._market,
            'marketplace',
            f'/v1/usage?{period}',
            headers={'OpenStack-API-Version': 'marketplace 1.1'},
        )
        return usage.violations(snapshot, found, start, end)

    def settled(self):
        """The same, looked at until it holds or the time to settle is over."""
        until = time.monotonic() + self._options.settle
        while True:
            counts, found = self.run()
            if not found or time.monotonic() > until:
                return counts, found
            time.sleep(1)


def _read(journal):
    return [json.loads(line) for line in journal.read_text().splitlines() if line]


def _text(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')


def _cloud(name):
    return openstack.connect(cloud=name)


def _nodes(cloud):
    return servers.read(
        lambda path: _get(cloud, 'baremetal', path, headers=servers.VERSION)
    )


def _get(cloud, service_type, path, **more):
    root = cloud.session.get_endpoint(service_type=service_type).rstrip('/')
    return cloud.session.get(root + path, **more).json()


def main(arguments=None):
    options = parse(arguments)
    began = time.monotonic()
    try:
        counts, found = Checker(options).settled()
    except (
        OSError,
        ValueError,
        sa.exc.SQLAlchemyError,
        ks_exceptions.ClientException,
        sdk_exceptions.SDKException,
    ) as error:
        print(f'tools/check: {error}', file=sys.stderr)
        return UNKNOWN
    report = {
        'checked': counts,
        'violations': [dataclasses.asdict(each) for each in found],
        'seconds': round(time.monotonic() - began, 3),
    }
    print(json.dumps(report, indent=2))
    return 1 if found else 0
