# SPDX-License-Identifier: Apache-2.0
"""Parts of a bundle, as requests and answers have them."""

import contextlib

import wsme.types

from flocx import exceptions
from flocx.api import types
from flocx.core import bid as core
from flocx.core import requirements

#: What each part says of its own, and no other than that.
_OF_A_PART = (
    *('quantity', 'min_quantity', 'requirements', 'resource_class'),
    *('spread_by', 'spread_max'),
)


def types_of(quantity, duration, offset):
    """The types of a part in requests and answers, given those of some of its fields.

    Which group was awarded only an answer says.
    """
    fields = {
        'name': types.Text,
        'quantity': quantity,
        'min_quantity': quantity,
        'offset': offset,
        'duration': duration,
        'price': types.Price,
        'requirements': types.Json,
        'resource_class': types.Text,
        'group_by': types.Text,
        'spread_by': types.Text,
        'spread_max': quantity,
    }
    answer = {**fields, 'group_value': wsme.types.text}
    return (
        type('PartRequest', (types.Declared,), fields),
        type('Part', (types.Answer,), answer),
    )


def resolved(given, length, limits, most, own=None):
    """The terms ``given``, with what follows from their parts if they have any.

    :param length: until when a part lasts that does not say, in seconds from the start.
    :param limits: of requirements.
    :param most: how many parts there may be.
    :param own: the bid whose parts, and group, they have where they name none.
    :raises Invalid: naming the part and its field.
    """
    if 'parts' in given:
        parts = _read(given['parts'], length, limits, most)
    else:
        parts = own.parts if own else ()
    if not parts:
        return {**given, 'parts': parts}
    for name in _OF_A_PART:
        if given.get(name) is not None:
            raise exceptions.Invalid(
                f'{name}: with parts each of them says that of its own'
            )
    group_by = given.get('group_by', own and own.group_by)
    return {**given, **core.of_parts(parts, group_by), 'parts': parts}


def _read(body, length, limits, most):
    if len(body) > most:
        raise exceptions.Invalid(
            f'parts: {len(body)}; at most {most} are allowed (max_parts)'
        )
    found = []
    for number, given in enumerate(body):
        values = {name: value for name, value in given.items() if value is not None}
        with _inside(number):
            parsed = requirements.parse(values.get('requirements', []), limits)
            core.check_expressions(values, limits)
        values.setdefault('min_quantity', values.get('quantity', 1))
        offset = values.get('offset', 0)
        if values.setdefault('duration', length - offset) < 1:
            raise exceptions.Invalid(
                f'parts[{number}].offset: {offset} seconds are no less than the '
                f'{length} that the bundle lasts'
            )
        values['requirements'] = tuple(tuple(each.triple()) for each in parsed)
        found.append(core.Part(**values))
    return tuple(found)


@contextlib.contextmanager
def _inside(number):
    """Say in the message of an Invalid of which part it is."""
    try:
        yield
    except exceptions.Invalid as error:
        raise exceptions.Invalid(f'parts[{number}].{error}') from None
