# SPDX-License-Identifier: Apache-2.0
"""What is installed is what the tree says."""

import configparser
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from tests import profiles

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = {'flocx', 'lease', 'market', 'matcher', 'provider'}
#: The folder of each distribution, and its packages.
DISTRIBUTIONS = {
    '.': PACKAGES,
    'client': {'flocxclient'},
    'dashboard': {'flocx_dashboard'},
    'tempest': {'flocx_tempest_plugin'},
}
MIGRATIONS = pathlib.PurePath('market/db/migrations')

LEFT_OUT = shutil.ignore_patterns('.*', '*.egg-info', '__pycache__', 'build', 'dist')

# Two kinds of module do something when they are imported, as their callers want
# it: a WSGI server takes the application from one, alembic runs the other.
IMPORT_ALL = """
import importlib, pathlib, sys
from oslo_service import backend
backend.init_backend(backend.BackendType.THREADING)
root = pathlib.Path(sys.argv[1])
for path in sorted(root.glob('*/**/*.py')):
    parts = path.relative_to(root).with_suffix('').parts
    # matcher.plots needs what the extra "plots" brings.
    if parts[-1] in ('wsgi', 'plots') or 'migrations' in parts:
        compile(path.read_text(), str(path), 'exec')
        continue
    name = '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)
    module = importlib.import_module(name)
    if not pathlib.Path(module.__file__).is_relative_to(root):
        sys.exit(f'{name} came from {module.__file__}')
    print(name)
"""

LOAD_ENTRY_POINTS = """
import sys
from importlib import metadata
from oslo_service import backend
backend.init_backend(backend.BackendType.THREADING)
(found,) = metadata.distributions(name='flocx', path=[sys.argv[1]])
for entry_point in found.entry_points:
    entry_point.load()
    print(entry_point.name)
"""


def run(*command, **kwargs):
    done = subprocess.run(
        [sys.executable, *command],
        check=False,
        text=True,
        capture_output=True,
        **kwargs,
    )
    if done.returncode:
        raise AssertionError(f'{command[:3]}:\n{done.stdout}{done.stderr}')
    return done.stdout


class WheelTest(unittest.TestCase):
    """The wheel is built from a copy: a stale build/ must not help it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='flocx-wheel-')
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.target = cls.folder / 'installed'
        tree = cls.folder / 'tree'
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        # There is no git in the copy, so pbr has to be told the version.
        env = os.environ | {'PBR_VERSION': '1.2.3'}
        pip = ('-m', 'pip', '--disable-pip-version-check')
        # The build requirements are installed, so no network is needed.
        offline = ('--no-deps', '--no-build-isolation')
        run(*pip, 'wheel', *offline, '--wheel-dir', cls.folder, tree, env=env)
        (cls.wheel,) = cls.folder.glob('*.whl')
        run(*pip, 'install', '--no-deps', '--target', cls.target, cls.wheel)

    def python(self, script):
        env = os.environ | {'PYTHONPATH': str(self.target)}
        return run('-c', script, self.target, env=env, cwd=self.folder).split()

    def test_version_is_the_one_that_was_given(self):
        self.assertTrue(self.wheel.name.startswith('flocx-1.2.3-'), self.wheel.name)

    def test_top_level_is_the_packages(self):
        found = {path.name for path in self.target.iterdir() if path.is_dir()}
        found = {name for name in found if not name.endswith('.dist-info')}
        self.assertEqual(PACKAGES, found - {'bin', '__pycache__'})

    def test_every_file_of_the_packages_is_in_it(self):
        def files(root):
            paths = (p for name in PACKAGES for p in (root / name).rglob('*'))
            kept = (p for p in paths if p.suffix in ('.py', '.mako', '.typed'))
            return {str(p.relative_to(root)) for p in kept}

        self.assertEqual(files(ROOT), files(self.target))

    def test_migrations_are_in_it(self):
        self.assertTrue((self.target / MIGRATIONS / 'env.py').exists())
        self.assertTrue((self.target / MIGRATIONS / 'script.py.mako').exists())
        self.assertTrue(list((self.target / MIGRATIONS / 'versions').glob('0*.py')))

    def test_every_module_can_be_imported(self):
        self.assertLess(PACKAGES, set(self.python(IMPORT_ALL)))

    def test_every_entry_point_leads_somewhere(self):
        (path,) = self.target.glob('flocx-*.dist-info/entry_points.txt')
        written = configparser.ConfigParser(delimiters='=')
        written.optionxform = str
        written.read(path)
        names = [name for section in written.sections() for name in written[section]]
        self.assertCountEqual(names, self.python(LOAD_ENTRY_POINTS))


class DistributionsTest(unittest.TestCase):
    """Of each distribution of the tree an archive of sources, and from it a wheel."""

    @profiles.only_nightly('builds and installs four distributions')
    def test_each_is_built_from_its_sources_and_installed(self):
        for project, packages in DISTRIBUTIONS.items():
            with self.subTest(project), tempfile.TemporaryDirectory() as folder:
                found = self._installed(ROOT / project, pathlib.Path(folder))
                self.assertLessEqual(packages, found)

    @staticmethod
    def _installed(project, folder):
        """The packages of it that are installed from a wheel of its sources."""
        tree, target = folder / 'tree', folder / 'installed'
        shutil.copytree(project, tree, ignore=LEFT_OUT)
        # Nor can its release notes be collected.
        skipped = dict.fromkeys(('SKIP_GENERATE_RENO', 'SKIP_GIT_SDIST'), '1')
        env = os.environ | {'PBR_VERSION': '1.2.3', **skipped}
        build = f'import pbr.build; pbr.build.build_sdist({str(folder)!r})'
        run('-c', build, cwd=tree, env=env)
        (sources,) = folder.glob('*-1.2.3.tar.gz')
        pip = ('-m', 'pip', '--disable-pip-version-check')
        offline = ('--no-deps', '--no-build-isolation')
        # Sources that were released know their version themselves.
        run(*pip, 'wheel', *offline, '--wheel-dir', folder, sources)
        (wheel,) = folder.glob('*-1.2.3-*.whl')
        run(*pip, 'install', '--no-deps', '--target', target, wheel)
        return {path.name for path in target.iterdir()}
