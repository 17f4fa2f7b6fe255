# SPDX-License-Identifier: Apache-2.0
"""Which of a project's servers are meant. Pure: it is told what there is."""

from flocx import exceptions


def named(found, idents):
    """Pairs of what was said and its node, or None where there is none.

    :param found: the nodes that the caller may see.
    :param idents: uuids or names.
    """
    known = {node.name: node for node in found if node.name}
    known |= {node.uuid: node for node in found}
    return [(ident, known.get(ident)) for ident in dict.fromkeys(idents)]


def alike(found, project_id, resource_class=None, traits=(), rented=False):
    """Those of ``found`` that are the project's, of this class, with all traits.

    :param rented: those that it is the lessee of, and not those that it owns.
    """
    return [
        node
        for node in found
        if (
            node.lessee == project_id != node.owner
            if rented
            else node.owner == project_id
        )
        and resource_class in (None, node.resource_class)
        and set(traits).issubset(node.traits)
    ]


def require_few(what, number, most):
    """Nothing, if ``number`` servers are not too many for one request.

    :raises Invalid: they are more than ``most``.
    """
    if number > most:
        raise exceptions.Invalid(
            f'{what}: {number} servers are more than the {most} of one request; '
            'send them in parts'
        )
