# SPDX-License-Identifier: Apache-2.0
"""What a renter may change of a node, and what of it has to be put back. Pure.

All is compared but what is named here, so that a field which a later Ironic adds is
covered before anybody has thought about it.
"""

import dataclasses

#: Fields of a node that Ironic alone writes, or that change with all that is done to
#: a node; whose the node is, FLOCX sets itself, and passwords are never shown.
IRONICS_OWN = frozenset(
    {
        'allocation_uuid',
        'boot_mode',
        'clean_step',
        'conductor',
        'console_enabled',
        'created_at',
        'deploy_step',
        'driver_info',
        'driver_internal_info',
        'fault',
        'inspection_finished_at',
        'inspection_started_at',
        'last_error',
        'lessee',
        'links',
        'maintenance',
        'maintenance_reason',
        'owner',
        'portgroups',
        'ports',
        'power_state',
        'provision_state',
        'provision_updated_at',
        'raid_config',
        'reservation',
        'secure_boot',
        'service_step',
        'states',
        'target_power_state',
        'target_provision_state',
        'traits',
        'updated_at',
        'uuid',
        'volume',
    }
)

#: What is put back with a request of its own, and not as a field.
APART = ('traits', 'maintenance', 'boot_mode', 'secure_boot', 'target_raid_config')

#: What is compared and cannot be put back: it takes cleaning steps to change it.
COMPARED = frozenset({'bios', 'raid'})


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was; ``name`` is of the field, or of the kind."""

    kind: str
    name: str
    value: object


def of(node, **parts):
    """What has to be kept of a node, JSON.

    :param node: the whole document that Ironic has of it.
    :param parts: what Ironic keeps beside it: vifs, connectors, targets, boot_device
        and bios. Those that the hardware does not know are None.
    """
    fields = {name: value for name, value in node.items() if name not in IRONICS_OWN}
    fields |= {name: node[name] for name in APART if node.get(name) is not None}
    if node.get('fault'):
        # Ironic itself found the node broken, which nobody should cover up.
        fields.pop('maintenance', None)
    known = {name: value for name, value in parts.items() if value is not None}
    if node.get('raid_config') is not None:
        # When it was looked at is there, too.
        known['raid'] = node['raid_config'].get('logical_disks', [])
    return {'lessee': node.get('lessee'), 'fields': fields, **known}


def differences(before, after):
    """What has changed from ``before`` to ``after``, each with its value before.

    What one of them does not know, as it was read from another release of Ironic, is
    no difference.
    """
    found = []
    fields, now = before['fields'], after['fields']
    for name in sorted(fields.keys() & now.keys()):
        if fields[name] != now[name]:
            kind = name if name in APART else 'field'
            found.append(Difference(kind, name, fields[name]))
    for kind in sorted((before.keys() & after.keys()) - {'lessee', 'fields'}):
        if before[kind] != after[kind]:
            found.append(Difference(kind, kind, before[kind]))
    return found


def in_use(settings):
    """Why a node with these ``settings`` cannot be handed over, or None.

    An instance or a volume that is attached to it is its owner's, and not FLOCX's to
    take away.
    """
    if settings['fields'].get('instance_uuid'):
        return f'has the instance {settings["fields"]["instance_uuid"]}'
    if settings.get('targets'):
        return f'has {len(settings["targets"])} volumes attached'
    return None
