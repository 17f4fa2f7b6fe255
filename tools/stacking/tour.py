# SPDX-License-Identifier: Apache-2.0
"""The tour by hand, of doc/source/user/tour.rst: its commands, and what they print."""

import dataclasses
import re
import shlex
import subprocess
import time

from tools.lab import folder as folders
from tools.lab import progress
from tools.lab import trouble
from tools.testing import console

PAGE = folders.CHECKOUT / 'doc/source/user/tour.rst'
#: The page's first export of this is where it begins on any cloud.
BEGINS = 'export OS_CLOUD='
#: After this command the renter has a server; with Ironic they deploy to it.
HANDED_OVER = 'openstack market contract show tour'
DEPLOY = (
    ('openstack baremetal node deploy acme-05', ''),
    ('openstack baremetal node show acme-05 -f value -c provision_state', 'active'),
)
#: What only looks may look again so long, as hardware takes its time.
SECONDS = 120
_LOOKS = re.compile(rf'{console.LOOKS.pattern}| node show ')


@dataclasses.dataclass
class Step:
    """A command, as whom, and what is to come of it."""

    cloud: str
    command: console.Command


def steps(nodes, page=PAGE):
    """The commands of the page that act or look, each as its user."""
    cloud, found = None, []
    for command in console.commands(page):
        if command.line.startswith(BEGINS):
            cloud = command.line.removeprefix(BEGINS)
        elif cloud:
            found.append(Step(cloud, command))
            if nodes == 'ironic' and command.line == HANDED_OVER:
                found += [
                    Step(cloud, console.Command(command.page, line, output))
                    for line, output in DEPLOY
                ]
    return found


def take(guest, nodes, environment):
    """Give each command; a Trouble if one does not print what the page says.

    :param environment: of the commands, beside the name of the cloud.
    :returns: how many commands it were.
    """
    every = steps(nodes)
    for number, step in enumerate(every, 1):
        progress.say(f'  {number:2} of {len(every)} {step.cloud}$ {step.command.line}')
        _give(guest, step, environment)
    return len(every)


def _give(guest, step, environment):
    until = time.monotonic() + SECONDS
    while True:
        variables = {**environment, 'OS_CLOUD': step.cloud}
        words = [f'{name}={value}' for name, value in variables.items()]
        command = guest.entering(f'{shlex.join(["env", *words])} {step.command.line}')
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            wrong = f'{step.command.line} ended with {done.returncode}:\n{done.stderr}'
        else:
            wrong = console.difference(step.command, done.stdout)
        if not wrong:
            return
        if not _LOOKS.search(step.command.line) or time.monotonic() > until:
            raise trouble.Trouble('The tour does not go as its page says.', wrong)
        time.sleep(1)
