# SPDX-License-Identifier: Apache-2.0
"""The hardware document: what of a node the whole market may read.

Pure. It is made by an allow-list: what is not named here is not published, so a
field that a later Ironic adds stays private until somebody has thought about it.
No MAC, IP or BMC address, serial number, WWN or LLDP leaves the provider.
"""

import math
import re

#: Numbers among the node's properties; Ironic keeps them as it got them.
_NUMBERS = ('cpus', 'memory_mb', 'local_gb')

#: What of the inspection inventory is published: True is the value itself, a
#: dictionary its named parts, a list its items.
_INVENTORY = {
    'cpu': {
        'architecture': True,
        'count': True,
        'model_name': True,
        'frequency': True,
        'flags': True,
        'socket_count': True,
    },
    'memory': {'physical_mb': True, 'total': True},
    'disks': [
        {'name': True, 'size': True, 'rotational': True, 'model': True, 'vendor': True}
    ],
    'interfaces': [
        {
            'name': True,
            'speed_mbps': True,
            'has_carrier': True,
            'vendor': True,
            'product': True,
            'biosdevname': True,
        }
    ],
    'system_vendor': {'manufacturer': True, 'product_name': True},
    'boot': {'current_boot_mode': True},
    'pci_devices': [
        {'vendor_id': True, 'product_id': True, 'class': True, 'revision': True}
    ],
}

#: An address hidden in a text that is otherwise published: MAC or WWN, IPv4, IPv6.
_ADDRESS = re.compile(
    r'(?i)(?:[0-9a-f]{2}[:-]){5,7}[0-9a-f]{2}|\b(?:\d{1,3}\.){3}\d{1,3}\b'
    r'|(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}|\b0x[0-9a-f]{16}\b'
    # Names that are made from one: an interface's from its MAC, a disk's from its
    # serial number or WWN.
    r'|\b(?:en|wl|ww|ib)x[0-9a-f]{12}\b|/by-id/'
)

#: Names of capabilities that say who or where a node is.
_PRIVATE_CAPABILITY = re.compile(r'(?i)serial|mac|address|bmc|ip$|^ip|wwn|uuid|lldp')


def describe(node, inventory):
    """The hardware document of ``node``.

    :param inventory: what inspection found, in the shape of ironic-python-agent.
    """
    document = {
        name: _number(node.properties[name])
        for name in _NUMBERS
        if node.properties.get(name) is not None
    }
    if node.properties.get('cpu_arch'):
        document['cpu_arch'] = str(node.properties['cpu_arch'])
    document['capabilities'] = capabilities(node.properties.get('capabilities'))
    document['resource_class'] = node.resource_class
    document['traits'] = sorted(node.traits)
    document['inventory'] = _filtered(inventory, _INVENTORY)
    return _without_addresses(document)


def capabilities(text):
    """``"boot_mode:uefi,rack:r1"`` as a dictionary; Ironic also has dictionaries."""
    if isinstance(text, dict):
        pairs = text.items()
    else:
        pairs = (part.partition(':')[::2] for part in str(text or '').split(','))
    return {
        str(name).strip(): str(value).strip()
        for name, value in pairs
        if str(name).strip() and not _PRIVATE_CAPABILITY.search(str(name))
    }


def _number(value):
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_plain(value):
    """Whether ``value`` is what JSON can say and holds no further parts."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)


def _filtered(value, allowed):
    if allowed is True:
        if isinstance(value, list):
            return [each for each in value if _is_plain(each)]
        return value if _is_plain(value) else None
    if isinstance(allowed, list):
        items = value if isinstance(value, list) else []
        return [_filtered(item, allowed[0]) for item in items]
    if not isinstance(value, dict):
        return {}
    return {
        name: _filtered(value[name], part)
        for name, part in allowed.items()
        if value.get(name) is not None
    }


def _without_addresses(value):
    if isinstance(value, dict):
        return {name: _without_addresses(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_addresses(each) for each in value]
    if isinstance(value, str) and _ADDRESS.search(value):
        return None
    return value
