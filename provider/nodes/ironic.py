# SPDX-License-Identifier: Apache-2.0
"""Servers in Ironic, through openstacksdk."""

import contextlib
import dataclasses
import hashlib
import json
import urllib.parse

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import token_endpoint
import openstack
from openstack import exceptions as sdk_exceptions
from oslo_log import log

from flocx import exceptions
from provider import node_settings
from provider import nodes

LOG = log.getLogger(__name__)

#: The first version of Ironic's API with all that we read but the parents of nodes,
#: and the first with these, in which lists have the children only if asked to.
MICROVERSION, WITH_PARENTS = '1.65', '1.83'

#: How many nodes are asked for at a time; Ironic's own limit may be lower.
PAGE = 1000

#: A node's fields; the inventory is read apart.
_FIELDS = [
    field.name for field in dataclasses.fields(nodes.Node) if field.name != 'inventory'
]


#: How often, and after how long, a request is sent again ([ironic]).
_RETRIES = (
    'connect_retries',
    'connect_retry_delay',
    'retriable_status_codes',
    'status_code_retries',
    'status_code_retry_delay',
)

#: Of a volume connector or target: what Ironic itself writes.
_VOLUMES_OWN = ('uuid', 'node_uuid', 'links', 'created_at', 'updated_at')


#: Fields that are put back after all else.
_LAST = ('automated_clean',)


class IronicNodes(nodes.Nodes):
    RESOURCE_TYPE = 'ironic_node'

    def __init__(self, conf, session):
        """:param session: keystoneauth session of the provider's own account."""
        self._conf, self._session = conf, session
        self._own, self._with_parents = None, False

    def list(self, context):
        return [
            node
            for node in self._pages(context)
            if context.project_id in (node.owner, node.lessee)
        ]

    def all(self):
        return self._pages()

    def get(self, ident, context=None):
        path = f'/nodes/{urllib.parse.quote(ident, safe="")}'
        with _translated(f'Node {ident}'):
            return _node(self._read(path, context))

    def _pages(self, context=None):
        """Every node that Ironic shows, by our own marker.

        The link to the next page that Ironic gives drops what was asked for.
        """
        found, marker = [], {}
        with _translated('the nodes'):
            while True:
                page = self._read('/nodes', context, limit=PAGE, **marker)
                found += map(_node, page['nodes'])
                if not page.get('next'):
                    return found
                marker = {'marker': found[-1].uuid}

    def _read(self, path, context=None, **params):
        """What Ironic answers, JSON, with the fields of nodes that we know."""
        fields, version = _FIELDS, MICROVERSION
        if self._has_parents():
            version = WITH_PARENTS
            if path == '/nodes':
                params['include_children'] = True
        else:
            fields = [name for name in fields if name != 'parent_node']
        answer = self._baremetal(context).get(
            path,
            params={'fields': ','.join(fields), **params},
            microversion=version,
            raise_exc=False,
        )
        sdk_exceptions.raise_from_response(answer)
        return answer.json()

    def _has_parents(self):
        """Whether this Ironic knows that a node may be a part of another."""
        if not self._with_parents:
            self._with_parents = openstack.utils.supports_microversion(
                self._baremetal(), WITH_PARENTS
            )
        return self._with_parents

    def inventory(self, uuid):
        try:
            with _translated(f'Inventory of node {uuid}'):
                found = self._baremetal().get_node_inventory(uuid)
        except exceptions.NotFound:
            return {}
        plugin_data = found.get('plugin_data') or {}
        return {
            **(found.get('inventory') or {}),
            'pci_devices': plugin_data.get('pci_devices') or [],
        }

    def with_automatic_lessee(self):
        fields = 'uuid,name,driver_internal_info'
        found = self._all('/nodes', 'nodes', fields=fields)
        return [
            each['name'] or each['uuid']
            for each in found
            if (each['driver_internal_info'] or {}).get('automatic_lessee')
        ]

    def set_lessee(self, uuid, project_id):
        self._patch(uuid, {'op': 'add', 'path': '/lessee', 'value': project_id})

    def clear_lessee(self, uuid, project_id, back_to=None):
        # Ironic takes no JSON patch with a ``test`` in it, so the look comes first.
        if self.get(uuid).lessee != project_id:
            return
        if back_to:
            self.set_lessee(uuid, back_to)
        else:
            self._patch(uuid, {'op': 'remove', 'path': '/lessee'})

    def own_project(self):
        try:
            return self._session.get_project_id()
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(f'Keystone does not answer: {error}') from None

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
        if fields:
            self._restore_fields(uuid, fields)
        for each in found:
            if each.kind != 'field':
                LOG.info('Node %s: %s is put back', uuid, each.name)
                getattr(self, f'_restore_{each.kind}')(uuid, each.value)
        if cleaned:
            self._restore_fields(uuid, cleaned)

    def _restore_fields(self, uuid, fields):
        LOG.info('Node %s: %s are put back', uuid, ', '.join(fields))
        self._update(uuid, fields)

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

    def _restore_vifs(self, uuid, vifs):
        # Those of before belonged to whoever had the node before: they were taken off.
        self.detach(uuid)

    def _restore_connectors(self, uuid, before):
        self._restore_volumes(uuid, 'connectors', before)

    def _restore_targets(self, uuid, before):
        self._restore_volumes(uuid, 'targets', before)

    def _restore_volumes(self, uuid, kind, before):
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

    def _restore_bios(self, uuid, before):
        raise exceptions.Forbidden(
            f'Node {uuid}: its BIOS is set otherwise than it was before'
        )

    def prepare_cleaning(self, node):
        changed = {'automated_clean': True} if node.automated_clean is not True else {}
        changed |= {
            name: False for name in ('protected', 'retired') if getattr(node, name)
        }
        if changed:
            self._update(node.uuid, changed)
        if node.maintenance:
            self._restore_maintenance(node.uuid, False)

    def keep_out(self, uuid):
        body = {'reason': 'Its contract is over; FLOCX takes the server back'}
        self._ask('PUT', f'/nodes/{uuid}/maintenance', json=body)

    def provision(self, uuid, target):
        with _translated(f'Node {uuid}'):
            self._baremetal().set_node_provision_state(uuid, target)

    def set_resource_class(self, uuid, resource_class):
        self._update(uuid, {'resource_class': resource_class})

    def clean(self, uuid, demand):
        body = {'target': 'clean', **demand.arguments}
        self._ask('PUT', f'/nodes/{uuid}/states/provision', json=body)

    def clean_steps(self, demand):
        if not demand.runbook:
            return demand.clean_steps
        name = urllib.parse.quote(demand.runbook, safe='')
        runbook = self._ask('GET', f'/runbooks/{name}')
        return sorted(runbook['steps'], key=lambda step: step.get('order', 0))

    def steps_under_way(self, uuid):
        params = {'fields': 'driver_internal_info'}
        found = self._ask('GET', f'/nodes/{uuid}', params=params)
        return (found['driver_internal_info'] or {}).get('clean_steps') or []

    def history(self, uuid):
        path = f'/nodes/{uuid}/history'
        return self._all(path, 'history', detail=True, sort_key='id')

    def _all(self, path, kind, **params):
        """Every page of a list."""
        found, marker = [], {}
        while True:
            page = self._ask('GET', path, params={'limit': PAGE, **params, **marker})
            found += page[kind]
            if not page.get('next'):
                return found
            marker = {'marker': found[-1]['uuid']}

    def detach(self, uuid):
        with _translated(f'Node {uuid}'):
            baremetal = self._baremetal()
            for vif in baremetal.list_node_vifs(uuid):
                baremetal.detach_vif_from_node(uuid, vif)

    def detach_media(self, uuid):
        try:
            self._ask('DELETE', f'/nodes/{uuid}/vmedia')
        except (exceptions.Invalid, exceptions.NotFound):
            LOG.debug('Node %s has no virtual media', uuid)

    def console_off(self, uuid):
        with _translated(f'Node {uuid}'):
            self._baremetal().disable_node_console(uuid)

    def power_off(self, uuid):
        with _translated(f'Node {uuid}'):
            self._baremetal().set_node_power_state(uuid, 'power off')

    def _patch(self, uuid, *operations):
        with _translated(f'Node {uuid}'):
            self._baremetal().patch_node(
                uuid, list(operations), retry_on_conflict=False
            )

    def _update(self, uuid, fields):
        self._ask('PATCH', f'/nodes/{uuid}', json=_replacing(fields))

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

    def _optional(self, path, **params):
        """What Ironic answers, None where the hardware or the release does not know."""
        try:
            return self._ask('GET', path, params=params)
        except (exceptions.Invalid, exceptions.NotFound):
            return None

    def _ask(self, method, path, **kwargs):
        """What Ironic answers in the newest version of its API that it has, JSON.

        Only there are fields that were added after this was written.
        """
        with _translated(path.removeprefix('/nodes/')):
            answer = self._baremetal().request(
                path, method, microversion='latest', raise_exc=False, **kwargs
            )
            sdk_exceptions.raise_from_response(answer)
            return answer.json() if answer.content else None

    def _baremetal(self, context=None):
        if self._own is None:
            self._own = openstack.connection.Connection(
                session=self._session,
                oslo_conf=self._conf,
                service_types={'baremetal'},
            )
        own = self._own.baremetal
        if context is None:
            return own
        endpoint = own.get_endpoint()
        return adapter.Adapter(
            # With its time-out and certificates.
            self._session,
            auth=token_endpoint.Token(endpoint, context.auth_token),
            service_type=own.service_type,
            endpoint_override=endpoint,
            **{name: getattr(own, name) for name in _RETRIES},
        )


def create_project(cloud, name, domain_id, description):
    """The id of the project ``name``, which is made if it is not there.

    :param cloud: who makes it: a name in clouds.yaml, None for the environment.
    :raises Unavailable: Keystone does not answer, or does not allow it.
    """
    try:
        identity = openstack.connect(cloud=cloud).identity
        found = identity.find_project(name, domain_id=domain_id)
        if found is None:
            found = identity.create_project(
                name=name, domain_id=domain_id, description=description
            )
    except (
        sdk_exceptions.SDKException,
        ks_exceptions.ClientException,
    ) as error:
        raise exceptions.Unavailable(f'Keystone: {error}') from None
    return found.id


def _replacing(fields):
    """A JSON patch that gives ``fields`` these values; ``null`` is a value too.

    Ironic answers 500 to a description that is null, and to a switch like
    ``automated_clean`` that is removed.
    """
    return [
        {'op': 'remove', 'path': f'/{name}'}
        if value is None and name == 'description'
        else {'op': 'add', 'path': f'/{name}', 'value': value}
        for name, value in fields.items()
    ]


def _node(row):
    values = {name: row.get(name) for name in _FIELDS}
    return nodes.Node(
        **{
            **values,
            'properties': values['properties'] or {},
            'traits': tuple(values['traits'] or ()),
        }
    )


@contextlib.contextmanager
def _translated(what):
    """Ironic's refusals in our words; a node in use or a busy Ironic may be retried."""
    try:
        yield
    except sdk_exceptions.NotFoundException:
        raise exceptions.NotFound(f'{what} not found') from None
    except sdk_exceptions.ForbiddenException as error:
        raise exceptions.Forbidden(f'{what}: {_message(error)}') from None
    except sdk_exceptions.ConflictException as error:
        raise exceptions.Conflict(f'{what}: {_message(error)}') from None
    except (sdk_exceptions.BadRequestException, sdk_exceptions.InvalidRequest) as error:
        raise exceptions.Invalid(f'{what}: {_message(error)}') from None
    except (sdk_exceptions.SDKException, ks_exceptions.ClientException) as error:
        raise exceptions.Unavailable(f'Ironic does not answer: {error}') from None


def _message(error):
    """What Ironic said, which the SDK keeps beside a message of its own."""
    return error.details or error.message
