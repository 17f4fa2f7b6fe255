# SPDX-License-Identifier: Apache-2.0
"""The command line of tools/quickstart."""

import argparse
import json
import pathlib
import signal
import sys
import time

from tools.lab import bringup
from tools.lab import horizon
from tools.lab import processes
from tools.lab import progress
from tools.lab import tour as tours
from tools.lab import trouble

DESCRIPTION = """\
Bring up FLOCX with a real Keystone and a real Ironic (whose servers are
simulated) in one folder, and show its eight steps with the openstack command.
"""

NEXT = """
Everything keeps running. To go on by hand:

  export PATH={venv}/bin:$PATH
  export OS_CLIENT_CONFIG_FILE={clouds}
  openstack --os-cloud acme-owner market node list
  openstack --os-cloud umbrella-renter market offer list
  openstack --os-cloud umbrella-renter market bid create --price 2 \\
      --duration 10m --end-time +1h --require 'cpus >= 16'
  openstack --os-cloud operator market round list
  openstack --os-cloud admin baremetal node list

Users: acme-owner, acme-renter, acme-internal, the same of umbrella, and operator,
who operates the market; admin is for Keystone and Ironic.
Logs: {logs}
Stop it with:   {quickstart} --down
"""


DASHBOARD = """
The dashboard:  {url}
Log in with one of these users, the password of all of them is {password}
and choose the project at the top: acme for acme-owner, and so on. The marketplace is
under Project; admin, in the project admin, has the rounds of the engine, too.
"""


def parse(arguments):
    parser = argparse.ArgumentParser(prog='tools/quickstart', description=DESCRIPTION)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        '--once',
        action='store_true',
        help='show the steps, then stop everything and remove its data',
    )
    what.add_argument(
        '--up',
        action='store_true',
        help='bring everything up and leave the steps out',
    )
    what.add_argument(
        '--down',
        action='store_true',
        help='stop what was started here; data and installation stay',
    )
    parser.add_argument(
        '--horizon',
        action='store_true',
        help='bring up the dashboard, too, and say where it is',
    )
    parser.add_argument(
        '--ipv6',
        action='store_const',
        const=processes.IPV6,
        default=processes.IPV4,
        dest='host',
        help='listen on ::1 and nowhere else',
    )
    parser.add_argument(
        '--dir',
        metavar='FOLDER',
        type=pathlib.Path,
        help='where everything lives (default: .quickstart in the checkout)',
    )
    parser.add_argument(
        '--json',
        metavar='FILE',
        type=pathlib.Path,
        help='write there how each step went, and the contract',
    )
    options = parser.parse_args(arguments)
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f'--json: there is no folder {options.json.parent}')
    return options


def main(arguments=None):
    options = parse(arguments)
    if not sys.platform.startswith('linux'):
        return _complain('tools/quickstart needs Linux: it reads /proc.')
    # A closed terminal and a polite kill clean up as Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    lab = bringup.Lab(options.dir, dashboard=options.horizon, host=options.host)
    try:
        if options.down:
            return _down(lab)
        return _up(lab, options)
    except trouble.Trouble as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(str(trouble.of_os_error(error)))
    except KeyboardInterrupt:
        return 130


def _complain(text):
    print(f'\n{text}', file=sys.stderr, flush=True)
    return 1


def _down(lab):
    if not lab.folder.path.is_dir():
        progress.say(f'Nothing was ever started in {lab.folder.path}.')
        return 0
    lab.folder.lock()
    stopped = lab.down()
    progress.say(f'Stopped: {", ".join(stopped) or "nothing was running"}.')
    return 0


def _up(lab, options):
    began = time.monotonic()
    lab.folder.create()
    lab.folder.lock()
    if options.once and not lab.running():
        # What is removed at the end should not be a surprise in between.
        lab.folder.forget_data()
    progress.say(f'FLOCX quickstart in {lab.folder.path}')
    try:
        lab.up()
    except BaseException as error:
        if lab.undo():
            progress.say('  Stopped again what was started.')
        _report(options, {'steps': [], 'contract': None, 'error': str(error)})
        raise
    seconds = time.monotonic() - began
    progress.say(f'  Everything is up after {seconds:.0f} s.\n')
    try:
        status = 0 if options.up else _tour(lab, options)
    finally:
        # After Ctrl-C, too: somebody wants to know what still runs.
        if not options.once:
            progress.say(_what_next(lab))
    progress.say(f'Done in {time.monotonic() - began:.0f} s.')
    return status


def _tour(lab, options):
    try:
        tour = tours.Tour(lab)
        try:
            return 0 if tour.run() else 1
        finally:
            _report(options, tour.report())
    finally:
        if options.once:
            with progress.during('Stopping everything'):
                lab.down()
            lab.folder.forget_data()


def _report(options, report):
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + '\n')


def _what_next(lab):
    quickstart = 'tools/quickstart'
    if lab.folder.path.name != '.quickstart':
        quickstart += f' --dir {lab.folder.path}'
    told = NEXT.format(
        venv=lab.folder.venv,
        clouds=lab.folder.clouds,
        logs=lab.folder.logs,
        quickstart=quickstart,
    )
    if not lab.dashboard:
        return told
    password = lab.folder.password
    return told + DASHBOARD.format(url=horizon.url(lab.ports), password=password)
