# SPDX-License-Identifier: Apache-2.0
"""The command line of tools/devstack."""

import argparse
import json
import os
import pathlib
import shlex
import signal
import sys
import time

from tools.lab import progress
from tools.lab import trouble
from tools.stacking import containers
from tools.stacking import grenade
from tools.stacking import guest as guests
from tools.stacking import sources
from tools.stacking import stack as stacks
from tools.stacking import tempest

DESCRIPTION = """\
Run a real DevStack with FLOCX in a Debian of its own: made with debootstrap, booted
with systemd-nspawn, and installed by stack.sh. Needs root and some 4 GB of disk. All is
in one folder; of this machine nothing is changed but a network, while it runs.
"""

EXAMPLES = """\
The sources of OpenStack are yours to bring: a folder of bare git repositories, named
with --sources or in FLOCX_DEVSTACK_SOURCES. devstack.git, requirements.git and
keystone.git have to be in it; ironic.git, horizon.git and grenade.git for some.

  tools/devstack up --sources /srv/git     stack.sh; the DevStack goes on running
  tools/devstack tour                      the tour of the user guide, in it
  tools/devstack shell journalctl -f       any command in it, or a shell
  tools/devstack down                      power it off
  tools/devstack check --tls --horizon     from stack.sh to clean.sh, and all between
  tools/devstack check --nodes ironic      with a real Ironic and fake hardware
  tools/devstack check --tempest           and the tests of flocx-tempest-plugin
  tools/devstack upgrade --from 8e8a7b0    that release, data, and grenade.sh to this
  tools/devstack containers                containers/compose.yaml beside a Keystone
"""

NEXT = """
It keeps running; its address is {address}. To go on:

  tools/devstack tour            the tour of the user guide
  tools/devstack shell           a shell of its user stack
  tools/devstack down            power it off

local.conf and the scripts are in {devstack}, in it; logs are in {logs}."""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog='tools/devstack',
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    up = commands.add_parser('up', help='run stack.sh in a fresh Debian')
    check = commands.add_parser(
        'check', help='stack.sh, the tour, unstack.sh, both again, clean.sh'
    )
    upgrade = commands.add_parser(
        'upgrade', help='grenade.sh: an older release with data, then this one'
    )
    images = commands.add_parser(
        'containers', help='build the images, and run compose.yaml beside a Keystone'
    )
    tour = commands.add_parser('tour', help='take the tour in what runs')
    shell = commands.add_parser('shell', help='run a command in it, or a shell')
    down = commands.add_parser('down', help='power it off')
    for each in (up, check, upgrade, images):
        _variant(each)
    upgrade.add_argument(
        '--from',
        dest='old',
        metavar='COMMIT',
        required=True,
        help='the release to begin with, a commit of this repository',
    )
    check.add_argument(
        '--tempest', action='store_true', help='and flocx-tempest-plugin after the tour'
    )
    shell.add_argument('words', nargs=argparse.REMAINDER, metavar='COMMAND')
    shell.add_argument('--user', default='stack', help='whose (default: stack)')
    for each in (check, upgrade, images):
        each.add_argument(
            '--json', type=pathlib.Path, metavar='FILE', help='write the report there'
        )
        each.add_argument(
            '--keep', action='store_true', help='leave it running at the end'
        )
    for each in (up, check, upgrade, images, tour, shell, down):
        each.add_argument(
            '--folder',
            type=pathlib.Path,
            help='where everything lives (default: .devstack in the checkout)',
        )
    return parser.parse_args(arguments)


def _variant(parser):
    parser.add_argument(
        '--sources',
        type=pathlib.Path,
        metavar='DIR',
        help=f'the bare repositories of OpenStack (default: ${sources.VARIABLE})',
    )
    parser.add_argument(
        '--nodes',
        choices=('dummy', 'ironic'),
        default='dummy',
        help='servers in YAML files, or an Ironic with fake hardware (default: dummy)',
    )
    parser.add_argument(
        '--database',
        choices=('mysql', 'postgresql'),
        default='mysql',
        help='(default: mysql, which is MariaDB)',
    )
    parser.add_argument('--horizon', action='store_true', help='with the dashboard')
    parser.add_argument(
        '--tls', action='store_true', help='all APIs behind tls-proxy, at https'
    )
    parser.add_argument(
        '--commit',
        default='HEAD',
        help='what of this repository to install (default: the tree as it is)',
    )
    parser.add_argument(
        '--mirror',
        metavar='URL',
        help='where the Debian comes from (default: as on this machine)',
    )


def main(arguments=None):
    options = parse(arguments)
    # A closed terminal and a polite kill clean up as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = stacks.folder(options.folder)
    try:
        return COMMANDS[options.command](folder, options)
    except trouble.Trouble as error:
        print(f'\n{error}', file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _stack(folder, options):
    options.found = sources.check(options.sources, sources.wanted(options))
    folder.create()
    folder.lock()
    progress.say(f'DevStack in {folder.path}')
    return stacks.Stack(folder, options)


def _up(folder, options):
    stack = _stack(folder, options)
    try:
        stack.prepare()
        stack.clone()
        stack.script('stack.sh')
    except BaseException:
        progress.say('It is left as it is, for a look: tools/devstack shell, or down.')
        raise
    progress.say(
        NEXT.format(address=guests.ADDRESS, devstack=stacks.DEVSTACK, logs=folder.logs)
    )
    return 0


def _check(folder, options):
    return _through(folder, options, check)


def check(stack):
    """From stack.sh to clean.sh; what was found out."""
    stack.prepare()
    stack.clone()
    stack.script('stack.sh')
    report = {'commands': stack.tour(), 'units': len(stack.check_units())}
    report['answers'] = stack.answers()
    if stack.options.tempest:
        report['tempest'] = tempest.run(stack)
    stack.script('unstack.sh')
    stack.script('stack.sh', 'stack.sh again')
    stack.tour('tour again')
    stack.script('clean.sh')
    report['left'] = stack.left()
    return report


def _upgrade(folder, options):
    return _through(folder, options, grenade.run)


def _containers(folder, options):
    return _through(folder, options, containers.run)


def _through(folder, options, action):
    """Do all of it and report; the exit status."""
    stack = _stack(folder, options)
    began = time.monotonic()
    try:
        report = action(stack)
    finally:
        if not options.keep:
            with progress.during('Powering it off'):
                stack.down()
    report |= {'seconds': {**stack.seconds, 'all': round(time.monotonic() - began)}}
    text = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(text + '\n')
    progress.say(text)
    return 0 if _as_it_should(report) else 1


def _as_it_should(report):
    tested = 'tempest' not in report or tempest.good(report['tempest'])
    return tested and not report.get('left')


def _tour(folder, _):
    stacks.Stack(folder).tour()
    return 0


def _shell(folder, options):
    command = shlex.join(options.words) or 'exec bash'
    words = guests.Guest(folder).entering(command, options.user)
    os.execvp(words[0], words)


def _down(folder, _):
    ran = folder.path.is_dir() and stacks.Stack(folder).down()
    progress.say('It is powered off.' if ran else 'Nothing was running.')
    return 0


COMMANDS = {
    'up': _up,
    'check': _check,
    'upgrade': _upgrade,
    'containers': _containers,
    'tour': _tour,
    'shell': _shell,
    'down': _down,
}
