# SPDX-License-Identifier: Apache-2.0
"""The one folder in which everything lives, and what it remembers."""

import fcntl
import json
import os
import pathlib
import secrets
import shutil

from tools.lab import trouble

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]

# What a person has set up for their own clouds, proxies and Pythons must not
# reach the processes of the lab, which only talk to each other.
FOREIGN = ('OS_', 'PYTHON', 'VIRTUAL_ENV', 'XDG_', 'PBR_', 'CONDA')
PROXIES = ('http_proxy', 'https_proxy', 'all_proxy', 'ftp_proxy')


class Folder:
    """Paths, memory and environment of one lab."""

    def __init__(self, path=None, venv=None, horizon=None):
        self.path = pathlib.Path(path or CHECKOUT / '.quickstart').absolute()
        # Tests bring an environment in which all is installed already.
        self.venv = pathlib.Path(venv or self.path / 'venv')
        # Horizon has other requirements than the services.
        self.horizon = pathlib.Path(horizon or self.path / 'venv-horizon')
        self.python = self.venv / 'bin' / 'python'
        self.data = self.path / 'data'
        self.etc = self.path / 'etc'
        self.logs = self.path / 'logs'
        self.run = self.path / 'run'
        self.templates = self.path / 'templates'
        self.clouds = self.etc / 'clouds.yaml'
        self._state = self.path / 'state.json'
        self._lock = None

    def create(self):
        """Make the folder; what is in it (passwords!) is its owner's alone."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ('data', 'etc', 'logs', 'run', 'templates', 'home', 'tmp'):
            (self.path / name).mkdir(exist_ok=True)

    def lock(self):
        """Let only one command at a time work on the folder."""
        self._lock = open(self.path / 'lock', 'w')
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise trouble.Trouble(
                f'Another tools/quickstart is at work in {self.path}.',
                'Wait for it, stop it with Ctrl-C, or use another --dir.',
            ) from None

    def recall(self, key, default=None):
        try:
            return json.loads(self._state.read_text()).get(key, default)
        except FileNotFoundError:
            return default
        except ValueError as error:
            raise trouble.Trouble(
                f'{self._state} cannot be read: {error}',
                'Run tools/quickstart --down and remove that folder.',
            ) from error

    def remember(self, key, value):
        try:
            state = json.loads(self._state.read_text())
        except FileNotFoundError:
            state = {}
        state[key] = value
        write_private(self._state, json.dumps(state, indent=2) + '\n')

    @property
    def password(self):
        """One password for all accounts of this lab, drawn once."""
        if not self.recall('password'):
            self.remember('password', secrets.token_urlsafe(12))
        return self.recall('password')

    def forget_data(self):
        """Remove what the services wrote; the installation stays."""
        for path in (self.data, self.etc, self.path / 'tmp'):
            shutil.rmtree(path, ignore_errors=True)
        self.remember('tour', None)
        self.create()

    def environment(self, **more):
        """The environment of a process of the lab."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN) and name.lower() not in PROXIES
        }
        kept.update(
            PATH=f'{self.venv / "bin"}:{os.environ.get("PATH", os.defpath)}',
            HOME=str(self.path / 'home'),
            TMPDIR=str(self.path / 'tmp'),
            LC_ALL='C.UTF-8',
            PYTHONWARNINGS='ignore',
            PYTHONUNBUFFERED='1',
            PYTHONNOUSERSITE='1',
            OS_CLIENT_CONFIG_FILE=str(self.clouds),
        )
        kept.update(more)
        return kept


def write_private(path, text):
    """Replace a file at once, readable by its owner only."""
    fresh = path.with_name(path.name + '.new')
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
