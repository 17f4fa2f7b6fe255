# SPDX-License-Identifier: Apache-2.0
"""Keystone: its configuration, its database, its process."""

import base64
import os
import pathlib

from tools.lab import processes

CONFIGURATION = """\
[DEFAULT]

[database]
{database}

[token]
provider = fernet
expiration = 14400

[fernet_tokens]
key_repository = {data}/fernet-keys

# Receipts would otherwise be looked for under /etc.
[fernet_receipts]
key_repository = {data}/fernet-keys

[credential]
key_repository = {data}/credential-keys

[identity]
# For a lab only: four rounds of bcrypt instead of twelve make each login
# a quarter of a second faster.
password_hash_rounds = 4
max_password_length = 72

[cache]
enabled = true
{cache}
"""

DATABASE = """\
connection = sqlite:///{data}/keystone.sqlite
sqlite_synchronous = false"""
# One process serves all requests, so that its own memory is the right cache.
CACHE = 'backend = dogpile.cache.memory'


def url(ports):
    return f'{processes.url(ports, "keystone")}/v3'


def configure(folder, database=DATABASE, cache=CACHE):
    """:param database, cache: what stands in the sections of these names."""
    path = folder.etc / 'keystone.conf'
    path.touch(mode=0o600)
    path.write_text(
        CONFIGURATION.format(
            data=folder.data, database=database.format(data=folder.data), cache=cache
        )
    )
    return path


def prepare(folder, ports):
    """Schema, keys and the first administrator of an empty Keystone."""
    for name in ('fernet-keys', 'credential-keys'):
        _create_keys(folder.data / name)
    _manage(folder, 'db_sync')
    bootstrap = ['--bootstrap-region-id', 'RegionOne']
    for interface in ('public', 'internal', 'admin'):
        bootstrap += [f'--bootstrap-{interface}-url', url(ports)]
    _manage(
        folder,
        'bootstrap',
        *bootstrap,
        OS_BOOTSTRAP_PASSWORD=folder.password,
    )


def upgrade(folder):
    _manage(folder, 'db_sync')


def process(folder, ports):
    configuration = folder.etc / 'keystone.conf'
    serve = pathlib.Path(__file__).with_name('serve_keystone.py')
    return processes.Process(
        folder,
        'keystone',
        # -P: the script's folder holds a keystone.py, which is this one.
        [folder.python, '-P', serve, processes.host(ports), ports['keystone']],
        [url(ports)],
        folder.environment(OS_KEYSTONE_CONFIG_FILES=str(configuration)),
    )


def _create_keys(repository):
    """What keystone-manage fernet_setup does, without its two seconds."""
    repository.mkdir(mode=0o700, exist_ok=True)
    for number in ('0', '1'):
        key = repository / number
        key.touch(mode=0o600)
        key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))


def _manage(folder, *arguments, **environment):
    manage = [folder.python, folder.venv / 'bin' / 'keystone-manage']
    manage += ['--config-file', folder.etc / 'keystone.conf', *arguments]
    processes.run(folder, 'keystone-manage', manage, **environment)
