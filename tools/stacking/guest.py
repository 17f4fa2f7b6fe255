# SPDX-License-Identifier: Apache-2.0
"""The booted Debian: systemd-nspawn with a network of its own, and commands in it."""

import contextlib
import itertools
import os
import pathlib
import subprocess

from tools.lab import processes
from tools.lab import progress
from tools.lab import trouble
from tools.stacking import root as roots

#: Where the repositories are, in the guest.
SOURCES = '/git'
#: Its network: this machine is .1, and the guest is .2.
NETWORK, HOST, ADDRESS = '10.213.7.0/30', '10.213.7.1', '10.213.7.2'
NAME = 'flocx-devstack'
#: What it calls itself. Files of RabbitMQ have it in their names, and whatever has our
#: name after clean.sh is ours.
_HOSTNAME = 'devstack'
#: Ours of the pair of interfaces, and the guest's.
_OURS, _THEIRS = 'flocx-ds0', 'flocx-ds1'
_FORWARD = pathlib.Path('/proc/sys/net/ipv4/ip_forward')
_TRANSLATE = (
    'POSTROUTING', '-s', NETWORK, '!', '-o', _OURS, '-j', 'MASQUERADE',
)  # fmt: skip
#: What systemd reads in place of the kernel's command line.
_COMMAND_LINE = (
    'SYSTEMD_PROC_CMDLINE=systemd.log_target=console '
    'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'
)
_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
BOOTED = ('running', 'degraded')
#: What nspawn makes below the control group of who starts it.
_GROUPS = ('payload', 'supervisor')


class Guest:
    """One at a time on a machine, as its network has a name."""

    def __init__(self, folder, sources=None):
        self.folder = folder
        self.root = folder.path / 'root'
        self._sources = sources
        self._process = processes.Process(
            folder,
            'guest',
            self._command(),
            [self._booted],
            folder.environment(**roots.NSPAWN),
        )

    @property
    def running(self):
        return bool(self._process.pid)

    def boot(self):
        """Start it, and wait for what systemd starts."""
        if self.running:
            return
        _plug()
        with progress.during('Booting it'):
            self._process.start()
            self._process.wait(120)

    def stop(self):
        """Power it off; True if it ran."""
        # nspawn hands a SIGTERM on as the wish to be powered off.
        ran = self._process.stop(60)
        _unplug()
        return ran

    def run(self, command, name, user='stack', check=True):
        """Run a shell's command in it; its exit status.

        :param name: of the log with what it prints.
        """
        log = self.folder.logs / f'{name}.log'
        with open(log, 'ab') as stream:
            before = stream.tell()
            status = subprocess.run(
                self.entering(command, user),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if status and check:
            raise trouble.Trouble(
                f'{name} ended with {status}; the end of {log}:',
                trouble.last_lines(log, 30, before),
            )
        return status

    def says(self, command, user='stack'):
        """What a shell's command prints there, which has to succeed."""
        done = subprocess.run(
            self.entering(command, user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise trouble.Trouble(
                f'In the guest, {command} ended with {done.returncode}:',
                f'{done.stderr}{done.stdout}',
            )
        return done.stdout

    def entering(self, command, user='stack'):
        """The words that run a shell's command there."""
        leader = self._leader()
        if not leader:
            raise trouble.Trouble(
                'No DevStack is running here.', 'Start one: tools/devstack up --help'
            )
        home = '/root' if user == 'root' else roots.STACK
        return [
            'nsenter', '-t', leader, '-m', '-u', '-i', '-p', '-n', '-C',
            'env', '-i', f'PATH={_PATH}', f'HOME={home}', 'LANG=en_US.UTF-8',
            f'USER={user}',
            'runuser', '-u', user, '--', 'bash', '-c', f'cd {home} && {command}',
        ]  # fmt: skip

    def write(self, path, text):
        """Write a file of the user stack's."""
        target = self.root / path.lstrip('/')
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        home = (self.root / roots.STACK.lstrip('/')).stat()
        for each in (target, target.parent):
            subprocess.run(['chown', f'{home.st_uid}:{home.st_gid}', each], check=True)

    def _command(self):
        served = self.folder.path / 'git'
        bound = [f'--bind-ro={self._sources}:{SOURCES}/openstack'] * bool(self._sources)
        return [
            'systemd-nspawn', '-D', self.root, '-M', _HOSTNAME, *roots.QUIET,
            f'--bind-ro={served}:{SOURCES}', *bound, *roots.binds(self.folder),
            '--console=pipe', '--capability=all',
            f'--network-namespace-path=/run/netns/{NAME}',
            f'--setenv={_COMMAND_LINE}', '-b',
        ]  # fmt: skip

    def _leader(self):
        """The pid, on this machine, of the guest's systemd."""
        pid = self._process.pid
        if not pid:
            return None
        try:
            children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text()
        except OSError:
            return None
        # nspawn has a child between: the one that is PID 1 of a namespace is meant.
        return next(filter(_is_first, children.split()), None)

    def _booted(self):
        if not self._leader():
            return False
        done = subprocess.run(
            self.entering('systemctl is-system-running', 'root'),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() in BOOTED


def _is_first(pid):
    try:
        status = pathlib.Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return False
    (spaces,) = (line for line in status.splitlines() if line.startswith('NSpid:'))
    return spaces.split()[-1] == '1'


def _plug():
    """Give it an address, from which it reaches what this machine reaches."""
    _unplug()
    _ip('netns', 'add', NAME)
    _ip('link', 'add', _OURS, 'type', 'veth', 'peer', 'name', _THEIRS, 'netns', NAME)
    _ip('addr', 'add', f'{HOST}/30', 'dev', _OURS)
    _ip('link', 'set', _OURS, 'up')
    _ip('-n', NAME, 'addr', 'add', f'{ADDRESS}/30', 'dev', _THEIRS)
    _ip('-n', NAME, 'link', 'set', 'lo', 'up')
    _ip('-n', NAME, 'link', 'set', _THEIRS, 'up')
    _ip('-n', NAME, 'route', 'add', 'default', 'via', HOST)
    _FORWARD.write_text('1')
    subprocess.run(['iptables', '-t', 'nat', '-A', *_TRANSLATE], check=True)


def _unplug():
    """Take away what is left of that, be it from a run that was killed."""
    _ungroup()
    for command in (
        ['ip', 'netns', 'del', NAME],
        ['ip', 'link', 'del', _OURS],
        ['iptables', '-t', 'nat', '-D', *_TRANSLATE],
    ):
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


def _ungroup(place=pathlib.Path('/sys/fs/cgroup')):
    """Take away control groups of a guest that has ended, which bar the next one."""
    for line in pathlib.Path('/proc/self/cgroup').read_text().splitlines():
        _, hierarchy, path = line.split(':', 2)
        if hierarchy not in ('', 'name=systemd'):
            continue
        for mounted, name in itertools.product(('', 'unified', 'systemd'), _GROUPS):
            group = place / mounted / path.lstrip('/') / name
            for found, _, _ in os.walk(group, topdown=False):
                # One in which something runs stays.
                with contextlib.suppress(OSError):
                    os.rmdir(found)


def _ip(*words):
    subprocess.run(['ip', *words], check=True)
