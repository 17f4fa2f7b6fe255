# SPDX-License-Identifier: Apache-2.0
"""Who may offer a node. Pure: it is told what Ironic says."""

from flocx import exceptions

#: Provision states in which a node can be offered: it is ready, or in use by its
#: owner, who must have emptied it when a contract starts.
OFFERABLE = {
    'available',
    'active',
    'cleaning',
    'clean wait',
    'deleting',
    'deploying',
    'wait call-back',
    'manageable',
}


def check(node, project_id, rented=False, parent=None):
    """Nothing, if a member of ``project_id`` may offer ``node`` as it is.

    :param parent: the node that it is a part of, None if that is not known.
    :param rented: whether the project has a contract for it, and may sub-let it while
        it is the lessee.
    :raises NotFound: it is not theirs; whoever does not own a node is told what
        Ironic tells a stranger.
    :raises Conflict: it cannot be handed over in its state.
    """
    sublets = rented and node.lessee == project_id
    if not sublets and (not node.owner or node.owner != project_id):
        raise exceptions.NotFound(
            f'resource_uuid: node {node.uuid} not found among '
            'those that your project owns'
        )
    reason = unfit(node) or (
        'is a part of a node of another owner' if is_anothers(node, parent) else None
    )
    if reason:
        raise exceptions.Conflict(
            f'resource_uuid: node {node.name or node.uuid} {reason}',
            code='flocx.conflict.node',
        )


def is_anothers(node, parent):
    """Whether ``node`` is a part of what another owner has, or nobody is known to.

    Whoever has the whole server can do with its parts what they like.
    """
    return node.parent_node is not None and (
        parent is None or parent.owner != node.owner
    )


def unfit(node):
    """Why nobody should be promised ``node`` now, or None."""
    if node.maintenance:
        return 'is in maintenance'
    if node.retired:
        return 'is retired'
    if node.protected:
        return 'is protected'
    if node.automated_clean is False:
        return 'is not cleaned between two users (automated_clean)'
    if node.provision_state not in OFFERABLE:
        return f'is in provision state {node.provision_state!r}'
    return None
