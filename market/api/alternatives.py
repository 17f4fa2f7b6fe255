# SPDX-License-Identifier: Apache-2.0
"""Other terms by which a bid can be met, as requests and answers have them."""

import contextlib
import dataclasses

from flocx import exceptions
from flocx.api import fields
from flocx.core import bid as bid_core
from flocx.core import requirements
from flocx.core import window
from market import conf as market_conf
from market.api import parts

#: What may be null to say that it is not asked for, whatever the bid's own terms say.
_UNSET = {'resource_class', 'min_reclaim_notice', 'group_by', 'spread_by'}

_NAMES = [field.name for field in dataclasses.fields(bid_core.Alternative)]


def types_of(table, parts_of_request):
    """The types of an alternative in a request and in an answer.

    :param table: the fields of a bid.
    :param parts_of_request: what its parts are in a request.
    """
    alike = fields.Table(
        {
            name: dataclasses.replace(table[name], create=fields.OPTIONAL)
            for name in _NAMES
        }
    )
    asked = fields.Table({**alike, 'parts': parts_of_request})
    return asked.request('AlternativeRequest'), alike.answer('Alternative')


def of(body, own, conf):
    """The alternatives that a request names, in order.

    What one leaves out is as in the bid's own terms. Without ``min_quantity`` all of
    its ``quantity`` are of use; without ``duration`` it takes all of its window if the
    bid's own terms do. With an empty list of ``parts`` it is no bundle, though these
    are.

    :param body: a list of dictionaries, or None.
    :param own: the bid with its own terms alone.
    :raises Invalid: naming the alternative and its field.
    """
    body, most = body or [], conf.market.max_alternatives
    if len(body) >= most:
        raise exceptions.Invalid(
            f'alternatives: {len(body)} beside the terms of the bid itself; at most '
            f'{most - 1} are allowed (max_alternatives)'
        )
    found = []
    for number, given in enumerate(body):
        with inside(number):
            found.append(_one(given, own, conf))
    return tuple(found)


def checked(bid, check):
    """``bid``, if ``check`` takes all of its options: it raises Invalid of others."""
    for number, option in enumerate(bid.options):
        with inside(number - 1) if number else contextlib.nullcontext():
            check(option)
    return bid


@contextlib.contextmanager
def inside(number):
    """Say in the message of an Invalid of which alternative it is."""
    try:
        yield
    except exceptions.Invalid as error:
        raise exceptions.Invalid(f'alternatives[{number}].{error}') from None


def _one(given, own, conf):
    limits = market_conf.requirement_limits(conf)
    given = {
        name: value
        for name, value in given.items()
        if value is not None or name in _UNSET
    }
    if 'requirements' in given:
        parsed = requirements.parse(given['requirements'], limits)
        given['requirements'] = tuple(tuple(each.triple()) for each in parsed)
    bid_core.check_expressions(given, limits)
    stay = window.Window(
        given.get('start_time', own.start_time), given.get('end_time', own.end_time)
    )
    length = given.get('duration', stay.seconds if own.whole else own.duration)
    given = parts.resolved(given, length, limits, conf.market.max_parts, own)
    if own.parts and not given['parts']:
        # What these come to together is nothing that it could have meant.
        given = {'quantity': 1, **given}
    values = {name: getattr(own, name) for name in _NAMES} | given
    if 'quantity' in given:
        values['min_quantity'] = given.get('min_quantity', given['quantity'])
    if 'duration' not in given:
        values['duration'] = length
    # As a bid of its own it is checked as one.
    dataclasses.replace(own, **values)
    return bid_core.Alternative(**values)
