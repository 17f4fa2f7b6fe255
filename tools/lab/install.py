# SPDX-License-Identifier: Apache-2.0
"""The virtual environment: everything from the package index, and ourselves."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys

from tools.lab import folder as folders
from tools.lab import progress
from tools.lab import trouble

REQUIREMENTS = folders.CHECKOUT / 'tools' / 'lab' / 'requirements.txt'
OURS = ('', 'client')
PACKAGES = ('flocx', 'lease', 'market', 'matcher', 'provider', 'client')
LEFT_OUT = shutil.ignore_patterns(
    '.*', '__pycache__', '*.py[co]', '*.egg-info', 'build', 'dist'
)
NEEDED_BYTES = 900 * 2**20

NO_VENV = (
    'Install it, then run this again:\n'
    '    sudo apt install python3-venv\n'
    'or, for a python3 that is not the default one: sudo apt install '
    f'python{sys.version_info[0]}.{sys.version_info[1]}-venv'
)
#: Where an engine keeps what it has compiled, unless NUMBA_CACHE_DIR says otherwise.
COMPILED = 'matcher/mechanisms/__pycache__'
NO_NETWORK = (
    'pip could not reach its package index. Is there a network? Behind a '
    'proxy, set https_proxy;\nwith a mirror of your own, pip.conf and PIP_* '
    'variables are honoured. Then run this again.'
)
UNREACHABLE = (
    'NewConnectionError',
    'ConnectTimeoutError',
    'Failed to establish a new connection',
    'Temporary failure in name resolution',
    'ProxyError',
    'Read timed out',
    'No matching distribution found',
)


@contextlib.contextmanager
def alone(folder):
    """Nobody else installs into the environment meanwhile, which several may share."""
    folder.venv.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.venv.with_name(f'{folder.venv.name}.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(folder, wait_for_compiled=None):
    """Install what is missing or has changed; True if something was done.

    :param wait_for_compiled: returns when the checkout's engine is compiled, which the
        one that is installed takes over, see :func:`_take_over_compiled`; it is called
        when all but this project is installed. None: take over what there is.
    """
    with alone(folder):
        return _ensure(folder, wait_for_compiled)


def _ensure(folder, wait_for_compiled):
    wanted = {
        'python': f'{sys.version} {sys.base_prefix} {folder.venv}',
        'packages': _digest(_requirement_files()),
        'ours': _digest(_source_files()),
    }
    stamp = folder.venv / 'installed.json'
    have = _read(stamp)
    if have == wanted:
        return False
    if have.get('python') != wanted['python']:
        _create_venv(folder)
    # Without its stamp an interrupted installation is simply done again.
    stamp.unlink(missing_ok=True)
    if have.get('packages') != wanted['packages']:
        _install_packages(folder)
    if wait_for_compiled:
        wait_for_compiled()
    _install_ours(folder)
    stamp.write_text(json.dumps(wanted))
    return True


def _read(stamp):
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}


def _requirement_files():
    yield REQUIREMENTS
    for part in OURS:
        yield folders.CHECKOUT / part / 'requirements.txt'


def _source_files():
    """All files from which our distributions are built, in a stable order."""
    for part in OURS:
        for path in sorted((folders.CHECKOUT / part).glob('*')):
            if path.is_file() and not path.name.startswith('.'):
                yield path
    for name in PACKAGES:
        for parent, below, names in os.walk(folders.CHECKOUT / name):
            left_out = LEFT_OUT(parent, below + names)
            below[:] = sorted(set(below) - left_out)
            for file in sorted(set(names) - left_out):
                yield folders.CHECKOUT / parent / file


def _digest(paths):
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(f'{path.relative_to(folders.CHECKOUT)}\0'.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _create_venv(folder):
    if not all(map(importlib.util.find_spec, ('venv', 'ensurepip'))):
        raise trouble.Trouble(
            'This Python cannot make virtual environments: its venv module is missing.',
            NO_VENV,
        )
    room = shutil.disk_usage(folder.path).free
    if room < NEEDED_BYTES:
        raise trouble.Trouble(
            f'{folder.path} is on a disk with {room // 2**20} MB left, and '
            f'about {NEEDED_BYTES // 2**20} MB are needed.',
            'Free some, or choose another disk with --dir.',
        )
    run(
        folder,
        'Making a virtual environment',
        [sys.executable, '-m', 'venv', '--clear', folder.venv],
        NO_VENV,
    )
    update_pip(folder, folder.python)


def update_pip(folder, python):
    """That of Python 3.11 needs three times as long to find out versions."""
    command = [python, '-m', 'pip', 'install', '--upgrade', 'pip']
    run(folder, 'Bringing pip up to date', command, NO_NETWORK)


def _install_packages(folder):
    requirements = []
    for path in _requirement_files():
        if path.is_file():
            requirements += ['-r', path]
    _pip(
        folder,
        'Installing Keystone, Ironic and the openstack command',
        # Python compiles what is imported, which is a third of it.
        '--no-compile',
        '--prefer-binary',
        *requirements,
    )


def add(folder, name, requirements):
    """Install what ``name`` needs beside what is there, unless it was installed."""
    with alone(folder):
        stamp = folder.venv / f'{name}.txt'
        wanted = requirements.read_text()
        if not stamp.exists() or stamp.read_text() != wanted:
            title = f'Installing what {name} needs'
            _pip(folder, title, '--prefer-binary', '-r', requirements)
            stamp.write_text(wanted)


def _install_ours(folder):
    source = folder.path / 'source'
    shutil.rmtree(source, ignore_errors=True)
    for path in _source_files():
        target = source / path.relative_to(folders.CHECKOUT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    parts = [
        source / part for part in OURS if (source / part / 'pyproject.toml').is_file()
    ]
    _pip(
        folder,
        'Installing this project and its client',
        '--no-deps',
        '--no-build-isolation',
        '--force-reinstall',
        *parts,
    )
    _take_over_compiled(folder)
    # Whatever engine starts first would do it, and several that start together all.
    run(
        folder,
        'Compiling the auction engine',
        [folder.python, '-m', 'matcher.warmup'],
        may_fail=True,
    )


def _take_over_compiled(folder):
    """Give the installed engine what the same one in the checkout has compiled.

    Its folder is named by the contents of all sources, and a folder in there by where a
    module is (numba.core.caching.get_suitable_cache_subpath).
    """
    (installed,) = (folder.venv / 'lib').glob('python*/site-packages')
    for compiled in (folders.CHECKOUT / COMPILED).glob('flocx-*'):
        for module in (folders.CHECKOUT / 'matcher').rglob('*.py'):
            target = installed / module.relative_to(folders.CHECKOUT)
            of = compiled / _subfolder(module)
            if not of.is_dir() or target.read_bytes() != module.read_bytes():
                continue
            # Before numba 0.62 a file is the same that has not been changed since.
            times = module.stat()
            os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))
            to = installed / COMPILED / compiled.name / _subfolder(target)
            shutil.copytree(of, to, dirs_exist_ok=True)


def _subfolder(module):
    where = os.path.dirname(os.path.abspath(module))
    name = hashlib.sha1(where.encode(), usedforsecurity=False).hexdigest()
    return f'{os.path.basename(where)}_{name}'


def _pip(folder, title, *arguments):
    install = [folder.python, '-m', 'pip', 'install']
    run(folder, title, [*install, *arguments], NO_NETWORK)


def _environment(folder):
    """pip keeps the user's HOME, mirror and proxy, and writes to the folder."""
    environment = dict(os.environ)
    for name in ('PYTHONPATH', 'PYTHONHOME', 'PIP_TARGET', 'PIP_PREFIX'):
        environment.pop(name, None)
    environment.setdefault('PIP_CACHE_DIR', str(folder.path / 'pip-cache'))
    environment.update(
        PIP_DISABLE_PIP_VERSION_CHECK='1',
        PIP_NO_INPUT='1',
        PIP_USER='0',
        PIP_PROGRESS_BAR='off',
        PYTHONUNBUFFERED='1',
        LC_ALL='C.UTF-8',
        TMPDIR=str(folder.path / 'tmp'),
        # pbr asks git for the version and the authors. There may be no git,
        # and the checkout around the folder is none of its business.
        PBR_VERSION='0.0.1.dev0',
        SKIP_GENERATE_AUTHORS='1',
        SKIP_WRITE_GIT_CHANGELOG='1',
        SKIP_GIT_SDIST='1',
        GIT_CEILING_DIRECTORIES=str(folder.path),
    )
    return environment


def run(folder, title, command, advice='', may_fail=False):
    log = folder.logs / 'install.log'
    with progress.during(title, log), open(log, 'a') as stream:
        result = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=_environment(folder),
            cwd=folder.path,
        )
        if result.returncode and not may_fail:
            raise _explain(title, log, advice)


def _explain(title, log, advice):
    output = trouble.last_lines(log, 60)
    if 'No space left on device' in output:
        advice = 'The disk is full. Free about 1 GB, or use --dir.'
    elif advice is NO_NETWORK and not any(sign in output for sign in UNREACHABLE):
        advice = 'pip says why above; the whole of it is in that file.'
    return trouble.Trouble(
        f'{title} failed; the end of {log}:\n{trouble.last_lines(log)}', advice
    )
