# SPDX-License-Identifier: Apache-2.0
"""One DevStack, from nothing to nothing."""

import collections
import json
import pathlib
import time

from tools.lab import folder as folders
from tools.lab import progress
from tools.lab import trouble
from tools.stacking import guest as guests
from tools.stacking import root as roots
from tools.stacking import settings
from tools.stacking import sources
from tools.stacking import tour as tours

DEVSTACK = f'{roots.STACK}/devstack'
TOUR = f'{roots.STACK}/tour'
DATA = f'{roots.STACK}/data'
PYTHON = f'{DATA}/venv/bin/python'
NODES = f'{DATA}/flocx/nodes'
UNITS = 'devstack@flocx-*'
RENTER = 'umbrella-renter'
#: Those of our panels that every project has.
PANELS = tuple(
    f'market_{name}'
    for name in ('overview', 'rent', 'offers', 'bids', 'contracts', 'market', 'money')
)
KINDS = ('marketplace', 'marketplace-provider', 'marketplace-matcher')
ASK = "curl --silent --output /dev/null --write-out '%{http_code}'"
#: Lines that a service may write from its start to the end of a tour.
MOST_LINES = 20_000
#: Of which Ironic's plugin knows the package of another distribution only, and would
#: have what it is called here.
SHIM = "sed -i 's/^install_package shim shim-signed/install_package shim-signed/'"
#: What is asked for after clean.sh: all that has our name, but for what was cloned.
LEFT = (
    # /run is a file system of its own.
    'find / /run -xdev '
    r'\( -path /proc -o -path /sys -o -path /git -o -path /opt/stack -o -path /tmp '
    r'-o -path /var/log -o -path /var/cache \) -prune '
    "-o -iname '*flocx*' -print"
)


class Stack:
    """A guest, and DevStack in it.

    :param options: which variant; None for the one that is there.
    """

    def __init__(self, folder, options=None):
        self.folder = folder
        self.options = options
        where = options and getattr(options, 'found', None)
        self.guest = guests.Guest(folder, where)
        self.seconds = collections.OrderedDict()

    @property
    def nodes(self):
        return self.folder.recall('variant', {}).get('nodes', 'dummy')

    def prepare(self, old=None):
        """A fresh Debian that has booted, with the sources in it.

        :param old: the commit of an older release that is to be there, too.
        """
        roots.check_machine()
        if self.guest.running:
            raise trouble.Trouble(
                f'A DevStack runs in {self.folder.path} already.',
                'Take it down first: tools/devstack down',
            )
        roots.build(self.folder, self.options.mirror)
        roots.copy(self.folder)
        for log in self.folder.logs.glob('*.log'):
            if log.stem != 'debootstrap':
                log.unlink()
        sources.serve(self.folder.path / 'git', self.options.commit, old)
        self.folder.remember('variant', {'nodes': self.options.nodes})
        self.guest.boot()

    def clone(self, into=DEVSTACK, branch=sources.NEW, plugin=True, dest=None):
        """DevStack itself, and what has to be different before it starts.

        :param branch: of this repository.
        :param plugin: False for a DevStack without it.
        :param dest: where it keeps what it clones, if it is one of two.
        """
        self.guest.run(
            f'git clone --quiet {settings.GIT}/openstack/devstack.git {into}', 'clone'
        )
        password = self.folder.password
        conf = settings.local_conf(self.options, password, branch, plugin, dest)
        self.guest.write(f'{into}/local.conf', conf)
        if self.options.nodes == 'ironic':
            ironic = f'{roots.STACK}/ironic'
            self.guest.run(
                f'git clone --quiet {settings.GIT}/openstack/ironic.git {ironic} && '
                f'{SHIM} {ironic}/devstack/lib/ironic && '
                f'touch {roots.STACK}/.patched-dnsmasq {settings.HARDWARE}',
                'clone',
            )

    def script(self, name, title=None, where=DEVSTACK):
        """Run one of DevStack's scripts, or of grenade's."""
        title = title or name
        log = self.folder.logs / f'{title}.log'
        began = time.monotonic()
        with progress.during(title, log):
            self.guest.run(f'cd {where} && ./{name}', title)
        self.seconds[title] = round(time.monotonic() - began)

    def tour(self, title='tour', nodes=None):
        """Set its stage and take it.

        :param nodes: the folder of the dummy nodes, unless the plugin chose it.
        """
        stage = pathlib.Path(__file__).with_name('stage.py').read_text()
        self.guest.write(f'{TOUR}/stage.py', stage)
        where = 'ironic' if self.nodes == 'ironic' else nodes or NODES
        with progress.during('Setting the stage of the tour'):
            words = [PYTHON, f'{TOUR}/stage.py', TOUR, where, self.folder.password]
            self.guest.run(' '.join(words), 'stage')
        began = time.monotonic()
        number = tours.take(self.guest, self.nodes, self.environment())
        self.seconds[title] = round(time.monotonic() - began)
        progress.say(f'  All {number} commands of the tour print what its page says.')
        return number

    def environment(self):
        """Of the openstack command, for the people of the tour."""
        return {
            'PATH': f'{DATA}/venv/bin:/usr/bin:/bin',
            'OS_CLIENT_CONFIG_FILE': f'{TOUR}/clouds.yaml',
        }

    def check_units(self):
        """All run, none had to be started again, and none floods the journal."""
        shown = self.guest.says(
            f"systemctl show --property Id,ActiveState,NRestarts '{UNITS}'", 'root'
        )
        units = [
            dict(line.split('=', 1) for line in part.splitlines())
            for part in shown.strip().split('\n\n')
            if part
        ]
        bad = [each for each in units if not healthy(each)]
        if bad or not units:
            raise trouble.Trouble(f'Units that do not run as they should: {bad}')
        for each in units:
            name = each['Id']
            lines = self.guest.says(f'journalctl -u {name} | wc -l', 'root')
            if int(lines) > MOST_LINES:
                raise trouble.Trouble(f'{name} has written {lines.strip()} lines.')
        progress.say(f'  {len(units)} units run, none was started twice.')
        return units

    def answers(self):
        """{what: status} of the APIs, without a token, and of our panels."""
        scheme = 'https' if self.options.tls else 'http'
        site = f'{scheme}://{guests.ADDRESS}'
        found = {
            kind: int(self.guest.says(f'{ASK} {site}/{kind}/healthcheck'))
            for kind in KINDS
        }
        if self.options.horizon:
            found |= self._panels(f'{site}/dashboard')
        if set(found.values()) != {200}:
            raise trouble.Trouble(f'Not all answer 200: {found}')
        return found

    def _panels(self, dashboard):
        """{panel: status}, for who rents in the tour."""
        script = pathlib.Path(__file__).with_name('panels.py').read_text()
        self.guest.write(f'{TOUR}/panels.py', script)
        words = [dashboard, RENTER, self.folder.password, *PANELS]
        printed = self.guest.says(f'{PYTHON} {TOUR}/panels.py {" ".join(words)}')
        return json.loads(printed)

    def left(self):
        """What clean.sh has left that has our name."""
        return self.guest.says(LEFT, 'root').split()

    def down(self):
        """True if something ran."""
        return self.guest.stop()


def healthy(unit):
    """Whether a unit runs since its first start."""
    return unit['ActiveState'] == 'active' and unit['NRestarts'] == '0'


def folder(path=None):
    return folders.Folder(path or folders.CHECKOUT / '.devstack')
