# SPDX-License-Identifier: Apache-2.0
"""What DevStack and grenade read: local.conf, localrc and pluginrc."""

from tools.stacking import guest as guests
from tools.stacking import root as roots
from tools.stacking import sources

GIT = f'file://{guests.SOURCES}'
_SECRETS = ('ADMIN', 'DATABASE', 'RABBIT', 'SERVICE')
#: In which Ironic's plugin would find its servers. It is empty, as the stage has them.
HARDWARE = f'{roots.STACK}/hardware_info'
#: An Ironic whose servers are a pretence: nothing is booted, and no image is fetched.
_IRONIC = {
    'IRONIC_BAREMETAL_BASIC_OPS': 'False',
    'IRONIC_BUILD_DEPLOY_RAMDISK': 'False',
    'IRONIC_IS_HARDWARE': 'True',
    'IRONIC_HWINFO_FILE': HARDWARE,
    'IRONIC_VM_COUNT': '0',
    'IRONIC_DEPLOY_DRIVER': 'fake-hardware',
    'IRONIC_ENABLED_HARDWARE_TYPES': 'fake-hardware',
    'IRONIC_ENABLED_BOOT_INTERFACES': 'fake',
    'IRONIC_ENABLED_DEPLOY_INTERFACES': 'fake',
    'IRONIC_ENABLED_MANAGEMENT_INTERFACES': 'fake',
    'IRONIC_ENABLED_POWER_INTERFACES': 'fake',
    'IRONIC_ENABLED_NETWORK_INTERFACES': 'noop',
    'IRONIC_NETWORK_INTERFACE': 'noop',
    'IRONIC_DEFAULT_NETWORK_INTERFACE': 'noop',
    'IRONIC_ENABLED_INSPECT_INTERFACES': 'fake',
    'IRONIC_ENABLED_FIRMWARE_INTERFACES': 'no-firmware',
    'IRONIC_IPXE_ENABLED': 'False',
    'IRONIC_USE_LINK_LOCAL': 'False',
    'DOWNLOAD_DEFAULT_IMAGES': 'False',
    'IMAGE_URLS': '""',
}


def local_conf(options, password, branch=sources.NEW, plugin=True, dest=None):
    """local.conf of one variant.

    :param options: with ``nodes``, ``horizon``, ``tls`` and ``database``.
    :param branch: of this repository.
    :param plugin: False for a DevStack without it.
    :param dest: where it keeps what it clones, if it is one of two.
    """
    lines = ['[[local|localrc]]', *_local(options, password)]
    if dest:
        lines += [f'DEST={dest}', f'DATA_DIR={roots.STACK}/data']
        # By this name grenade knows it, which saves the database.
        lines.append(f'MYSQL_PASSWORD={password}')
    if plugin:
        lines.append(f'FLOCX_NODES={options.nodes}')
        lines.append(f'enable_plugin flocx {GIT}/flocx.git {branch}')
    return '\n'.join([*lines, ''])


def _local(options, password):
    # The last one saves what each openstack command takes to start.
    services = [options.database, 'rabbit', 'key', 'openstack-cli-server']
    services += ['tls-proxy'] * options.tls + ['horizon'] * options.horizon
    yield from (f'{name}_PASSWORD={password}' for name in _SECRETS)
    # A machine that does other things, too, is slow.
    yield 'SERVICE_TIMEOUT=300'
    yield f'HOST_IP={guests.ADDRESS}'
    yield f'GIT_BASE={GIT}'
    # It is for virtual machines, and brings a whole QEMU.
    yield 'ENABLE_KSM=False'
    yield 'ENABLE_KSMTUNED=False'
    yield 'disable_all_services'
    yield f'enable_service {" ".join(services)}'
    if options.nodes == 'ironic':
        yield from (f'{name}={value}' for name, value in _IRONIC.items())
        yield f'enable_plugin ironic {GIT}/openstack/ironic.git master'
        yield 'disable_service ir-sw-sim ir-novnc'


def grenade_localrc():
    """localrc of grenade: no tempest, and that both DevStacks are there already."""
    return '\n'.join(
        [
            'GRENADE_USE_EXTERNAL_DEVSTACK=True',
            'BASE_DEVSTACK_BRANCH=master',
            'TARGET_DEVSTACK_BRANCH=master',
            f'GIT_BASE={GIT}',
            'ENABLE_TEMPEST=False',
            'RUN_SMOKE=False',
            'SERVICE_TIMEOUT=300',
            '',
        ]
    )


def grenade_pluginrc():
    """pluginrc of grenade: the plugin of the newer release upgrades."""
    return f'enable_grenade_plugin flocx {GIT}/flocx.git {sources.NEW}\n'
