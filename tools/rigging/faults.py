# SPDX-License-Identifier: Apache-2.0
"""What befalls a process, its host's network, disk or clock; and its end."""

import errno
import os
import signal
import subprocess

from tools.lab import trouble
from tools.rigging import daemons

#: How far the clock of a host is from that of the others, in seconds.
APART = 30
#: What is left to itself for so many seconds after a fault before it is started anew.
BY_ITSELF = 30
ZEROS = bytes(2**16)
FAKETIME = '/usr/lib/*/faketime'


class Fault:
    """One process, which ends and is started again."""

    ACTION = 'stop'
    #: Whether healing alone was not enough.
    restarted = False
    #: Whether all others have to wait for it, of however many it is one.
    stops_all = False

    def __init__(self, rig, name, draw):
        self.rig, self.name = rig, name
        self.process = rig.process(name)

    def blow(self):
        self.process.stop()

    def heal(self):
        self.process.start()

    def _restart(self):
        """Start it anew if it does not get well by itself."""
        self.process.settle(BY_ITSELF)
        if not (self.process.pid and self.process.answers()):
            self.process.kill()
            self.process.start()
            self.restarted = True

    def close(self):
        """Leave nothing of it, however far it came."""


class Kill(Fault):
    ACTION = 'kill'

    def blow(self):
        self.process.kill()


class Pause(Fault):
    """It neither does anything nor ends, as on a host that swaps."""

    ACTION = 'pause'

    def _signal(self, number):
        pid = self.process.pid
        if pid:
            os.killpg(pid, number)

    def blow(self):
        self._signal(signal.SIGSTOP)

    def heal(self):
        self._signal(signal.SIGCONT)

    close = heal


class Isolate(Fault):
    """The host sees none of the others, and they do not see it; clients see all."""

    ACTION = 'isolate'

    def __init__(self, rig, name, draw):
        super().__init__(rig, name, draw)
        self._address = rig.address(name)
        self._table = f'flocx_{rig.network.strip(".").replace(".", "_")}'

    def blow(self):
        network = f'{self.rig.network}0/24'
        drop = 'ip saddr {} ip daddr {} drop'
        rules = '; '.join(
            drop.format(*pair)
            for pair in ((self._address, network), (network, self._address))
        )
        nft(
            f'table ip {self._table} {{ chain output {{ '
            f'type filter hook output priority 0; '
            f'ip saddr {self._address} ip daddr {self._address} accept; {rules}; }}; }}'
        )

    def heal(self):
        self.close()
        self._restart()

    def close(self):
        # Making it first, so that there is one to delete.
        nft(f'add table ip {self._table}; delete table ip {self._table}')


class Fill(Fault):
    """Its disk is full, until somebody deletes something."""

    ACTION = 'fill'

    def __init__(self, rig, name, draw):
        super().__init__(rig, name, draw)
        # A broker takes messages at no node when the disk of one is full.
        self.stops_all = name.startswith('rabbitmq')

    @property
    def _ballast(self):
        return self.rig.disk(self.name) / 'ballast'

    def blow(self):
        # Others write meanwhile: there is no telling how much is left.
        with open(self._ballast, 'wb', buffering=0) as stream:
            try:
                while stream.write(ZEROS):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def heal(self):
        self.close()
        self._restart()

    def close(self):
        self._ballast.unlink(missing_ok=True)


class Clock(Fault):
    """Its host's clock is half a minute before or after those of the others."""

    ACTION = 'clock'

    def __init__(self, rig, name, draw):
        super().__init__(rig, name, draw)
        self._apart = draw.choice((-APART, APART))
        self.ACTION = f'clock {self._apart:+d} s'

    def blow(self):
        library = daemons.program('libfaketimeMT.so.1', 'libfaketime', FAKETIME)
        self.process.stop()
        wrong = self.rig.process(self.name)
        wrong.environment = {
            **(wrong.environment or self.rig.folder.environment()),
            'LD_PRELOAD': library,
            'FAKETIME': f'{self._apart:+d}s',
            'FAKETIME_DONT_FAKE_MONOTONIC': '1',
        }
        wrong.start()

    def heal(self):
        self.process.stop()
        self.process.start()


def nft(rules):
    """
    :raises Trouble: the system refuses them.
    """
    nft = daemons.program('nft', 'nftables')
    done = subprocess.run([nft, rules], capture_output=True, text=True)
    if done.returncode:
        raise trouble.Trouble(f'nft refuses {rules}', done.stderr)


#: What befalls each process of a rig of one host.
SINGLE = (Kill, Kill, Fault)
#: What befalls a node of the database or the broker; the last ones only as root.
NODE, ROOT_NODE = (Kill, Fault, Pause), (Isolate, Fill)
#: What befalls the processes of FLOCX, of which there are several.
SEVERAL = (Kill, Fault, Pause, Clock)
