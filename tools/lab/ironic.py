# SPDX-License-Identifier: Apache-2.0
"""Ironic: API and conductor in one process, with the fake-hardware driver."""

from tools.lab import keystone
from tools.lab import processes

CONFIGURATION = """\
[DEFAULT]
auth_strategy = keystone
host = quickstart
{own}
state_path = {data}/ironic
tempdir = {data}/ironic/tmp
# Conductor and API share a process, which needs no message broker.
rpc_transport = none
transport_url = {broker}
notification_level = info
# The role service in the project service: what FLOCX sets lessees with.
rbac_service_role_elevated_access = true
rbac_service_project_name = service

enabled_hardware_types = fake-hardware
enabled_bios_interfaces = fake,no-bios
enabled_boot_interfaces = fake
enabled_console_interfaces = fake,no-console
enabled_deploy_interfaces = fake
enabled_firmware_interfaces = fake,no-firmware
enabled_inspect_interfaces = agent,fake,no-inspect
enabled_management_interfaces = fake
enabled_network_interfaces = noop
enabled_power_interfaces = fake
enabled_raid_interfaces = fake,no-raid
enabled_rescue_interfaces = fake,no-rescue
enabled_storage_interfaces = noop,fake
enabled_vendor_interfaces = fake,no-vendor
default_network_interface = noop
default_storage_interface = noop

[api]
host_ip = {host}
port = {port}

[conductor]
automated_clean = true
automatic_lessee_source = none
sync_power_state_interval = 0
# A pool that was full once refuses work for ever; this one never is.
workers_pool_size = 500
heartbeat_interval = 5

[database]
{database}

[dhcp]
dhcp_provider = none

[fake]
power_delay = 0
deploy_delay = 0

[inspector]
require_managed_boot = false
add_ports = all
hooks = ramdisk-error,validate-interfaces,ports,architecture,cpus,memory,\
root-device,cpu-capabilities

[inventory]
data_backend = database

[oslo_messaging_notifications]
driver = {notifications}
# Not for ever: a request would wait for a broker that is away.
retry = 0

[oslo_concurrency]
lock_path = {data}/ironic/lock

[keystone_authtoken]
www_authenticate_uri = {keystone}
{account}
interface = internal
service_token_roles = service
service_token_roles_required = true

[service_catalog]
{account}
endpoint_override = {url}
"""

DATABASE = """\
connection = sqlite:///{data}/ironic.sqlite
# A lab may lose its data with the power, and is twice as fast for it.
sqlite_synchronous = false"""

ACCOUNT = """\
auth_url = {keystone}
auth_type = password
username = {name}
password = {password}
project_name = service
user_domain_name = Default
project_domain_name = Default"""


def url(ports):
    return processes.url(ports, 'ironic')


def account(folder, ports, name):
    """The keystoneauth options of a service's account."""
    return ACCOUNT.format(
        keystone=keystone.url(ports), name=name, password=folder.password
    )


def _own(host):
    """The option that has the conductor's own address."""
    return f'my_ipv6 = {host}' if ':' in host else f'my_ip = {host}'


def configure(folder, ports, database=DATABASE, broker=None):
    """
    :param database: what stands in the section of that name.
    :param broker: the URL of a broker that is told of changes; None for nobody.
    """
    for name in ('tmp', 'lock'):
        (folder.data / 'ironic' / name).mkdir(parents=True, exist_ok=True)
    path = folder.etc / 'ironic.conf'
    path.touch(mode=0o600)
    path.write_text(
        CONFIGURATION.format(
            data=folder.data,
            database=database.format(data=folder.data),
            broker=broker or 'fake://',
            notifications='messagingv2' if broker else 'noop',
            own=_own(processes.host(ports)),
            host=processes.host(ports),
            port=ports['ironic'],
            url=url(ports),
            keystone=keystone.url(ports),
            account=account(folder, ports, 'ironic'),
        )
    )
    return path


def prepare(folder):
    """The schema of an empty Ironic."""
    _dbsync(folder, 'create_schema')


def upgrade(folder):
    _dbsync(folder, 'upgrade')
    _dbsync(folder, 'online_data_migrations')


def _dbsync(folder, command):
    dbsync = [folder.python, folder.venv / 'bin' / 'ironic-dbsync']
    dbsync += ['--config-file', folder.etc / 'ironic.conf', command]
    processes.run(folder, 'ironic-dbsync', dbsync)


def process(folder, ports):
    ironic = [folder.python, folder.venv / 'bin' / 'ironic']
    ironic += ['--config-file', folder.etc / 'ironic.conf']
    return processes.Process(folder, 'ironic', ironic, [f'{url(ports)}/v1'])
