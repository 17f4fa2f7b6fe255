# SPDX-License-Identifier: Apache-2.0
"""What requests and answers hold, declared once as WSME types.

From the declarations follow the JSON schemas, by which bodies are checked and the API
is described, and what is written of an object.
"""

import functools
import json

import wsme
import wsme.types

from flocx import exceptions
from flocx.core import gates
from flocx.core import money
from flocx.core import names
from flocx.core import query
from flocx.core import window


class Value(wsme.types.UserType):
    """A value that JSON has no type for, or that is bound in some way."""

    basetype = wsme.types.text

    def __init__(self, name, schema, read=None, write=None, parse=query.text):
        """A type of the API.

        :param schema: the JSON schema of the values; its description completes the
            sentence "... is not".
        :param read: given a value of that schema and the name of its field, returns
            what handlers get.
        :param write: turns a value into what JSON knows.
        :param parse: what lists are filtered by, given its text and the field's name.
        """
        self.name, self.schema, self.parse = name, schema, parse
        self.read, self.write = read, write


def _object(value, field):
    try:
        # Python reads and writes NaN; databases and other readers of JSON do not.
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise exceptions.Invalid(f'{field}: holds a number that is none') from None
    return value


def _printable(value, field):
    if not value.isprintable():
        raise exceptions.Invalid(f'{field}: holds a character that cannot be printed')
    return value


def _string(description, **more):
    return {'type': ['string', 'null'], 'description': description, **more}


def _text(name, longest):
    meaning = f'a string of 1 to {longest} characters, not all of them spaces'
    schema = _string(meaning, minLength=1, maxLength=longest, pattern=r'\S')
    return Value(name, schema, _printable)


#: An instant, as ISO 8601 with a zone; answered in UTC with Z.
Instant = Value(
    'instant',
    _string('a time, such as "2027-01-31T18:00:00Z"', format='date-time'),
    window.instant,
    window.text,
    window.instant,
)
#: A decimal string; credits per server and hour.
Price = Value(
    'price',
    _string(
        'a decimal string such as "1.25", with up to 12 digits before the point and 6 '
        'after it',
        pattern=f'^{money.PATTERN}$',
    ),
    money.price,
    money.text,
    money.price,
)
#: A sum of money as it is answered: it may exceed what a price may be.
Amount = Value('amount', _string('a decimal string'), write=money.text)
#: What needs no check, or is checked by the core.
Json = Value('json', {})
Object = Value('object', {'type': 'object', 'description': 'a JSON object'}, _object)
Text = _text('text', 255)
Ident = _text('ident', 64)
#: What an object is called from now on, and what one is looked for by.
Name = Value('name', _string('a name', maxLength=names.LONGEST), names.name)
Identifier = Value('identifier', _string('a uuid or a name'), names.identifier)


def Integer(low, high):
    """A whole number in low..high."""
    schema = {
        'type': ['integer', 'null'],
        'minimum': low,
        'maximum': high,
        'description': f'a whole number in {low}..{high}',
    }
    return Value('integer', schema, parse=query.integer)


def Choice(values, **since):
    """One of the strings ``values``; of some there is a version since which they are.

    :param since: that version, by value.
    """
    chosen = Value('choice', None)
    chosen.choices = gates.Choices(values, **since)
    return chosen


class Field(wsme.wsattr):
    """An attribute of a type that there is since or until a version."""

    def __init__(self, datatype, mandatory=False, since=None, until=None):
        super().__init__(datatype, mandatory=mandatory)
        self.gate = gates.Gate(since, until)


def required(datatype, **gate):
    """An attribute of a body that has to be there, and not null."""
    return Field(datatype, mandatory=True, **gate)


class Declared(wsme.types.Base):
    """A JSON object with the fields that its class declares, in that order."""

    def __init_subclass__(cls):
        """Say the order, which WSME would look for in the source, for a long time."""
        super().__init_subclass__()
        cls._wsme_attr_order = [
            name
            for name, value in vars(cls).items()
            if not name.startswith('_') and not isinstance(value, classmethod)
        ]


class Change(Declared):
    """The body of a PATCH: what is left out stays; some fields may be null."""

    _nullable = ()


class Answer(Declared):
    """The JSON form of an object: the fields that its class declares."""

    @classmethod
    def of(cls, source=None, but=(), **more):
        """The form of ``source``, a dictionary that JSON can hold.

        :param but: names of fields that are left out.
        :param more: fields that ``source`` does not have, by name.
        """
        written = {}
        for name, write in _writers(cls):
            value = more[name] if name in more else getattr(source, name, wsme.Unset)
            if value is not wsme.Unset and name not in but:
                written[name] = write(value) if write and value is not None else value
        return written


def plain(kind, values):
    """``values``, which were read of a body of the type ``kind``, as JSON again."""
    writers = dict(_writers(kind))
    return {
        name: writers[name](value) if writers[name] and value is not None else value
        for name, value in values.items()
    }


@functools.cache
def _writers(kind):
    """Pairs of a field of ``kind`` and what writes its values; None writes them so."""
    attributes = wsme.types.list_attributes(kind)
    return [(each.name, _writer(each.datatype)) for each in attributes]


def _writer(datatype):
    if isinstance(datatype, wsme.types.ArrayType):
        write = _writer(datatype.item_type)
        return write and (lambda values: [write(value) for value in values])
    if isinstance(datatype, Value):
        return datatype.write
    return getattr(datatype, 'of', None)


class Link(Declared):
    rel = wsme.types.text
    href = wsme.types.text


def collection(name, answer):
    """The JSON form of a list: ``{"offers": [...], "offers_links": [...]}``."""
    members = {name: [answer], f'{name}_links': [Link]}
    return type(f'{answer.__name__}List', (Declared,), members)


def attributes(kind, version):
    """The fields that a type has at a version of the API."""
    return [
        each
        for each in wsme.types.list_attributes(kind)
        if gates.gate(each).lets(version)
    ]


def cut(kind, answer, version):
    """``answer``, of the type ``kind``, without fields that come after ``version``."""
    if answer is None or not _is_cut(kind, version):
        return answer
    if isinstance(kind, wsme.types.ArrayType):
        return [cut(kind.item_type, each, version) for each in answer]
    return {
        name: cut(part, answer[name], version) if part else answer[name]
        for name, part in _kept(kind, version)
        if name in answer
    }


@functools.cache
def _kept(kind, version):
    """Pairs of a field that a version has, and its type if something of it is cut."""
    return [
        (each.name, each.datatype if _is_cut(each.datatype, version) else None)
        for each in attributes(kind, version)
    ]


@functools.cache
def _is_cut(kind, version):
    """Whether a version lacks something of a type, or of what is in it."""
    if isinstance(kind, wsme.types.ArrayType):
        return _is_cut(kind.item_type, version)
    return wsme.types.iscomplex(kind) and any(
        not gates.gate(each).lets(version) or _is_cut(each.datatype, version)
        for each in wsme.types.list_attributes(kind)
    )
