# SPDX-License-Identifier: Apache-2.0
"""containers/compose.yaml, beside a DevStack that has Keystone and nothing of FLOCX.

There is no registry: the images that ours are made from, and run beside, are made of
Debian here, with the names that the files ask for.
"""

import pathlib
import shlex
import subprocess
import time

from tools.lab import progress
from tools.lab import trouble
from tools.stacking import guest as guests
from tools.stacking import root as roots
from tools.stacking import settings
from tools.stacking import stack as stacks

TREE = f'{roots.STACK}/flocx'
STANDINS = f'{roots.STACK}/standins'
NODES = f'{roots.STACK}/nodes'
OVERRIDE = f'{roots.STACK}/override.yaml'
PYTHON_IMAGE = 'docker.io/library/python:3.12-slim'
IMAGES = {
    'mariadb': 'docker.io/library/mariadb:11.4',
    'rabbitmq': 'docker.io/library/rabbitmq:4',
    'memcached': 'docker.io/library/memcached:1.6',
}
#: Where this machine keeps the controllers for itself, the guest has none;
#: and its limits are no higher than those of who started it.
_CONTAINERS_CONF = """\
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=16384:16384", "nproc=16384:16384"]
"""
PACKAGES = 'podman podman-compose buildah aardvark-dns netavark'
#: Without a runtime, which the steps of a build do not need.
ISOLATED = 'BUILDAH_ISOLATION=chroot'
BUILD = f'env {ISOLATED} podman build'
#: What services that end have to have ended with, and others run.
ONCE = {'schema'}
KEYSTONE = f'http://{guests.ADDRESS}/identity'
#: type of service: its name, and its port
SERVICES = {
    'marketplace': ('flocx-market', 7780),
    'marketplace-provider': ('flocx-provider', 7781),
    'marketplace-matcher': ('flocx-matcher', 7782),
}
#: The provider's servers are files in a folder of the host's, and who releases one has
#: a short notice, as in the tour.
_OVERRIDE = f"""\
x-nodes: &nodes
  volumes: ["{NODES}:/var/lib/flocx/nodes"]
  environment:
    OS_PROVIDER__NODES: dummy
    OS_PROVIDER__DUMMY_NODES_DIR: /var/lib/flocx/nodes
services:
  market-api: &soon
    environment:
      OS_CONTRACTS__NOTICE: "2"
  market-worker: *soon
  provider-api: *nodes
  fulfiller: *nodes
  console: *nodes
"""


def run(stack):
    """All of it; what was found out."""
    stack.prepare()
    stack.clone(plugin=False)
    stack.script('stack.sh')
    _install(stack)
    _accounts(stack)
    began = time.monotonic()
    compose(stack, 'build')
    stack.seconds['compose build'] = round(time.monotonic() - began)
    began = time.monotonic()
    compose(stack, 'up --detach')
    states = _settled(stack)
    stack.seconds['compose up'] = round(time.monotonic() - began)
    report = {'containers': states, 'commands': stack.tour(nodes=NODES)}
    compose(stack, 'down')
    return report


def compose(stack, command):
    """One of compose, with the files that it is for."""
    variables = {
        'KEYSTONE_URL': KEYSTONE,
        # DevStack's has no other.
        'KEYSTONE_INTERFACE': 'public',
        **{
            f'{name}_PASSWORD': stack.folder.password
            for name in ('SERVICE', 'DATABASE', 'RABBIT')
        },
    }
    words = ['sudo', 'env', ISOLATED]
    words += [f'{key}={value}' for key, value in variables.items()]
    words += ['podman-compose', '--file', f'{TREE}/containers/compose.yaml']
    words += ['--file', OVERRIDE, *command.split()]
    title = f'compose {command.split()[0]}'
    with progress.during(title, stack.folder.logs / f'{title}.log'):
        stack.guest.run(f'cd {TREE} && {shlex.join(words)}', title)


def _install(stack):
    guest, folder = stack.guest, stack.folder
    with progress.during('Installing podman', folder.logs / 'podman.log'):
        guest.run(f'apt-get install --yes {PACKAGES}', 'podman', 'root')
    (guest.root / 'etc/containers/containers.conf').write_text(_CONTAINERS_CONF)
    with progress.during('Making images of Debian', folder.logs / 'images.log'):
        _import(stack)
        for path in pathlib.Path(__file__).with_name('standins').iterdir():
            guest.write(f'{STANDINS}/{path.name}', path.read_text())
            (guest.root / f'{STANDINS}/{path.name}'.lstrip('/')).chmod(0o755)
        for target, name in IMAGES.items():
            guest.run(
                f'sudo {BUILD} --target {target} --tag {name} {STANDINS}',
                'images',
            )
    guest.run(f'git clone --quiet {settings.GIT}/flocx.git {TREE}', 'clone')
    guest.write(OVERRIDE, _OVERRIDE)
    guest.run(f'mkdir --parents --mode=777 {NODES}', 'clone')
    guest.run(f'{stacks.PYTHON} -m pip install {TREE}/client', 'client')


def _import(stack):
    """The Debian that the guest was made of, as the image that ours begin with."""
    packed = ['tar', '--directory', stack.folder.path / 'base', '--create', '.']
    taken = stack.guest.entering(f'podman import --quiet - {PYTHON_IMAGE}', 'root')
    with subprocess.Popen(packed, stdout=subprocess.PIPE) as tar:
        subprocess.run(taken, stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)


def _accounts(stack):
    """The account of the services, and where they are."""
    openstack = f'{stacks.DATA}/venv/bin/openstack --os-cloud devstack-admin'
    password = stack.folder.password
    lines = [
        f'user create flocx --domain default --password {password}',
        'role add --user flocx --project service service',
        'role add --user flocx --system all reader',
    ]
    for kind, (name, port) in SERVICES.items():
        url = f'http://{guests.ADDRESS}:{port}'
        lines += [
            f'service create --name {name} {kind}',
            f'endpoint create --region RegionOne {kind} public {url}',
        ]
    with progress.during('Creating accounts', stack.folder.logs / 'accounts.log'):
        for line in lines:
            stack.guest.run(f'{openstack} {line}', 'accounts')


def _settled(stack, seconds=300):
    """{service: state} once all are as they should be; a Trouble if they never are."""
    until = time.monotonic() + seconds
    while True:
        listed = stack.guest.says(
            "sudo podman ps --all --format '{{.Names}} {{.State}} {{.ExitCode}}'"
        )
        states = {
            name: f'{state} {status}' if state == 'exited' else state
            for name, state, status in map(str.split, listed.splitlines())
        }
        if states and all(map(_as_it_should, states.items())) and _answer(stack):
            return states
        if time.monotonic() > until:
            raise trouble.Trouble(f'Not all containers are up: {states}')
        time.sleep(2)


def _as_it_should(pair):
    name, state = pair
    once = any(each in name for each in ONCE)
    return state == ('exited 0' if once else 'running')


def _answer(stack):
    return all(
        stack.guest.run(
            f'curl --fail --silent http://{guests.ADDRESS}:{port}/healthcheck',
            'healthchecks',
            check=False,
        )
        == 0
        for _, port in SERVICES.values()
    )
