# SPDX-License-Identifier: Apache-2.0
"""Databases as they are right after setting up, kept for the next time.

Schema, accounts and servers take half a minute to make and a blink to copy.
"""

import contextlib
import hashlib
import pathlib
import shutil
import sqlite3

DATABASES = ('keystone.sqlite', 'ironic.sqlite')
KEYS = ('fernet-keys', 'credential-keys')
# A change to what these write makes older templates worthless.
MAKERS = ('accounts.py', 'ironic.py', 'keystone.py', 'nodes.py')


def versions(folder):
    """A digest of the releases installed; ours has no part in the schema."""
    installed = sorted(
        path.name
        for path in folder.venv.glob('lib/*/site-packages/*-info')
        if 'flocx' not in path.name
    )
    return hashlib.sha256('\n'.join(installed).encode()).hexdigest()


def _place(folder):
    digest = hashlib.sha256(f'{versions(folder)}{folder.password}'.encode())
    for name in MAKERS:
        digest.update(pathlib.Path(__file__).with_name(name).read_bytes())
    return folder.templates / digest.hexdigest()[:16]


def keep(folder):
    """Keep a copy of the databases, of which the services may be running."""
    place = _place(folder)
    fresh = place.with_suffix('.new')
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in DATABASES:
        _copy_database(folder.data / name, fresh / name)
    for name in KEYS:
        shutil.copytree(folder.data / name, fresh / name)
    for old in folder.templates.iterdir():
        if old != fresh:
            shutil.rmtree(old)
    fresh.rename(place)


def restore(folder):
    """Start from the kept copy; False if there is none that fits."""
    place = _place(folder)
    if not place.is_dir():
        return False
    for name in DATABASES:
        shutil.copyfile(place / name, folder.data / name)
    for name in KEYS:
        shutil.copytree(place / name, folder.data / name, dirs_exist_ok=True)
    return True


def tune(folder):
    """Let readers and a writer work at once; the files remember it."""
    for name in DATABASES:
        with contextlib.closing(sqlite3.connect(folder.data / name)) as database:
            database.execute('PRAGMA journal_mode = WAL')


def _copy_database(source, target):
    """A consistent copy of a database that others are writing to."""
    with (
        contextlib.closing(sqlite3.connect(source)) as reader,
        contextlib.closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer)
