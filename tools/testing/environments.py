# SPDX-License-Identifier: Apache-2.0
"""Virtualenvs in .test/, kept as long as what they were installed from is the same."""

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import importlib.util
import itertools
import os
import pathlib
import subprocess
import sys
import time
import tomllib

from tools.lab import folder as folders
from tools.lab import install as lab_install
from tools.lab import trouble

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / '.test'


@dataclasses.dataclass(frozen=True)
class Environment:
    """A virtualenv in .test/, kept as long as what it is installed from."""

    name: str
    stamp: pathlib.Path
    installed_from: tuple
    projects: tuple
    #: What is installed without what it asks for.
    alone: tuple = ()

    @property
    def folder(self):
        return HOME / self.name

    @property
    def python(self):
        return self.folder / 'bin' / 'python'


# What is installed follows from these; when one changes it is installed again.
INSTALLED_FROM = (
    'requirements.txt',
    'test-requirements.txt',
    'pyproject.toml',
    'setup.cfg',
    'client/requirements.txt',
    'client/test-requirements.txt',
    'client/pyproject.toml',
    'client/setup.cfg',
    'doc/requirements.txt',
)
# OR-Tools asks for one release of protobuf and imports none, see tox.ini.
SOLVER = 'ortools>=9.15'
OURS = Environment(
    'venv', HOME / 'installed', INSTALLED_FROM, ('.', 'client'), (SOLVER,)
)
# Horizon asks for releases of its own, which must not decide what the services get.
DASHBOARD = Environment(
    'venv-dashboard',
    HOME / 'installed-dashboard',
    (
        *(
            name
            for name in INSTALLED_FROM
            if name not in ('test-requirements.txt', 'doc/requirements.txt')
        ),
        'dashboard/requirements.txt',
        'dashboard/test-requirements.txt',
        'dashboard/pyproject.toml',
        'dashboard/setup.cfg',
    ),
    ('.', 'client', 'dashboard'),
)
# Where all of these can be imported, the tests can run.
NEEDED = (
    'flocx',
    'flocxclient',
    'gabbi',
    'hacking',
    'importlinter',
    'pyuwsgi',
    'stestr',
)

#: Requirements that this tree itself meets.
OURSELVES = ('python-flocxclient',)

# What needs a compiler, which only the integration tests ask for.
MYSQL = 'mysqlclient>=2.2.4'


def is_ours():
    return pathlib.Path(sys.prefix) == OURS.folder


def is_ready():
    """Whether this Python is a virtualenv's and has all that tests need."""
    if sys.prefix == sys.base_prefix:
        return False
    return all(importlib.util.find_spec(name) for name in NEEDED)


def with_programs_of(python, env):
    """``env``, in which the programs beside this Python come first."""
    places = [os.path.dirname(python), env.get('PATH', os.defpath)]
    return env | {'PATH': os.pathsep.join(places)}


def install(*venvs):
    """Make these virtualenvs, unless they hold what the tree asks for now.

    What the index has is installed into all of them at the same time; what is built
    from this tree follows one by one, as each build writes into it.
    """
    stale = [venv for venv in venvs if not _is_fresh(venv)]
    if not stale:
        return
    names = ' and '.join(f'.test/{venv.name}' for venv in stale)
    print(f'Installing into {names} (minutes, once) ...', flush=True)
    started = time.monotonic()
    for venv in stale:
        _make(venv)
        # An installation that is interrupted is simply done again.
        venv.stamp.write_text(sys.version)
    with concurrent.futures.ThreadPoolExecutor(len(stale)) as pool:
        list(pool.map(_install_requirements, stale))
    for venv in stale:
        _install_projects(venv)
        venv.stamp.write_text(_fingerprint(venv))
    print(f'... installed in {time.monotonic() - started:.0f} s.', flush=True)


def _is_fresh(venv):
    if not (venv.stamp.exists() and venv.python.exists()):
        return False
    return venv.stamp.read_text() == _fingerprint(venv)


def _install_requirements(venv):
    wanted = dict.fromkeys(
        line
        for name in venv.installed_from
        if name.endswith('requirements.txt') and (ROOT / name).exists()
        for line in (ROOT / name).read_text().splitlines()
        # The dashboard asks for the client, which no index has.
        if line and line not in OURSELVES
    )
    _install(venv, *wanted, *_builders(venv))


def _builders(venv):
    """What the projects are built with, for all of them once."""
    return {
        each
        for project in venv.projects
        for each in tomllib.loads((ROOT / project / 'pyproject.toml').read_text())[
            'build-system'
        ]['requires']
    }


def _install_projects(venv):
    editable = (('--editable', str(ROOT / project)) for project in venv.projects)
    # All that they ask for is there by now.
    here = ('--no-build-isolation', '--no-deps')
    _install(venv, *here, *venv.alone, *itertools.chain(*editable))


def compile_driver():
    """The driver that sites are advised to use; where it cannot be, another serves."""
    if not importlib.util.find_spec('MySQLdb'):
        pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check']
        subprocess.run(
            [*pip, 'install', '-qq', MYSQL], stderr=subprocess.DEVNULL, check=False
        )


def is_engine_compiled():
    """Whether it has been; not whether it has changed since."""
    return any((ROOT / lab_install.COMPILED).glob('flocx-*'))


def compile_engine():
    """What the auction engine computes with, which else each process would compile."""
    subprocess.run(
        [sys.executable, '-m', 'matcher.warmup'],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def install_lab(wait_for_compiled):
    """Keystone, Ironic and this project, where the integration tests look for them.

    What goes wrong is told by the first test that needs them.

    :param wait_for_compiled: returns when the engine of this tree is compiled; the one
        that is installed takes that over.
    """
    lab = folders.Folder(HOME / 'quickstart')
    lab.create()
    with contextlib.suppress(trouble.Trouble):
        lab_install.ensure(lab, wait_for_compiled)


def _fingerprint(venv):
    digest = hashlib.sha256()
    for name in venv.installed_from:
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b'absent')
    return f'{sys.version}\n{digest.hexdigest()}'


def _make(venv):
    made_by = venv.stamp.read_text() if venv.stamp.exists() else ''
    if venv.python.exists() and made_by.startswith(sys.version):
        return
    if importlib.util.find_spec('ensurepip') is None:
        sys.exit(
            'This Python cannot make a virtualenv. On Debian and Ubuntu:\n'
            '    sudo apt install python3-venv\n'
            'and run tools/test again.'
        )
    HOME.mkdir(exist_ok=True)
    command = [sys.executable, '-m', 'venv', '--clear', str(venv.folder)]
    if subprocess.run(command, check=False).returncode:
        sys.exit('No virtualenv could be made in .test/, see above.')
    # It installs in a fifth of the time that pip takes of the processor.
    _run([*_pip(venv), 'uv'])


def _pip(venv):
    # Compiling all modules takes as long as installing them; few are imported.
    return [str(venv.python), '-m', 'pip', 'install', '-qq', '--no-compile']


def _uv(venv):
    """uv, which looks where pip was told to look, for it does not read pip.conf."""
    asked = [str(venv.python), '-m', 'pip', 'config', 'get', 'global.index-url']
    index = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    where = ['--default-index', index.strip()] if index.strip() else []
    uv = [str(venv.folder / 'bin' / 'uv'), 'pip', 'install', '--quiet']
    return [*uv, '--python', str(venv.python), *where]


def _install(venv, *arguments):
    """pip has the last word: mirrors and certificates are set up for it."""
    if _run([*_uv(venv), *arguments]) and _run([*_pip(venv), *arguments]):
        sys.exit(
            'pip failed, see above. The tests need the package index, or a mirror\n'
            'of it set up in pip.conf; then run tools/test again.'
        )


def _run(command):
    """What it exits with; without the program, what a shell would say."""
    # Without git, or in a tree without tags, pbr cannot tell the version.
    env = {'PBR_VERSION': '0.0.1', 'PIP_DISABLE_PIP_VERSION_CHECK': '1'} | os.environ
    if certificates := env.get('PIP_CERT'):
        env.setdefault('SSL_CERT_FILE', certificates)
    try:
        return subprocess.run(command, env=env, check=False).returncode
    except FileNotFoundError:
        return 127
