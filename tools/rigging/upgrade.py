# SPDX-License-Identifier: Apache-2.0
"""From an earlier release to this one on a cluster under load, and back.

Process by process, in the order of doc/source/admin/upgrading.rst. A fault is a request
that somebody had to send again, a message that did not arrive, or a canary that did not
come through.
"""

import json
import re
import shutil
import subprocess
import time

from tools.lab import folder as folders
from tools.lab import install
from tools.lab import progress
from tools.lab import trouble
from tools.rigging import chaos
from tools.rigging import cluster
from tools.rigging import rig as rigs
from tools.rigging import services

#: The two releases before this one, the older one first, as
#: doc/source/contributor/releases.rst has them, and what each did not have yet.
UPGRADES = {'8e8a7b0': ('worker',), '76dbd0d': ()}
#: Two processes of each API stand behind the balancer.
APIS = (1, 2)
DRAIN_TIMEOUT = 60
#: What a process logs of a message that was lost, or that it does not understand.
LOST = re.compile(r'could not be sent|is dropped|UnsupportedVersion|Unknown RPC')


class Missing(trouble.Trouble):
    """A release that is not in the history of the checkout, which may be short."""


def source_of(commit, path):
    """The tree of a commit of this repository, in a new folder.

    :raises Missing: it is not in the history that is here.
    """
    path.mkdir(parents=True)
    archive = subprocess.run(
        ['git', 'archive', commit], cwd=folders.CHECKOUT, capture_output=True
    )
    if archive.returncode:
        raise Missing(
            f'{commit} is not in the history of this repository.',
            archive.stderr.decode(),
        )
    subprocess.run(['tar', '-x', '-C', path], input=archive.stdout, check=True)
    return path


def prepare(rig, venv, commit):
    """An environment like that of the rig, with the wheel of that commit's services.

    :returns: the folder of the rig with that environment.
    """
    old = folders.Folder(rig.folder.path, venv)
    stamp = venv / 'release'
    if stamp.exists() and stamp.read_text() == commit:
        return old
    install.ensure(rig.folder)
    install.add(rig.folder, 'rig', rigs.REQUIREMENTS)
    shutil.rmtree(venv, ignore_errors=True)
    shutil.copytree(rig.folder.venv, venv, symlinks=True)
    source = rig.folder.path / 'before'
    shutil.rmtree(source, ignore_errors=True)
    source_of(commit, source)
    pip, wheels = [old.python, '-m', 'pip'], rig.folder.path / 'wheels'
    shutil.rmtree(wheels, ignore_errors=True)
    build = [*pip, 'wheel', '--no-deps', '--no-build-isolation', '-w', wheels, source]
    install.run(old, f'Building {commit}', build)
    install_wheel = [*pip, 'install', '--no-deps', '--force-reinstall']
    install.run(
        old, f'Installing {commit}', [*install_wheel, *wheels.glob('flocx-*.whl')]
    )
    # Engines that start together would all compile what this one keeps for them.
    for module in ('matcher.rehearsal', 'matcher.warmup'):
        if (source / f'{module.replace(".", "/")}.py').exists():
            warm = [old.python, '-m', module]
            install.run(old, f'Compiling the engine of {commit}', warm, may_fail=True)
    stamp.write_text(commit)
    return old


class Upgrade(chaos.Chaos):
    """The steps, each while owners and renters trade."""

    def __init__(self, rig, commit, seed, nodes, pause):
        super().__init__(rig, seed, nodes, pause)
        self._commit, self.steps, self._read = commit, [], {}

    def run(self):
        """There, and then back, with the schema of the new release."""
        self._load.start()
        self._step('before', lambda: None)
        self._step('schema', lambda: services.migrate(self._rig.folder))
        for name, names in self._order():
            self._step(name, lambda names=names: self._each(names, self._rig.forward))
        for name, names in reversed(self._order()):
            self._step(
                f'{name}, back', lambda names=names: self._each(names, self._rig.back)
            )
        for name, names in self._order():
            self._step(
                f'{name}, again',
                lambda names=names: self._each(names, self._rig.forward),
            )
        with progress.during('Stopping the load'):
            self._load.stop()

    def _order(self):
        """What is replaced in which step, in the order of the page."""
        kinds = (
            ('engines', ('engine',)),
            ('marketplace', ('market', 'matcher', 'worker')),
            ('providers', ('provider', 'fulfiller')),
        )
        return [
            (step, [name for name in cluster.NAMES if name.partition('-')[0] in those])
            for step, those in kinds
        ]

    def _each(self, names, turn):
        for name in names:
            with self._drained(name):
                turn(name)

    def _drained(self, name):
        return self._rig.balancer.drained(*_backend(name), DRAIN_TIMEOUT)

    def _step(self, name, work):
        began = time.monotonic()
        again = sum(self._again.values())
        work()
        worked = time.monotonic()
        delivered = self._canary()
        self.steps.append(
            {
                'step': name,
                'seconds': round(worked - began, 1),
                'canary': round(time.monotonic() - worked, 1) if delivered else None,
                'asked again': sum(self._again.values()) - again,
                'messages lost': self._lost(),
            }
        )
        progress.say(f'  {json.dumps(self.steps[-1])}')

    @property
    def _again(self):
        return self._load.again + self._renter.again

    def _lost(self):
        """How many messages all processes say were lost, since it was last asked."""
        found = 0
        for name in self._rig.flocx:
            log = self._rig.process(name).log
            if log.exists():
                with open(log, errors='replace') as stream:
                    stream.seek(self._read.get(name, 0))
                    found += len(LOST.findall(stream.read()))
                    self._read[name] = stream.tell()
        return found

    def report(self, check):
        return {
            'from': self._commit,
            'steps': self.steps,
            'load': dict(self._load.done),
            'asked again': dict(self._again),
            'errors': self._load.errors[:50],
            'check': check,
        }


def _backend(name):
    """The section of the balancer and the server in it; None for who has no clients."""
    kind, _, number = name.rpartition('-')
    if kind in services.APIS:
        return kind, f'controller{number}'
    return None, None


def held(report):
    """Whether nobody noticed anything."""
    return (
        report['check']['violations'] == []
        and not report['errors']
        and not report['asked again']
        and all(step['canary'] for step in report['steps'])
        and not any(step['messages lost'] for step in report['steps'])
    )


def run(rig, commit, seed=1, nodes=12, pause=2.0):
    """All of it on a rig of that release; the report, and whether it held."""
    upgrade = Upgrade(rig, commit, seed, nodes, pause)
    upgrade.run()
    with progress.during('Checking'):
        report = upgrade.report(chaos.check(rig, upgrade.journal))
    return report, held(report)
