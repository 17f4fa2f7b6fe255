# SPDX-License-Identifier: Apache-2.0
"""WSME types for what JSON has no type for, checked where they are set.

WSME names the attribute in front of what ``validate`` complains of.
"""

import functools
import inspect
import json

import wsme
import wsme.rest.json
import wsme.types

from flocx import exceptions
from flocx.core import money
from flocx.core import window

_FIELD = 'field'

#: The types whose values JSON knows.
_AS_THEY_ARE = (str, int, float, bool)


class Checked(wsme.types.UserType):
    """Takes a JSON value as it is and lets ``parse`` decide."""

    basetype = wsme.types.text

    def __init__(self, name, schema, parse, render=None):
        """A type of the API.

        :param schema: the JSON schema of the values.
        :param parse: given a value and the name of its field, checks it.
        :param render: turns a value into what JSON knows.
        """
        self.name, self.schema = name, schema
        self._parse, self._render = parse, render

    def validate(self, value):
        try:
            return self._parse(value, _FIELD)
        except exceptions.Invalid as error:
            raise ValueError(str(error).removeprefix(f'{_FIELD}: ')) from None

    def tobasetype(self, value):
        return self._render(value) if self._render and value is not None else value


def _any(value, _):
    return value


def _object(value, field):
    if not isinstance(value, dict):
        raise exceptions.Invalid(f'{field}: {value!r} is not a JSON object')
    try:
        # Python reads and writes NaN; databases and other readers of JSON do not.
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise exceptions.Invalid(f'{field}: holds a number that is none') from None
    return value


def _text(longest):
    def parse(value, field):
        if not isinstance(value, str) or not value.strip():
            raise exceptions.Invalid(
                f'{field}: a string with a letter in it is expected'
            )
        if len(value) > longest:
            raise exceptions.Invalid(f'{field}: more than {longest} characters')
        if not value.isprintable():
            raise exceptions.Invalid(
                f'{field}: holds a character that cannot be printed'
            )
        return value

    return parse


def _whole_number(low, high):
    def parse(value, field):
        if isinstance(value, bool) or not isinstance(value, int):
            raise exceptions.Invalid(f'{field}: {value!r} is not a whole number')
        if not low <= value <= high:
            raise exceptions.Invalid(f'{field}: {value} is not in {low}..{high}')
        return value

    return parse


def _string(**more):
    return {'type': ['string', 'null'], **more}


#: An instant, as ISO 8601 with a zone; answered in UTC with Z.
Instant = Checked('instant', _string(format='date-time'), window.instant, window.text)
#: A decimal string; credits per server and hour.
Price = Checked(
    'price', _string(pattern=r'^[0-9]{1,12}(\.[0-9]{1,6})?$'), money.price, money.text
)
#: A sum of money as it is answered: it may exceed what a price may be.
Amount = Checked('amount', _string(), _any, money.text)
#: What needs no check, or is checked by the core.
Json = Checked('json', {}, _any)
Object = Checked('object', {'type': 'object'}, _object)
Text = Checked('text', _string(minLength=1, maxLength=255), _text(255))
Ident = Checked('ident', _string(minLength=1, maxLength=64), _text(64))


def Integer(low, high):
    """A whole number in low..high."""
    return Checked(
        'integer',
        {'type': ['integer', 'null'], 'minimum': low, 'maximum': high},
        _whole_number(low, high),
    )


class Declared(wsme.types.Base):
    """A JSON object with the fields that its class declares, in that order."""

    def __init_subclass__(cls):
        """Say the order, which WSME would look for in the source, for a long time."""
        super().__init_subclass__()
        declared = [name for base in cls.__mro__ for name in vars(base)]
        fields = [
            name
            for name, field in inspect.getmembers(cls, wsme.types.iswsattr)
            if not name.startswith('_') and not inspect.isroutine(field)
        ]
        cls._wsme_attr_order = sorted(fields, key=declared.index)


class Answer(Declared):
    """The JSON form of a noun: the fields that its class declares."""

    @classmethod
    def of(cls, noun, **more):
        """The form of ``noun``; ``more`` are fields that it does not have."""
        answer = cls()
        for attribute in wsme.types.list_attributes(cls):
            name = attribute.name
            if name in more:
                setattr(answer, name, more[name])
            elif hasattr(noun, name):
                setattr(answer, name, getattr(noun, name))
        return answer


def plain(answer):
    """``answer`` as the dictionary that its JSON says."""
    return written(type(answer), answer)


def written(kind, value):
    """What WSME's ``tojson`` makes of a ``value`` of the type ``kind``.

    It asks what each part of each value is; here that is found out once for a type.
    """
    return None if value is None else _writer(kind)(value)


@functools.cache
def _writer(kind):
    """The function that does it for the values of ``kind`` that are not None."""
    if isinstance(kind, wsme.types.ArrayType):
        return _writer_of_list(_writer(kind.item_type))
    if wsme.types.iscomplex(kind):
        return _writer_of_object(kind)
    if isinstance(kind, Checked):
        return kind.tobasetype
    if kind in _AS_THEY_ARE:
        return _as_it_is
    return functools.partial(wsme.rest.json.tojson, kind)


def _as_it_is(value):
    return value


def _writer_of_list(each):
    return lambda values: [None if value is None else each(value) for value in values]


def _writer_of_object(kind):
    writers = [
        (attribute.key, attribute.name, _writer(attribute.datatype))
        for attribute in wsme.types.list_attributes(kind)
    ]

    def write(noun):
        said = {}
        for key, name, writer in writers:
            value = getattr(noun, key)
            if value is not wsme.Unset:
                said[name] = None if value is None else writer(value)
        return said

    return write


def given(request, *but):
    """{name: value} of what a request says, null included, save the names ``but``."""
    return {
        attribute.name: getattr(request, attribute.name)
        for attribute in wsme.types.list_attributes(type(request))
        if attribute.name not in but
        and getattr(request, attribute.name) is not wsme.Unset
    }


def changes(request, nullable):
    """{name: value} of what a request wants changed; only ``nullable`` may be null.

    ``generation`` is no change: it says what the request rests on.

    :raises Invalid: something else is null, or there is nothing to change.
    """
    values = given(request, 'generation')
    if not values:
        raise exceptions.Invalid('Nothing to change is given')
    for name, value in values.items():
        if value is None and name not in nullable:
            raise exceptions.Invalid(f'{name}: cannot be null')
    return values


class Link(Declared):
    rel = wsme.types.text
    href = wsme.types.text


def collection(name, answer):
    """The JSON form of a list: ``{"offers": [...], "offers_links": [...]}``."""
    return type(
        f'{answer.__name__}List',
        (Declared,),
        {
            name: [answer],
            f'{name}_links': [Link],
        },
    )
