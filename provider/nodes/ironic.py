# SPDX-License-Identifier: Apache-2.0
"""Servers in Ironic, through openstacksdk."""

import contextlib

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import session as ks_session
from keystoneauth1 import token_endpoint
import openstack
from openstack import exceptions as sdk_exceptions

from flocx import exceptions
from provider import nodes


class IronicNodes(nodes.Nodes):
    RESOURCE_TYPE = 'ironic_node'

    def __init__(self, conf, session):
        """:param session: keystoneauth session of the provider's own account."""
        self._conf, self._session = conf, session
        self._own = None

    def list(self, context):
        with _translated('the nodes'):
            found = self._baremetal(context).nodes(details=True)
            return [
                _node(each)
                for each in found
                if context.project_id in (each.owner, each.lessee)
            ]

    def all(self):
        with _translated('the nodes'):
            return [_node(each) for each in self._baremetal().nodes(details=True)]

    def get(self, ident, context=None):
        with _translated(f'Node {ident}'):
            return _node(self._baremetal(context).get_node(ident))

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

    def clear_lessee(self, uuid, project_id):
        # Ironic takes no JSON patch with a ``test`` in it, so the look comes first.
        if self.get(uuid).lessee == project_id:
            self._patch(uuid, {'op': 'remove', 'path': '/lessee'})

    def unprotect(self, uuid):
        self._patch(uuid, {'op': 'replace', 'path': '/protected', 'value': False})

    def undeploy(self, uuid):
        self._provision(uuid, 'deleted')

    def provide(self, uuid):
        self._provision(uuid, 'provide')

    def detach(self, uuid):
        with _translated(f'Node {uuid}'):
            baremetal = self._baremetal()
            for vif in baremetal.list_node_vifs(uuid):
                baremetal.detach_vif_from_node(uuid, vif)

    def power_off(self, uuid):
        with _translated(f'Node {uuid}'):
            self._baremetal().set_node_power_state(uuid, 'power off')

    def _provision(self, uuid, target):
        with _translated(f'Node {uuid}'):
            self._baremetal().set_node_provision_state(uuid, target)

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


def _node(found):
    return nodes.Node(
        uuid=found.id,
        name=found.name,
        owner=found.owner,
        lessee=found.lessee,
        resource_class=found.resource_class,
        properties=found.properties or {},
        traits=tuple(found.traits or ()),
        provision_state=found.provision_state,
        power_state=found.power_state,
        maintenance=bool(found.is_maintenance),
        protected=bool(found.is_protected),
        retired=bool(found.is_retired),
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
