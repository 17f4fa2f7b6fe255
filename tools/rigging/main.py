# SPDX-License-Identifier: Apache-2.0
"""The command line of tools/rig."""

import argparse
import json
import pathlib
import signal
import sys
import time

from tools.lab import progress
from tools.lab import trouble
from tools.rigging import chaos
from tools.rigging import cluster
from tools.rigging import daemons
from tools.rigging import rig as rigs

DESCRIPTION = """\
Run Keystone, Ironic, RabbitMQ, memcached, a database and the processes of FLOCX as a
site deploys them, in one folder, on free ports, without systemd.
"""


def parse(arguments):
    parser = argparse.ArgumentParser(prog='tools/rig', description=DESCRIPTION)
    commands = parser.add_subparsers(dest='command', required=True)
    up = commands.add_parser('up', help='bring up what does not run yet')
    down = commands.add_parser('down', help='stop what was started; data stay')
    status = commands.add_parser('status', help='say what runs; 1 if not all does')
    up.add_argument(
        '--database',
        choices=sorted(daemons.DATABASES),
        help='which database server (default: mariadb, or what the folder has)',
    )
    up.add_argument(
        '--venv',
        type=pathlib.Path,
        metavar='FOLDER',
        help='install there, for several rigs to share it (default: in the folder)',
    )
    up.add_argument(
        '--budgets',
        action='store_true',
        help='let projects need credits, which they get (default: as it was last)',
    )
    up.add_argument(
        '--cluster',
        action='store_true',
        help='as three controllers: Galera, a RabbitMQ of three, HAProxy, and two or '
        'three of each process of FLOCX',
    )
    up.add_argument(
        '--disks',
        action='store_true',
        help='give each node of a cluster a small disk in memory, which chaos can '
        'fill; only as root',
    )
    status.add_argument(
        '-f', choices=('table', 'json'), default='table', dest='form', help='how'
    )
    breaking = commands.add_parser(
        'chaos', help='break its processes under load, and check what became of it'
    )
    breaking.add_argument('--minutes', type=float, default=5, help='(default: 5)')
    breaking.add_argument('--seed', type=int, help='of all that is drawn by lot')
    breaking.add_argument('--nodes', type=int, default=40, help='servers (default: 40)')
    breaking.add_argument(
        '--pause',
        type=float,
        default=1.0,
        help='seconds between requests of one trader (default: 1)',
    )
    breaking.add_argument(
        '--json', type=pathlib.Path, metavar='FILE', help='write the report there'
    )
    for each in (up, down, status, breaking):
        each.add_argument(
            '--folder',
            type=pathlib.Path,
            help='where everything lives (default: .rig in the checkout)',
        )
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    # A closed terminal and a polite kill clean up as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return COMMANDS[options.command](options)
    except trouble.Trouble as error:
        print(f'\n{error}', file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _up(options):
    began = time.monotonic()
    rig = cluster.of(
        options.folder,
        options.venv,
        options.database,
        options.budgets,
        options.cluster,
        options.disks,
    )
    rig.folder.create()
    rig.folder.lock()
    progress.say(f'FLOCX rig in {rig.folder.path}')
    try:
        rig.up()
    except BaseException:
        rig.down()
        raise
    progress.say(f'\n{rigs.shown(rig.status())}\n')
    progress.say(f'Everything is up after {time.monotonic() - began:.0f} s.')
    return 0


def _down(options):
    rig = cluster.of(options.folder)
    stopped = []
    if rig.folder.path.is_dir():
        rig.folder.lock()
        stopped = rig.down()
    progress.say(f'Stopped: {", ".join(stopped) or "nothing was running"}.')
    return 0


def _status(options):
    rows = cluster.of(options.folder).status()
    show = {'table': rigs.shown, 'json': rigs.as_json}[options.form]
    progress.say(show(rows))
    return 0 if all(row['answers'] for row in rows) else 1


def _chaos(options):
    rig = cluster.of(options.folder)
    rig.folder.lock()
    report, held = chaos.run(
        rig, options.minutes, options.seed, options.nodes, options.pause
    )
    text = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(text + '\n')
    progress.say(text)
    return 0 if held else 1


COMMANDS = {'up': _up, 'down': _down, 'status': _status, 'chaos': _chaos}
