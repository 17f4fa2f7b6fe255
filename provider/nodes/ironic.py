# SPDX-License-Identifier: Apache-2.0
"""Servers in Ironic, through openstacksdk."""

import contextlib
import dataclasses
import urllib.parse

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import session as ks_session
from keystoneauth1 import token_endpoint
import openstack
from openstack import exceptions as sdk_exceptions

from flocx import exceptions
from provider import nodes

#: The first version of Ironic's API with all that we read: lessee came last.
MICROVERSION = '1.65'

#: How many nodes are asked for at a time; Ironic's own limit may be lower.
PAGE = 1000

#: A node's fields; the inventory is read apart.
_FIELDS = [
    field.name for field in dataclasses.fields(nodes.Node) if field.name != 'inventory'
]


class IronicNodes(nodes.Nodes):
    RESOURCE_TYPE = 'ironic_node'

    def __init__(self, conf, session):
        """:param session: keystoneauth session of the provider's own account."""
        self._conf, self._session = conf, session
        self._own = None

    def list(self, context):
        return [
            node
            for node in self._pages(self._baremetal(context))
            if context.project_id in (node.owner, node.lessee)
        ]

    def all(self):
        return self._pages(self._baremetal())

    def get(self, ident, context=None):
        path = f'/nodes/{urllib.parse.quote(ident, safe="")}'
        with _translated(f'Node {ident}'):
            return _node(_read(self._baremetal(context), path))

    @staticmethod
    def _pages(baremetal):
        """Every node that ``baremetal`` shows, by our own marker.

        The link to the next page that Ironic gives drops what was asked for.
        """
        found, marker = [], {}
        with _translated('the nodes'):
            while True:
                page = _read(baremetal, '/nodes', limit=PAGE, **marker)
                found += map(_node, page['nodes'])
                if not page.get('next'):
                    return found
                marker = {'marker': found[-1].uuid}

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

    def unprotect(self, uuid):
        self._patch(uuid, {'op': 'replace', 'path': '/protected', 'value': False})

    def provision(self, uuid, target):
        with _translated(f'Node {uuid}'):
            self._baremetal().set_node_provision_state(uuid, target)

    def detach(self, uuid):
        with _translated(f'Node {uuid}'):
            baremetal = self._baremetal()
            for vif in baremetal.list_node_vifs(uuid):
                baremetal.detach_vif_from_node(uuid, vif)

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

    def _baremetal(self, context=None):
        if self._own is None:
            self._own = openstack.connection.Connection(
                session=self._session,
                oslo_conf=self._conf,
                service_types={'baremetal'},
            )
        if context is None:
            return self._own.baremetal
        endpoint = self._own.baremetal.get_endpoint()
        session = ks_session.Session(
            auth=token_endpoint.Token(endpoint, context.auth_token),
            verify=self._session.verify,
        )
        return openstack.connection.Connection(
            session=session,
            baremetal_endpoint_override=endpoint,
        ).baremetal


def _read(baremetal, path, **params):
    """What Ironic answers, JSON, with the fields of nodes that we know."""
    answer = baremetal.get(
        path,
        params={'fields': ','.join(_FIELDS), **params},
        microversion=MICROVERSION,
    )
    sdk_exceptions.raise_from_response(answer)
    return answer.json()


def _node(said):
    values = {name: said[name] for name in _FIELDS}
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
        raise exceptions.Forbidden(f'{what}: {_said(error)}') from None
    except sdk_exceptions.ConflictException as error:
        raise exceptions.Conflict(f'{what}: {_said(error)}') from None
    except (sdk_exceptions.BadRequestException, sdk_exceptions.InvalidRequest) as error:
        raise exceptions.Invalid(f'{what}: {_said(error)}') from None
    except (sdk_exceptions.SDKException, ks_exceptions.ClientException) as error:
        raise exceptions.Unavailable(f'Ironic does not answer: {error}') from None


def _said(error):
    """What Ironic said, which the SDK keeps beside a message of its own."""
    return error.details or error.message
