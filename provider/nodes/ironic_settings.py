# SPDX-License-Identifier: Apache-2.0
"""What a lessee may write on a node in Ironic: how it is read and put back."""

import hashlib
import json

from oslo_log import log

from flocx import exceptions
from provider import node_settings

LOG = log.getLogger(__name__)

#: Of a volume connector or target: what Ironic itself writes.
_VOLUMES_OWN = ('uuid', 'node_uuid', 'links', 'created_at', 'updated_at')

#: Fields that have no value of ``null``.
_REMOVED = ('description', 'lessee')

#: Fields that are put back after all else.
_LAST = ('automated_clean',)


class NodeSettings:
    """The part of ``IronicNodes`` that knows what a lessee may write."""

    def settings(self, uuid):
        parts = {
            'vifs': self._listed(f'/nodes/{uuid}/vifs', 'vifs', 'id'),
            'connectors': self._volumes(uuid, 'connectors'),
            'targets': self._volumes(uuid, 'targets'),
            'boot_device': self._optional(f'/nodes/{uuid}/management/boot_device'),
            'bios': self._bios(uuid),
        }
        return node_settings.of(self._ask('GET', f'/nodes/{uuid}'), **parts)

    def restore(self, uuid, before):
        found = node_settings.differences(before, self.settings(uuid))
        fields = {each.name: each.value for each in found if each.kind == 'field'}
        # Last, as it proves that the node was cleaned until all else is as it was.
        cleaned = {name: fields.pop(name) for name in _LAST if name in fields}
        answer = self._restore_fields(uuid, fields) if fields else None
        apart = [each for each in found if each.kind != 'field']
        for each in apart:
            if each.kind not in node_settings.COMPARED:
                LOG.info('Node %s: %s is put back', uuid, each.name)
                getattr(self, f'_restore_{each.kind}')(uuid, each.value)
        if cleaned:
            answer = self._restore_fields(uuid, cleaned)
        if apart:
            return node_settings.differences(before, self.settings(uuid))
        # Of fields alone Ironic has said in its answer what they are by now.
        after = node_settings.of(answer) if answer else before
        return node_settings.differences(before, after)

    def _restore_fields(self, uuid, fields):
        LOG.info('Node %s: %s are put back', uuid, ', '.join(fields))
        return self._update(uuid, fields)

    def _restore_traits(self, uuid, traits):
        body = {'traits': traits or []}
        self._ask('PUT', f'/nodes/{uuid}/traits', json=body)

    def _restore_maintenance(self, uuid, wanted):
        method = 'PUT' if wanted else 'DELETE'
        self._ask(method, f'/nodes/{uuid}/maintenance')

    def _restore_boot_mode(self, uuid, mode):
        self._ask('PUT', f'/nodes/{uuid}/states/boot_mode', json={'target': mode})

    def _restore_secure_boot(self, uuid, on):
        self._ask('PUT', f'/nodes/{uuid}/states/secure_boot', json={'target': on})

    def _restore_boot_device(self, uuid, device):
        self._ask('PUT', f'/nodes/{uuid}/management/boot_device', json=device)

    def _restore_target_raid_config(self, uuid, wanted):
        self._ask('PUT', f'/nodes/{uuid}/states/raid', json=wanted)

    def _restore_vifs(self, uuid, vifs):
        # Those of before belonged to whoever had the node before: they were taken off.
        self.detach(uuid)

    def _restore_connectors(self, uuid, before):
        self._restore_volumes(uuid, 'connectors', before)

    def _restore_targets(self, uuid, before):
        self._restore_volumes(uuid, 'targets', before)

    def _restore_volumes(self, uuid, kind, before):
        try:
            self._replace_volumes(uuid, kind, before)
        except exceptions.Invalid:
            # Ironic changes the volumes of a node that is known to be off, and of one
            # that nobody has switched yet it may know nothing.
            if self._ask('GET', f'/nodes/{uuid}')['power_state'] is not None:
                raise
            self.power_off(uuid)
            raise exceptions.Conflict(
                f'Node {uuid} is switched off before its volumes are put back'
            ) from None

    def _replace_volumes(self, uuid, kind, before):
        now = self._volumes(uuid, kind) or {}
        for each in now.keys() - before.keys():
            self._ask('DELETE', f'/volume/{kind}/{each}')
        for each, volume in before.items():
            if each not in now:
                body = {'uuid': each, 'node_uuid': uuid, **volume}
                self._ask('POST', f'/volume/{kind}', json=body)
            elif volume != now[each]:
                body = _replacing(volume)
                self._ask('PATCH', f'/volume/{kind}/{each}', json=body)

    def _update(self, uuid, fields):
        """Give fields these values; return what Ironic has of the node then."""
        return self._ask('PATCH', f'/nodes/{uuid}', json=_replacing(fields))

    def _volumes(self, uuid, kind):
        """{uuid: what it is} of the volume connectors, or targets, of a node."""
        found = self._optional(f'/volume/{kind}', node=uuid, detail=True)
        return found and {
            each['uuid']: {
                name: value for name, value in each.items() if name not in _VOLUMES_OWN
            }
            for each in found[kind]
        }

    def _bios(self, uuid):
        """A digest of the BIOS settings, which are many; None where none are known."""
        found = self._optional(f'/nodes/{uuid}/bios')
        known = {each['name']: each['value'] for each in (found or {}).get('bios', ())}
        if not known:
            return None
        text = json.dumps(known, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _listed(self, path, kind, name):
        return sorted(each[name] for each in self._ask('GET', path)[kind])


def _replacing(fields):
    """A JSON patch that gives ``fields`` these values; ``null`` is a value too.

    Ironic answers 500 to a description that is null, and to a switch like
    ``automated_clean`` that is removed. A lessee is removed.
    """
    return [
        {'op': 'remove', 'path': f'/{name}'}
        if value is None and name in _REMOVED
        else {'op': 'add', 'path': f'/{name}', 'value': value}
        for name, value in fields.items()
    ]
