# SPDX-License-Identifier: Apache-2.0
"""A real ColdFront on SQLite, with the plugin of ``etc/coldfront``."""

import os
import pathlib
import shutil
import subprocess
import sys

from tests.integration import rigs
from tools.testing import environments

HERE = pathlib.Path(__file__).parent
PLUGIN = rigs.ROOT / 'etc' / 'coldfront'
ENVIRONMENT = environments.Environment(
    'venv-coldfront',
    environments.HOME / 'installed-coldfront',
    (
        'tests/integration/coldfront-requirements.txt',
        'client/requirements.txt',
        'client/pyproject.toml',
        'client/setup.cfg',
    ),
    ('client',),
)
#: Its tasks wait in its database, and not in a Redis.
QUEUE = """
from coldfront.config.base import Q_CLUSTER

Q_CLUSTER['orm'] = 'default'
"""


class ColdFront:
    """One in ``folder``, whose plugin finds the marketplace by ``clouds``.

    :param clouds: the path of a clouds.yaml.
    """

    def __init__(self, folder, clouds):
        environments.install(ENVIRONMENT)
        self._folder = folder
        for each in ('flocx_coldfront', 'local_settings.py'):
            copy = shutil.copytree if (PLUGIN / each).is_dir() else shutil.copy
            copy(PLUGIN / each, folder / each)
        settings = folder / 'local_settings.py'
        settings.write_text(settings.read_text() + QUEUE)
        kept = {name: value for name, value in os.environ.items() if name[:3] != 'OS_'}
        self._env = kept | {
            'COLDFRONT_CONFIG': str(folder / 'local_settings.py'),
            'DJANGO_SETTINGS_MODULE': 'coldfront.config.settings',
            'DB_URL': f'sqlite:///{folder}/coldfront.db',
            'SECRET_KEY': 'for tests',
            # Nobody has bundled its scripts for a browser.
            'DJANGO_VITE_DEV_MODE': 'true',
            'PYTHONPATH': str(folder),
            'PYTHONWARNINGS': 'ignore',
            'OS_CLIENT_CONFIG_FILE': str(clouds),
        }
        self.run('initial_setup', '--force_overwrite')
        self.run('flocx_setup')

    def run(self, *arguments):
        """Run a command of ``coldfront`` to its end; what it prints."""
        return self._call(ENVIRONMENT.folder / 'bin' / 'coldfront', *arguments)

    def site(self, *arguments):
        """Let somebody do something at the web site, see ``coldfront_site.py``."""
        return self._call(ENVIRONMENT.python, HERE / 'coldfront_site.py', *arguments)

    def work(self):
        """Let its workers do the tasks that wait."""
        self.run('qcluster', '--run-once')

    def _call(self, *command):
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self._folder,
            env=self._env,
            text=True,
            check=False,
            capture_output=True,
        )
        if done.returncode:
            sys.stderr.write(done.stdout)
            raise AssertionError(f'{command} failed: {done.stderr[-4000:]}')
        return done.stdout.strip()
