# SPDX-License-Identifier: Apache-2.0
"""Horizon with the panels of the marketplace, in an environment of its own.

Horizon has other requirements than the services, and who does not ask for a
dashboard should not wait for one to be installed.
"""

import hashlib
import os
import shutil
import sys

from tools.lab import folder as folders
from tools.lab import install
from tools.lab import keystone
from tools.lab import processes
from tools.lab import progress

REQUIREMENTS = folders.CHECKOUT / 'dashboard' / 'requirements.txt'
#: Our distributions that the dashboard needs, in the order of their installation.
OURS = ('client', 'dashboard')
HOME = '/project/market_overview/'
THREADS = 8

SETTINGS = """\
import os

import flocx_dashboard.enabled
import openstack_dashboard.local.enabled

DEBUG = False
WEBROOT = '/'
ALLOWED_HOSTS = ['127.0.0.1', '[::1]', 'localhost']
SECRET_KEY = {secret!r}
LOCAL_PATH = {data!r}
STATIC_ROOT = {data!r} + '/static'
TIME_ZONE = 'UTC'
OPENSTACK_KEYSTONE_URL = {keystone!r}
# One process serves everybody, so its own memory will do.
CACHES = {{'default': {{'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}}}
SESSION_ENGINE = 'django.contrib.sessions.backends.cache'
COMPRESS_ENABLED = True
# Otherwise the style sheets are compiled anew for every page.
COMPRESS_OFFLINE = True
AVAILABLE_THEMES = [('default', 'Default', 'themes/default')]
LOGGING = {{
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {{'console': {{'class': 'logging.StreamHandler'}}}},
    'root': {{'handlers': ['console'], 'level': 'INFO'}},
}}
# What would be copied into Horizon's own folder is found where it is.
openstack_dashboard.local.enabled.__path__.extend(
    [*flocx_dashboard.enabled.__path__, {enabled!r}]
)
"""
HOME_PANEL = """\
FEATURE = 'lab_home'
# Horizon's own first page asks Nova, which is not there.
UPDATE_HORIZON_CONFIG = {{'user_home': {home!r}}}
"""
#: What waitress serves: static files too, as there is no web server before it, under a
#: content-security policy as strict as Horizon bears. It has scripts of its own in each
#: page, all of them in that for the login, where nothing is of the marketplace; it
#: compiles templates in the browser, and its scripts set styles.
APPLICATION = """\
import base64
import hashlib
import re

from django import test
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

SCRIPT = re.compile(r'<script(?![^>]*(?:src=|text/html))[^>]*>(.*?)</script>', re.S)
horizon = StaticFilesHandler(get_wsgi_application())
login = test.Client(HTTP_HOST='127.0.0.1').get('/auth/login/').content
digests = [hashlib.sha256(text.encode()).digest()
           for text in SCRIPT.findall(login.decode())]
scripts = ' '.join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)
policy = (
    "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    f"script-src 'self' 'unsafe-eval' {scripts}"
)


def application(environ, start_response):
    def start(status, headers, *more):
        headers = [*headers, ('Content-Security-Policy', policy)]
        return start_response(status, headers, *more)

    return horizon(environ, start)
"""


def url(ports):
    return processes.url(ports, 'horizon')


def python(folder):
    return folder.horizon / 'bin' / 'python'


def ensure(folder):
    """Install what is missing or has changed; True if something was done."""
    wanted = _digest(folder)
    stamp = folder.horizon / 'installed'
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    if not python(folder).exists():
        command = [sys.executable, '-m', 'venv', folder.horizon]
        install.run(folder, 'Making an environment for Horizon', command)
        install.update_pip(folder, python(folder))
    stamp.unlink(missing_ok=True)
    requirements = folder.path / 'tmp' / 'horizon.txt'
    # Our own client is installed from this checkout, not from the package index.
    requirements.write_text(
        ''.join(
            line
            for line in REQUIREMENTS.read_text().splitlines(keepends=True)
            if not line.startswith('python-flocxclient')
        )
    )
    client = folders.CHECKOUT / 'client' / 'requirements.txt'
    pip = [python(folder), '-m', 'pip', 'install']
    install.run(
        folder,
        'Installing Horizon',
        [*pip, '-r', requirements, '-r', client, 'waitress', 'setuptools>=77'],
        install.NO_NETWORK,
    )
    ours = ['--no-deps', '--no-build-isolation', '--force-reinstall']
    install.run(
        folder,
        'Installing the dashboard',
        [*pip, *ours, *(_copied(folder, part) for part in OURS)],
        install.NO_NETWORK,
    )
    stamp.write_text(wanted)
    return True


def _digest(folder):
    digest = hashlib.sha256(f'{sys.version} {folder.horizon}'.encode())
    for path in _files():
        digest.update(f'{path.relative_to(folders.CHECKOUT)}\0'.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files():
    """The files from which the distributions are built, in a stable order."""
    for part in OURS:
        for parent, below, names in os.walk(folders.CHECKOUT / part):
            left_out = install.LEFT_OUT(parent, below + names)
            below[:] = sorted(set(below) - left_out)
            for name in sorted(set(names) - left_out):
                yield folders.CHECKOUT / parent / name


def _copied(folder, part):
    """A copy of a distribution's source: building leaves things behind."""
    target = folder.path / 'source-horizon' / part
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folders.CHECKOUT / part, target, ignore=install.LEFT_OUT)
    return target


def configure(folder, ports):
    """Write Horizon's settings, and compile its styles and scripts for them."""
    local = folder.etc / 'horizon' / 'local'
    enabled = folder.etc / 'horizon' / 'enabled'
    for path in (local, enabled, folder.data / 'horizon'):
        path.mkdir(parents=True, exist_ok=True)
    (local / '__init__.py').touch()
    (enabled / '_9999_home.py').write_text(HOME_PANEL.format(home=HOME))
    (local.parent / 'lab_horizon.py').write_text(APPLICATION)
    folders.write_private(
        local / 'local_settings.py',
        SETTINGS.format(
            # As good a secret as the password, without being it.
            secret=hashlib.sha256(f'horizon {folder.password}'.encode()).hexdigest(),
            data=str(folder.data / 'horizon'),
            keystone=keystone.url(ports),
            enabled=str(enabled),
        ),
    )
    with progress.during('Compiling styles and scripts of Horizon'):
        processes.run(
            folder,
            'horizon-compress',
            [python(folder), '-m', 'django', 'compress', '--force'],
            **_variables(folder),
        )


def _variables(folder):
    return {
        'PYTHONPATH': str(folder.etc / 'horizon'),
        'DJANGO_SETTINGS_MODULE': 'openstack_dashboard.settings',
    }


def process(folder, ports):
    """Horizon on its port, in one process with several threads."""
    command = [python(folder), '-m', 'waitress', f'--threads={THREADS}']
    listen = processes.place(ports, 'horizon')
    command += [f'--listen={listen}', 'lab_horizon:application']
    return processes.Process(
        folder,
        'horizon',
        command,
        [f'{url(ports)}/auth/login/'],
        folder.environment(**_variables(folder)),
    )
