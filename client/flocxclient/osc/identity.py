# SPDX-License-Identifier: Apache-2.0
"""Which object is meant, and what a request for it rests on."""

from osc_lib import exceptions

from flocxclient import i18n
from flocxclient.i18n import _


def uuid_of(fetch, name_or_uuid):
    """The uuid of an object, for a filter that takes nothing else.

    :param fetch: gives the object that has the name.
    """
    if is_uuid(name_or_uuid):
        return name_or_uuid
    return fetch(name_or_uuid).uuid


def is_uuid(given):
    """Whether it is a uuid and no name."""
    from flocxclient.sdk import identifiers

    return identifiers.is_uuid(given)


def require_given(parsed_args, *names):
    """Nothing, if none of these arguments is an empty text.

    An option whose shell variable is unset must not be taken for one not given.

    :raises CommandError: one is empty.
    """
    for name in names:
        value = getattr(parsed_args, name)
        if isinstance(value, str) and not value.strip():
            raise exceptions.CommandError(
                _('the {option} is empty: leave it out, or give it a value').format(
                    option=name.replace('_', ' ')
                )
            )


def add_idempotency_key(parser):
    parser.add_argument(
        '--idempotency-key',
        metavar='<key>',
        help=_(
            'A text of your own that stands for this request: however '
            'often it is repeated with the key, it is done once. By '
            'default each run has a new one.'
        ),
    )


def add_generation(parser, model):
    parser.add_argument(
        '--if-generation',
        metavar='<number>',
        type=int,
        help=_(
            'Only if nobody has changed the {model} since "show" gave this generation.'
        ).format(model=i18n.model(model)),
    )
