# SPDX-License-Identifier: Apache-2.0
"""The Debian in which DevStack runs: made once, and copied for each run."""

import os
import pathlib
import re
import shutil
import subprocess

from tools.lab import processes
from tools.lab import progress
from tools.lab import trouble

RELEASE = 'trixie'
MIRROR = 'http://deb.debian.org/debian'
PACKAGES = (
    'systemd', 'systemd-sysv', 'dbus', 'sudo', 'git', 'ca-certificates', 'python3',
    'python3-venv', 'lsb-release', 'iproute2', 'curl', 'locales', 'rsync',
)  # fmt: skip
#: What stack.sh would install each time: that is done once.
USUAL = (
    'apache2', 'apache2-dev', 'bc', 'bsdmainutils', 'g++', 'gawk', 'gcc', 'gettext',
    'graphviz', 'iputils-ping', 'libffi-dev', 'libjpeg-dev', 'libkrb5-dev',
    'libldap2-dev', 'libpq-dev', 'libsasl2-dev', 'libssl-dev', 'libsystemd-dev',
    'libxml2-dev', 'libxslt1-dev', 'libyaml-dev', 'lsof', 'mariadb-server', 'memcached',
    'openssh-server', 'openssl', 'pkg-config', 'psmisc', 'python3-dev',
    'python3-mysqldb', 'python3-pip', 'python3-systemd', 'rabbitmq-server', 'sqlite3',
    'tcpdump', 'unzip', 'uuid-runtime', 'uwsgi', 'uwsgi-plugin-python3', 'wget',
    'zlib1g-dev',
)  # fmt: skip
#: Nothing is started in a Debian that has not booted.
_NOTHING_STARTS = 'usr/sbin/policy-rc.d'
PROGRAMS = {
    'debootstrap': 'debootstrap',
    'systemd-nspawn': 'systemd-container',
    'nsenter': 'util-linux',
    'iptables': 'iptables',
    'git': 'git',
}
STACK = '/opt/stack'
#: Downloads are kept between runs: where from the folder, and where to in the guest.
KEPT = {
    'cache/apt': '/var/cache/apt/archives',
    'cache/pip': '/var/cache/pip',
}
#: What nspawn needs on a machine where systemd is not PID 1, and leaves alone.
NSPAWN = {
    'SYSTEMD_NSPAWN_UNIFIED_HIERARCHY': '1',
    'SYSTEMD_NSPAWN_USE_CGNS': '1',
    # A container in the guest has a network, too.
    'SYSTEMD_NSPAWN_API_VFS_WRITABLE': 'network',
}
QUIET = (
    '--register=no', '--keep-unit', '--resolv-conf=off', '--timezone=off',
    '--link-journal=no',
)  # fmt: skip
_CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt'
_OUR_CERTIFICATES = 'usr/local/share/ca-certificates'


def check_machine():
    """A Trouble if something is missing that no program of ours can bring."""
    if os.geteuid():
        raise trouble.Trouble(
            'A system in a container is started by root only.', 'Run this with sudo.'
        )
    missing = sorted(
        package for name, package in PROGRAMS.items() if not shutil.which(name)
    )
    if missing:
        names = ' '.join(missing)
        raise trouble.Trouble(
            f'This machine lacks {names}.', f'Install it: apt install {names}'
        )


def build(folder, mirror=None):
    """Make the Debian that all runs begin with, unless it is there."""
    base = folder.path / 'base'
    for kept in KEPT:
        (folder.path / kept).mkdir(parents=True, exist_ok=True)
        # pip runs as the user stack, and caches only what it may write.
        (folder.path / kept).chmod(0o777)
    if (base / 'made').exists():
        return
    shutil.rmtree(base, ignore_errors=True)
    log = folder.logs / 'debootstrap.log'
    with progress.during(f'Making a Debian {RELEASE} (once; some minutes)', log):
        processes.run(
            folder,
            'debootstrap',
            [
                'debootstrap',
                '--variant=minbase',
                f'--include={",".join(PACKAGES)}',
                RELEASE,
                base,
                mirror or _mirror() or MIRROR,
            ],
        )
    _furnish(base)
    with progress.during('Installing what DevStack always wants', log):
        _install(folder, base)
    (base / 'made').touch()


def copy(folder):
    """A fresh copy of it in which a run does what it wants."""
    root = folder.path / 'root'
    shutil.rmtree(root, ignore_errors=True)
    with progress.during('Copying the Debian'):
        subprocess.run(
            ['cp', '-a', '--reflink=auto', folder.path / 'base', root], check=True
        )
    return root


def _mirror():
    """Where this machine has its own Debian from."""
    found = subprocess.run(
        ['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Origin: Debian'],
        capture_output=True,
        text=True,
        check=False,
    )
    uris = found.stdout.split()
    return uris[0] if uris else None


def _furnish(root):
    """The user of DevStack, and what this machine needs to reach package indices."""
    _chroot(root, 'useradd', '-s', '/bin/bash', '-d', STACK, '-m', 'stack')
    _chroot(root, 'chmod', '755', STACK)
    _write(root, 'etc/sudoers.d/stack', 'stack ALL=(ALL) NOPASSWD: ALL\n', 0o440)
    _write(root, 'etc/locale.gen', 'en_US.UTF-8 UTF-8\n')
    _chroot(root, 'locale-gen')
    # All of it is thrown away: nothing has to be on the disk at once.
    _write(root, 'etc/dpkg/dpkg.cfg.d/quick', 'force-unsafe-io\n')
    _write(
        root,
        'etc/apt/apt.conf.d/99keep',
        'APT::Keep-Downloaded-Packages "true";\n'
        'Binary::apt::APT::Keep-Downloaded-Packages "true";\n',
    )
    shutil.copy('/etc/resolv.conf', root / 'etc/resolv.conf')
    # The repositories belong to whoever brought them.
    _write(root, 'etc/gitconfig', '[safe]\n\tdirectory = *\n')
    _certificates(root)
    _write(root, 'etc/pip.conf', pip_conf(_pip_config()))


def _install(folder, root):
    _write(root, _NOTHING_STARTS, '#!/bin/sh\nexit 101\n', 0o755)
    for command in (
        ['update', '--quiet'],
        ['install', '--quiet', '--yes', *USUAL],
    ):
        processes.run(folder, 'debootstrap', [*_inside(folder, root), *command])
    (root / _NOTHING_STARTS).unlink()


def _inside(folder, root):
    """The words before those of apt-get: in the Debian, and nobody is asked."""
    return [
        'env', *(f'{name}={value}' for name, value in NSPAWN.items()),
        'systemd-nspawn', '-D', root, *QUIET, '--pipe', *binds(folder),
        'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get',
    ]  # fmt: skip


def binds(folder):
    """The options of nspawn that give it the downloads that are kept."""
    return [f'--bind={folder.path / here}:{there}' for here, there in KEPT.items()]


def _certificates(root):
    """Whom this machine trusts: it may be an index of the house."""
    ours = pathlib.Path('/', _OUR_CERTIFICATES)
    if ours.is_dir():
        shutil.copytree(ours, root / _OUR_CERTIFICATES, dirs_exist_ok=True)
    _chroot(root, 'update-ca-certificates')


def _pip_config():
    """{option: value} of this machine's pip."""
    listed = subprocess.run(
        ['python3', '-m', 'pip', 'config', 'list'],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return dict(re.findall(r"(?m)^global\.([a-z-]+)='(.*)'$", listed))


def pip_conf(options):
    """pip.conf of the guest: whose index, and what is downloaded is kept."""
    kept = {'cache-dir': KEPT['cache/pip'], 'cert': f'/{_CERTIFICATES}'}
    if 'index-url' in options:
        kept['index-url'] = options['index-url']
    lines = [f'{name} = {value}' for name, value in sorted(kept.items())]
    return '\n'.join(['[global]', *lines, ''])


def _chroot(root, *command):
    subprocess.run(['chroot', root, *command], check=True, stdout=subprocess.DEVNULL)


def _write(root, name, text, mode=0o644):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
