# SPDX-License-Identifier: Apache-2.0
"""From a caller's wish to an offer on the market."""

from flocx import exceptions
from provider import hardware
from provider import ownership


def publish(
    nodes,
    marketplace,
    context,
    headers=None,
    *,
    resource_uuid,
    resource_type=None,
    **terms,
):
    """Offer a server of the caller's; return the market's offer, JSON.

    :param headers: of the caller's request, for the market's to have too.
    :param resource_uuid: uuid or name of the node.
    :param terms: name, lessee_id, start_time, end_time and price, as JSON.
    :raises NotFound: the caller does not own such a node.
    :raises Conflict: it cannot be offered now, or is offered then already.
    """
    if resource_type not in (None, nodes.RESOURCE_TYPE):
        raise exceptions.Invalid(
            f'resource_type: this provider has {nodes.RESOURCE_TYPE}, '
            f'not {resource_type}'
        )
    node = nodes.get(resource_uuid, context)
    ownership.check(node, context.project_id)
    return marketplace.publish(
        context,
        {
            **terms,
            'resource_type': nodes.RESOURCE_TYPE,
            'resource_uuid': node.uuid,
            'resource_class': node.resource_class,
            'properties': hardware.describe(node, nodes.inventory(node.uuid)),
        },
        headers,
    )
