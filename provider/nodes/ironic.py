# SPDX-License-Identifier: Apache-2.0
"""Servers in Ironic, through openstacksdk."""

import dataclasses
import urllib.parse

from keystoneauth1 import exceptions as ks_exceptions
import openstack
from openstack import exceptions as sdk_exceptions
from oslo_log import log

from flocx import exceptions
from provider import nodes
from provider.nodes import ironic_client
from provider.nodes import ironic_settings

LOG = log.getLogger(__name__)

#: The first version of Ironic's API with all that we read but the parents of nodes,
#: and the first with these, in which lists have the children only if asked to.
MICROVERSION, WITH_PARENTS = '1.65', '1.83'

#: A node's fields; the inventory is read apart.
_FIELDS = [
    field.name for field in dataclasses.fields(nodes.Node) if field.name != 'inventory'
]

#: In these nothing is deployed, and Ironic takes a node off no network by itself.
_WITHOUT_INSTANCE = ('available', 'manageable', 'clean failed')


class IronicNodes(
    ironic_client.IronicClient, ironic_settings.NodeSettings, nodes.Nodes
):
    RESOURCE_TYPE = 'ironic_node'

    def __init__(self, conf, session):
        super().__init__(conf, session)
        self._with_parents = False

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
        with ironic_client.translated(f'Node {ident}'):
            return _node(self._read(path, context))

    def leased_to(self, project_id):
        return self._pages(lessee=project_id)

    def _pages(self, context=None, **wanted):
        """Every node that Ironic shows, by our own marker.

        The link to the next page that Ironic gives drops what was asked for.
        """
        found, marker = [], {}
        with ironic_client.translated('the nodes'):
            while True:
                page = self._read(
                    '/nodes', context, limit=ironic_client.PAGE, **wanted, **marker
                )
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
            with ironic_client.translated(f'Inventory of node {uuid}'):
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
        return _node(self._update(uuid, {'lessee': project_id}))

    def clear_lessee(self, uuid, project_id, back_to=None):
        # Ironic takes no JSON patch with a ``test`` in it, so the look comes first.
        node = self.get(uuid)
        if (node.lessee, node.provision_state) != (project_id, 'available'):
            return node
        return self.set_lessee(uuid, back_to)

    def own_project(self):
        try:
            return self._session.get_project_id()
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(f'Keystone does not answer: {error}') from None

    def prepare_cleaning(self, node):
        changed = {'automated_clean': True} if node.automated_clean is not True else {}
        changed |= {
            name: False for name in ('protected', 'retired') if getattr(node, name)
        }
        if changed:
            self._update(node.uuid, changed)
        if node.maintenance:
            self._restore_maintenance(node.uuid, False)
        if node.provision_state in _WITHOUT_INSTANCE:
            # Ironic 39 begins to clean a node whose network does not answer, and leaves
            # it at that for ever. Detaching fails instead, and is tried again.
            self.detach(node.uuid)

    def keep_out(self, uuid):
        body = {'reason': 'Its contract is over; FLOCX takes the server back'}
        self._ask('PUT', f'/nodes/{uuid}/maintenance', json=body)

    def provision(self, uuid, target):
        with ironic_client.translated(f'Node {uuid}'):
            self._baremetal().set_node_provision_state(uuid, target)

    def set_resource_class(self, uuid, resource_class):
        self._update(uuid, {'resource_class': resource_class})

    def set_property(self, uuid, name, value):
        path = f'/properties/{name}'
        change = {'op': 'add', 'path': path, 'value': value}
        if value is None:
            change = {'op': 'remove', 'path': path}
        try:
            self._ask('PATCH', f'/nodes/{uuid}', json=[change])
        except exceptions.Invalid:
            LOG.debug('Node %s has no property %s any more', uuid, name)

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

    def detach(self, uuid):
        with ironic_client.translated(f'Node {uuid}'):
            baremetal = self._baremetal()
            for vif in baremetal.list_node_vifs(uuid):
                baremetal.detach_vif_from_node(uuid, vif)

    def detach_media(self, uuid):
        try:
            self._ask('DELETE', f'/nodes/{uuid}/vmedia')
        except (exceptions.Invalid, exceptions.NotFound):
            LOG.debug('Node %s has no virtual media', uuid)

    def console_off(self, uuid):
        with ironic_client.translated(f'Node {uuid}'):
            self._baremetal().disable_node_console(uuid)

    def console_on(self, uuid):
        with ironic_client.translated(f'Node {uuid}'):
            self._baremetal().enable_node_console(uuid)

    def console(self, uuid):
        with ironic_client.translated(f'Node {uuid}'):
            found = self._baremetal().get_node_console(uuid)
        info = found.get('console_info')
        if not found.get('console_enabled') or not info:
            return None
        if info.get('type') != 'socat':
            # The others are web pages of their own.
            raise exceptions.Invalid(
                f'Node {uuid}: its console is of the type {info.get("type")!r}, and '
                'only socat can be passed on'
            )
        return info['url']

    def power_off(self, uuid):
        with ironic_client.translated(f'Node {uuid}'):
            self._baremetal().set_node_power_state(uuid, 'power off')


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


def _node(row):
    values = {name: row.get(name) for name in _FIELDS}
    return nodes.Node(
        **{
            **values,
            'properties': values['properties'] or {},
            'traits': tuple(values['traits'] or ()),
        }
    )
