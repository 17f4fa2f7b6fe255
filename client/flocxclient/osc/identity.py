# SPDX-License-Identifier: Apache-2.0
"""Which object is meant, and what a request for it rests on."""

import re

UUID = re.compile('[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')


def uuid_of(fetch, name_or_uuid):
    """The uuid of an object, for a filter that takes nothing else.

    :param fetch: gives the object that has the name.
    """
    if UUID.fullmatch(name_or_uuid):
        return name_or_uuid
    return fetch(name_or_uuid).uuid


def add_idempotency_key(parser):
    parser.add_argument(
        '--idempotency-key',
        metavar='<key>',
        help='A text of your own that stands for this request: however often '
        'it is repeated with the key, it is done once. By default each run '
        'has a new one.',
    )


def add_generation(parser, noun):
    parser.add_argument(
        '--if-generation',
        metavar='<number>',
        type=int,
        help=f'Only if nobody has changed the {noun} since "show" gave this '
        'generation.',
    )
