# SPDX-License-Identifier: Apache-2.0
"""A rig with an empty market, its processes, and what they take of the machine."""

import contextlib
import json
import math
import os
import pathlib
import sys

from benchmarks import asking
from flocx import db
from tools.lab import accounts
from tools.rigging import rig as rigs
from tools.rigging import services


def arguments(parser):
    """Add what says where the rig is to be."""
    parser.add_argument('--folder', type=pathlib.Path, required=True)
    parser.add_argument('--venv', type=pathlib.Path, help='where to install the rig')
    parser.add_argument(
        '--json', type=pathlib.Path, metavar='FILE', help='write the report there, too'
    )


def empty(rig):
    """Bring all up but our own processes, on an empty market database."""
    rig.folder.create()
    rig.up()
    for name in services.NAMES:
        rig.process(name).stop()
    rig.database.execute('DROP DATABASE flocx')
    rig.database.create('flocx')
    services.migrate(rig.folder)


@contextlib.contextmanager
def market(options, fill, names):
    """A rig whose market is filled; of ours ``names`` run. It ends with the block.

    :param fill: called with the Database.
    """
    rig = rigs.Rig(options.folder, options.venv, 'mariadb')
    # What is said of the progress is not the report.
    with contextlib.redirect_stdout(sys.stderr):
        try:
            empty(rig)
            fill(db.Database(rig.database.url('flocx')))
            rig.start(*names)
            yield rig
        finally:
            rig.down()


class Caller:
    """A user of a service of the rig, who asks as ``asking.Request`` does."""

    def __init__(self, rig, user, service='market'):
        self._port = rig.ports[service]
        project, _ = accounts.PEOPLE[user]
        token = accounts.log_in(rig.folder, rig.ports, user, project)
        self._headers = {'X-Auth-Token': token}

    def ask(self, method, path, body=None):
        status = 201 if method == 'POST' else 200
        return asking.Request(
            self._port, method, f'/v1/{path}', dict(self._headers), body, status
        )


def processor_seconds(pid):
    """What a process and its children have taken of the processors so far."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    ticks = int(fields[11]) + int(fields[12])
    own = ticks / os.sysconf('SC_CLK_TCK')
    return own + sum(map(processor_seconds, children))


def quantile(values, part):
    """The smallest of ``values`` that at least ``part`` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def summary(seconds):
    """Of how long things took: how many, and what is said of them, in milliseconds."""
    if not seconds:
        return {'count': 0}
    return {
        'count': len(seconds),
        'median_ms': round(quantile(seconds, 0.5) * 1000, 1),
        'p99_ms': round(quantile(seconds, 0.99) * 1000, 1),
        'most_ms': round(max(seconds) * 1000, 1),
    }


def machine():
    """What a figure is worth depends on."""
    return {
        'processors': os.cpu_count(),
        'load_average': [round(each, 2) for each in os.getloadavg()],
    }


def report(options, names, found):
    """Print ``found`` with the options of these ``names``, and write it if asked."""
    settings = {name: getattr(options, name) for name in names}
    text = json.dumps({**settings, **found, **machine()}, indent=2)
    if options.json:
        options.json.write_text(text + '\n')
    print(text)
