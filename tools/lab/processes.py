# SPDX-License-Identifier: Apache-2.0
"""Processes that outlive the command which started them, and their ports.

A pid file holds the pid and the start time from /proc: a pid that the system
has given to somebody else in the meantime is never taken for ours.
"""

import fcntl
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import tempfile
import time

from tools.lab import progress
from tools.lab import rest
from tools.lab import trouble

IPV4, IPV6 = '127.0.0.1', '::1'

DEFAULT_PORTS = {
    'keystone': 5000,
    'ironic': 6385,
    'market': 7780,
    'provider': 7781,
    'matcher': 7782,
    'lease': 7783,
    'console': 6083,
    'horizon': 8080,
}


def _start_time(pid):
    """When a process was started, in ticks, or None if it is gone."""
    try:
        with open(f'/proc/{pid}/stat') as stream:
            # The name in parentheses may itself hold spaces and parentheses.
            fields = stream.read().rpartition(')')[2].split()
        threads = len(os.listdir(f'/proc/{pid}/task'))
    except OSError:
        return None
    # A zombie whose other threads are not through yet still holds its ports.
    if fields[0] in 'ZX' and threads <= 1:
        return None
    return fields[19]


def _group(leader):
    """The pids of a process group that have not ended."""
    for folder in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            fields = (folder / 'stat').read_text().rpartition(')')[2].split()
        except OSError:
            continue
        if fields[2] == str(leader) and _start_time(folder.name):
            yield folder.name


class Process:
    """One service of the lab, found again by its pid file.

    ``ready`` are URLs that answer, and functions that are true, once it is up.
    """

    #: What asks it to stop.
    signal = signal.SIGTERM

    def __init__(self, folder, name, command, ready, environment=None):
        self.folder = folder
        self.name = name
        self.command = [str(word) for word in command]
        self.ready = ready
        self.environment = environment
        self.log = folder.logs / f'{name}.log'
        self.pid_file = folder.run / f'{name}.pid'
        self._child = None
        self._log_before = 0

    @property
    def pid(self):
        """The pid if the process runs and is the one we started."""
        try:
            pid, started = self.pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if _start_time(pid) == started else None

    def start(self):
        """Start it unless it runs; True if this call started it."""
        if self.pid:
            return False
        with open(self.log, 'ab') as log:
            self._log_before = log.tell()
            # A session of its own: Ctrl-C in the terminal is for us only.
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment or self.folder.environment(),
                cwd=self.folder.path,
                start_new_session=True,
            )
        pid = self._child.pid
        self.pid_file.write_text(f'{pid} {_start_time(pid)}\n')
        return True

    def settle(self, seconds=10):
        """Return once it answers or is gone, be it that somebody is killing it."""
        until = time.monotonic() + seconds
        while self.pid and time.monotonic() < until:
            if self.answers():
                return
            time.sleep(0.1)

    def answers(self):
        """Whether all that it serves is there."""
        return all(
            probe() if callable(probe) else rest.answers(probe) for probe in self.ready
        )

    def wait(self, seconds=90):
        """Return once it answers; a dead or mute process is a Trouble."""
        until = time.monotonic() + seconds
        while not self.answers():
            if self._child:
                self._child.poll()
            if not self.pid:
                raise self._explain('died at its start')
            if time.monotonic() > until:
                raise self._explain(f'does not answer after {seconds} s')
            time.sleep(0.1)

    def _explain(self, what):
        return trouble.Trouble(
            f'{self.name} {what}; the end of {self.log}:',
            trouble.last_lines(self.log, offset=self._log_before),
        )

    def stop(self, seconds=30):
        """Stop it if it is ours; True if there was something to stop."""
        pid = self.pid
        if pid:
            os.kill(pid, self.signal)
            if not self._gone(seconds):
                self.kill()
        self.pid_file.unlink(missing_ok=True)
        return bool(pid)

    def kill(self):
        """End it as a crash would, with its children; True if it ran."""
        pid = self.pid
        if pid:
            # It leads a session of its own: the group is it and its children,
            # and nobody else.
            os.killpg(pid, signal.SIGKILL)
            # A child that ends after its parent still has the port a moment longer.
            self._gone(10, lambda: any(_group(pid)))
        return bool(pid)

    def _gone(self, seconds, lives=lambda: False):
        """Whether it is, and what ``lives`` tells of, after so many seconds."""
        until = time.monotonic() + seconds
        while self.pid or lives():
            if self._child:
                self._child.poll()
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        if self._child:
            self._child.poll()
        return True


def run(folder, name, command, **environment):
    """Run a command of the lab to its end; a failure is a Trouble."""
    log = folder.logs / f'{name}.log'
    with open(log, 'a') as stream:
        result = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=folder.environment(**environment),
            cwd=folder.path,
        )
    if result.returncode:
        raise trouble.Trouble(
            f'{name} failed; the end of {log}:', trouble.last_lines(log)
        )


class Ports(dict):
    """The port of each service, by name, and the address where all of them listen."""

    def __init__(self, ports, host=IPV4):
        super().__init__(ports)
        self.host = host


def host(ports):
    """Where those listen whose ports these are: a dict that says nothing is of IPv4."""
    return getattr(ports, 'host', IPV4)


def place(ports, name):
    """The address and the port of a service, as a URL has them."""
    address = host(ports)
    return (
        f'[{address}]:{ports[name]}' if ':' in address else f'{address}:{ports[name]}'
    )


def url(ports, name, scheme='http'):
    """The root of a service."""
    return f'{scheme}://{place(ports, name)}'


class Held:
    """A port of this machine that is kept from others.

    From when it is let go for its server until that listens, which may take some
    seconds, a lock keeps other labs from it.
    """

    def __init__(self, port, host=IPV4):
        """:raises OSError: somebody else has it."""
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self._socket = socket.socket(family)
        name = f'flocx-{os.getuid()}-port-{port}'
        self._lock = open(pathlib.Path(tempfile.gettempdir()) / name, 'w')
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # What is left of a server that has just ended does not count.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((host, port))
        except OSError:
            self.close()
            raise
        # From now on nobody else binds it, however they ask.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)

    def let_go(self):
        """Let its server have it."""
        self._socket.close()

    def close(self):
        """Keep it no more."""
        self._socket.close()
        self._lock.close()


def held(port, host=IPV4):
    """A port of that address, kept from others; None if they have it."""
    try:
        return Held(port, host)
    except OSError:
        return None


def free(port, host=IPV4):
    """Whether a server could listen on that port of the address now."""
    holder = held(port, host)
    if holder:
        holder.close()
    return bool(holder)


def _another(usual, taken, host):
    """A free port that reminds of the usual one.

    Below the range from which the system serves outgoing connections, which
    could take it while the lab is down.
    """
    for port in range(usual + 10000, usual + 20000):
        if port not in taken and free(port, host):
            return port
    raise trouble.Trouble('There is no free port left.')


def any_port(taken=()):
    """A free port, of those that the system gives to no outgoing connection."""
    while True:
        # Whoever else looks for one at this moment should not find the same.
        port = 20000 + secrets.randbelow(12000)
        if port not in taken and free(port):
            return port


def ports(folder, running=(), names=tuple(DEFAULT_PORTS), host=IPV4):
    """The port of each service: as last time, else the usual one, else any.

    ``running`` names the services which hold their port themselves, ``names`` those
    that are to have one.

    :returns: Ports, and {name: Held} of those that do not run: it keeps the
        port for its service, and is let go when that starts.
    """
    before = folder.recall('ports', {})
    chosen, kept = {}, {}
    for name in names:
        usual = DEFAULT_PORTS[name]
        wanted = before.get(name, usual)
        if name not in running and not (holder := held(wanted, host)):
            taken, wanted = (
                wanted,
                _another(usual, {*chosen.values(), *before.values()}, host),
            )
            holder = held(wanted, host)
            progress.say(
                f'  Port {taken} is taken by another program: {name} gets {wanted}.'
            )
        chosen[name] = wanted
        if name not in running:
            kept[name] = holder
    chosen = {**before, **chosen}
    folder.remember('ports', chosen)
    return Ports(chosen, host), kept
