# SPDX-License-Identifier: Apache-2.0
"""Offering many servers at once."""

import uuid

from flocxclient.i18n import _
from flocxclient.osc import command

#: Servers in one request, so that there is something to tell in between.
TOGETHER = 100

FIELDS = ('published', 'refused', 'offers', 'errors')


def add_selection(parser):
    """Options that name several servers, or find them."""
    parser.add_argument(
        '--node',
        metavar='<server>',
        action='append',
        dest='nodes',
        help=_('A server, by uuid or name; may be repeated, also for one.'),
    )
    parser.add_argument(
        '--resource-class',
        metavar='<class>',
        help=_('Your servers of this class.'),
    )
    parser.add_argument(
        '--trait',
        metavar='<trait>',
        action='append',
        dest='traits',
        help=_('Your servers with this trait; may be repeated.'),
    )
    command.add_requirements(
        parser, _('Your servers whose hardware meets this'), ('--require',)
    )
    parser.add_argument(
        '--rented',
        action='store_true',
        default=None,
        help=_('Servers that you rent, to sub-let them, and not those that you own.'),
    )


def ways(parsed_args):
    """What the options of ``add_selection`` say: ``nodes``, ``query``, both or none."""
    query = command.given(
        parsed_args, 'resource_class', 'traits', 'requirements', 'rented'
    )
    return {
        **({'nodes': parsed_args.nodes} if parsed_args.nodes else {}),
        **({'query': query} if query else {}),
    }


def publish(provider, stream, key, terms, nodes=None, query=None):
    """Offer servers on the same ``terms``; return what became of each.

    :param stream: where to say how far it is.
    :param key: idempotency key of all the requests that this takes.
    """
    if query:
        return provider.create_offers(key, query=query, **terms)
    done, key = [], key or uuid.uuid4().hex
    for at in range(0, len(nodes), TOGETHER):
        part = nodes[at : at + TOGETHER]
        done += provider.create_offers(key, nodes=part, **terms)
        if len(nodes) > TOGETHER:
            progress = _('{done} of {all} servers').format(
                done=len(done), all=len(nodes)
            )
            stream.write(f'{progress}\n')
    return done


def shown(show, done):
    """The columns and values of what ``publish`` returned, for a command."""
    offers = {
        each['name'] or each['resource_uuid']: each['offer_uuid']
        for each in done
        if each['offer_uuid']
    }
    errors = {
        each['name'] or each['resource_uuid']: each['error']['detail']
        for each in done
        if each['error']
    }
    return FIELDS, (
        len(offers),
        len(errors),
        show.column('Document', offers),
        show.column('Document', errors),
    )
