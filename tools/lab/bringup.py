# SPDX-License-Identifier: Apache-2.0
"""Bringing the lab up and taking it down."""

import pathlib

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import horizon
from tools.lab import install
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import nodes
from tools.lab import processes
from tools.lab import progress
from tools.lab import services
from tools.lab import templates
from tools.lab import together

OPENSTACK = ('keystone', 'ironic')
NAMES = (*OPENSTACK, 'flocx-standalone', 'horizon')


class Lab:
    """Keystone, Ironic with ten servers and, unless left out, FLOCX.

    ``venv`` names an environment in which everything is installed already;
    without it one is made in the folder. With ``dashboard`` there is a Horizon
    too, in an environment of its own, or in the one that ``horizon`` names.
    """

    def __init__(
        self,
        path=None,
        venv=None,
        flocx=True,
        dashboard=False,
        horizon=None,
        host=processes.IPV4,
    ):
        self.folder = folders.Folder(path, venv, horizon)
        self.flocx = flocx
        self.dashboard = dashboard
        self._host = host
        self.ports = {}
        self.started = []
        #: What keeps the ports of services that do not run yet.
        self._kept = {}
        self._installs = venv is None
        self._installs_horizon = dashboard and horizon is None
        #: Whether the engine has nothing compiled that it could load.
        self._stale = False

    def up(self):
        """Bring up what does not run yet, from an empty disk if need be."""
        self.folder.create()
        if self._installs:
            reinstalled = self._stale = install.ensure(self.folder)
            if self._installs_horizon:
                reinstalled = horizon.ensure(self.folder) or reinstalled
            if reinstalled and self.running():
                # What runs is not what is installed any more.
                self.down()
        if self._host != self.folder.recall('host', processes.IPV4) and self.running():
            # What runs listens elsewhere.
            self.down()
        self.folder.remember('host', self._host)
        # What is about to die still holds its ports, and does not count as running.
        for name in NAMES:
            self.process(name).settle()
        names = [name for name in processes.DEFAULT_PORTS if name != 'horizon']
        if self.dashboard:
            names.append('horizon')
        self.ports, self._kept = processes.ports(
            self.folder, self._ports_in_use(), names, self._host
        )
        try:
            self._configure()
            self._fill_databases()
            self._start()
        finally:
            for holder in self._kept.values():
                holder.close()

    def down(self):
        """Stop exactly what was started here; the names of what was."""
        running = self.running()
        # At once: each of them bears that the others are gone.
        together.together(*(self.process(name).stop for name in NAMES))
        return running

    def undo(self):
        """Stop what this very object started: it did not come up whole."""
        stopped = [process.name for process in reversed(self.started) if process.stop()]
        self.started.clear()
        return stopped

    def running(self):
        return [name for name in NAMES if self.process(name).pid]

    def process(self, name):
        """The process of that name, running or not."""
        remembered = self.ports or self.folder.recall('ports', {})
        ports = processes.Ports({**processes.DEFAULT_PORTS, **remembered}, self._host)
        make = {
            'keystone': keystone.process,
            'ironic': ironic.process,
            'flocx-standalone': services.process,
            'horizon': horizon.process,
        }
        return make[name](self.folder, ports)

    def _ports_in_use(self):
        running = self.running()
        if 'flocx-standalone' in running:
            running += services.PORTS
        return running

    def _configure(self):
        keystone.configure(self.folder)
        ironic.configure(self.folder, self.ports)
        services.configure(self.folder, self.ports)
        accounts.write_clouds(self.folder, self.ports)

    @property
    def _filled(self) -> pathlib.Path:
        """Exists once the databases hold all that setting up puts there."""
        return self.folder.data / 'filled'

    def _fill_databases(self):
        versions = templates.versions(self.folder)
        if self.running():
            return
        if self._filled.exists():
            if self._filled.read_text() != versions:
                self._upgrade()
                self._filled.write_text(versions)
            self._rehearse()
            return
        # What an interrupted attempt left behind is no base to build on.
        self.folder.forget_data()
        self._configure()
        if templates.restore(self.folder):
            self._filled.write_text(versions)
            self._rehearse()
            return
        with progress.during('Preparing Keystone, Ironic and the auction engine'):
            together.together(
                lambda: services.prepare(self.folder),
                lambda: keystone.prepare(self.folder, self.ports),
                lambda: ironic.prepare(self.folder),
            )
            templates.tune(self.folder)

    def _rehearse(self):
        """Have compiled what a request would wait for longer than its time limit."""
        if self._stale:
            with progress.during('Preparing the auction engine'):
                services.prepare(self.folder)

    def _upgrade(self):
        with progress.during('Bringing kept databases to the new releases'):
            together.together(
                lambda: keystone.upgrade(self.folder),
                lambda: ironic.upgrade(self.folder),
            )

    def _start(self):
        wanted = [*OPENSTACK]
        if self.flocx:
            wanted.append('flocx-standalone')
        if self.dashboard:
            wanted.append('horizon')
        fresh = [name for name in wanted if not self.process(name).pid]
        if not fresh:
            return
        if 'horizon' in fresh:
            horizon.configure(self.folder, self.ports)
        with progress.during(f'Starting {", ".join(fresh)}'):
            started = [self._start_one(name) for name in fresh if name in OPENSTACK]
            self.process('keystone').wait()
            self._populate_keystone()
            # FLOCX logs in when it starts, for which its account has to exist.
            started += [
                self._start_one(name) for name in fresh if name not in OPENSTACK
            ]
            for process in started:
                process.wait()
        self._populate_ironic()

    def _start_one(self, name):
        process = self.process(name)
        self.started.append(process)
        self._let_go(*(services.PORTS if name == 'flocx-standalone' else (name,)))
        process.start()
        return process

    def _let_go(self, *names):
        for name in names:
            if name in self._kept:
                self._kept[name].let_go()

    def _populate_keystone(self):
        if not self._filled.exists():
            accounts.create(self.folder, self.ports)
        accounts.publish(self.folder, self.ports)
        made = accounts.projects(self.folder, self.ports)
        if accounts.QUARANTINE not in made:
            # An earlier release did not make it.
            accounts.create(self.folder, self.ports)
            made = accounts.projects(self.folder, self.ports)
        services.configure(self.folder, self.ports, made[accounts.QUARANTINE])

    def _populate_ironic(self):
        if self._filled.exists():
            return
        with progress.during('Enrolling and inspecting ten servers'):
            nodes.enrol(self.folder, self.ports)
        if self._installs:
            templates.keep(self.folder)
        self._filled.write_text(templates.versions(self.folder))
