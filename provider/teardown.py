# SPDX-License-Identifier: Apache-2.0
"""Take a node back from a renter, whatever they have left it in.

Each call looks at the node and does the next thing, so it can be repeated after a
crash at any point. Nothing is undone but what FLOCX has done, the lessee, and what a
renter may leave behind: what runs, ``protected``, networks, console and power. Of a
node that is somebody else's by now nothing is touched.
"""

from oslo_log import log

from flocx import exceptions

LOG = log.getLogger(__name__)

#: What is asked of Ironic in each provision state to bring a node nearer to
#: ``available``; https://docs.openstack.org/ironic/latest/user/states.html.
NEXT = {
    'active': 'deleted',
    'deploy failed': 'deleted',
    'error': 'deleted',
    'wait call-back': 'deleted',
    'rescue': 'deleted',
    'rescue failed': 'deleted',
    'rescue wait': 'deleted',
    'unrescue failed': 'deleted',
    'service failed': 'deleted',
    'service wait': 'deleted',
    'deploy hold': 'abort',
    # To abort it Ironic agrees, and does nothing: no step that holds is abortable.
    'service hold': 'unhold',
    'inspect wait': 'abort',
    'inspect failed': 'manage',
    'adopt failed': 'manage',
    'manageable': 'provide',
}

#: The same where the renter has cleaned the node by hand. Ironic would bring it back
#: to ``manageable``, and not to ``available``, where our own cleaning ends.
NEXT_BY_HAND = {'clean wait': 'abort', 'clean hold': 'unhold', 'clean failed': 'manage'}

#: States that pass by themselves.
ON_ITS_WAY = {
    'deploying',
    'deleting',
    'cleaning',
    'clean wait',
    'clean hold',
    'rescuing',
    'unrescuing',
    'servicing',
    'inspecting',
    'adopting',
    'verifying',
}


class NotClean(exceptions.Conflict):
    """A node that could not be cleaned, and waits for its operator."""


def verb(node):
    """What to ask of Ironic so that ``node`` becomes available; None: nothing."""
    if node.target_provision_state == 'manageable':
        by_hand = NEXT_BY_HAND.get(node.provision_state)
        if by_hand:
            return by_hand
    return NEXT.get(node.provision_state)


def is_left_over(node):
    """Whether ``node`` is as an earlier contract of its lessee has left it."""
    return node.maintenance or node.provision_state == 'clean failed'


def take_back(nodes, node, renter, back_to=None):
    """Whether ``node`` is clean and its owner's again; else bring that nearer.

    :param nodes: the place where it is.
    :param renter: the project that it is taken back from.
    :param back_to: the project that sub-let it, which gets it; None: the owner.
    :raises NotClean: it does not get clean by itself.
    """
    if node is None or node.lessee != renter:
        # It is gone, or somebody else's: not ours to touch any more.
        return True
    if node.provision_state != 'available':
        empty(nodes, node)
        return False
    nodes.detach(node.uuid)
    if node.console_enabled:
        nodes.console_off(node.uuid)
    if node.power_state == 'power on':
        nodes.power_off(node.uuid)
    nodes.clear_lessee(node.uuid, renter, back_to)
    return _is_back(nodes, node, renter, back_to)


def empty(nodes, node):
    """Ask for what brings ``node`` nearer to ``available``, if anything does.

    :raises NotClean: it does not get clean by itself.
    """
    asked = verb(node)
    if asked is None:
        if node.provision_state == 'clean failed':
            raise NotClean(f'Node {node.uuid} could not be cleaned')
        if node.provision_state not in ON_ITS_WAY:
            LOG.warning(
                'Node %s is in provision state %r, from which it does not become '
                'available by itself',
                node.uuid,
                node.provision_state,
            )
        return
    if node.protected:
        nodes.unprotect(node.uuid)
    nodes.provision(node.uuid, asked)


def _is_back(nodes, node, renter, back_to):
    """Whether the renter has done nothing more before they lost the node."""
    found = nodes.get(node.uuid)
    if found.lessee == renter:
        return False
    if found.lessee == back_to and found.provision_state != 'available':
        LOG.warning(
            'Node %s was deployed while it was taken back; it is emptied again',
            node.uuid,
        )
        nodes.set_lessee(node.uuid, renter)
        return False
    return True
