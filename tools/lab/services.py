# SPDX-License-Identifier: Apache-2.0
"""FLOCX itself: all services in one process, flocx-standalone."""

from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes

APIS = ('market', 'provider', 'matcher', 'lease')
#: What has a port of its own.
PORTS = (*APIS, 'console')

CONFIGURATION = """\
[DEFAULT]
transport_url = fake://

[database]
connection = sqlite:///{data}/flocx.sqlite

[standalone]
host = {host}
market_port = {market}
provider_port = {provider}
matcher_port = {matcher}
lease_port = {lease}

[console]
host = {host}
port = {console}
public_url = {consoles}/

[keystone_authtoken]
www_authenticate_uri = {keystone}
{account}
interface = internal
service_token_roles = service
service_token_roles_required = true

[service_credentials]
{account}

[contracts]
# Who gives a server back wants to see it come back, and not to wait for 15 minutes.
notice = 2

[market]
# Two organisations are all there are, and their first sale is to be seen.
book_min_parties = 1
prices_delay = 0

[provider]
nodes = ironic
# Somebody watches: look every second what has come due.
fulfil_interval = 1
"""
#: Added to the section of the provider, once Keystone can tell.
PROVIDER = 'quarantine_project_id = {quarantine}\n'


def configure(folder, ports, quarantine=None):
    """Write the configuration; return its path.

    :param quarantine: the id of the quarantine project, None before it is made.
    """
    more = PROVIDER.format(quarantine=quarantine) if quarantine else ''
    path = folder.etc / 'flocx.conf'
    path.touch(mode=0o600)
    path.write_text(
        CONFIGURATION.format(
            data=folder.data,
            keystone=keystone.url(ports),
            account=ironic.account(folder, ports, 'flocx'),
            host=processes.host(ports),
            consoles=processes.url(ports, 'console', 'ws'),
            **{name: ports[name] for name in PORTS},
        )
        + more
    )
    return path


def prepare(folder):
    """Let the auction engine compile now what its first round would wait for."""
    processes.run(folder, 'rehearsal', [folder.python, '-m', 'matcher.warmup'])


def process(folder, ports):
    command = [folder.python, folder.venv / 'bin' / 'flocx-standalone']
    command += ['--config-file', folder.etc / 'flocx.conf']
    ready = [f'{processes.url(ports, name)}/healthcheck' for name in APIS]
    return processes.Process(folder, 'flocx-standalone', command, ready)
