# SPDX-License-Identifier: Apache-2.0
"""What a list is asked for: filters, order and page, from a query string.

Operators and paging follow the API guidelines of OpenStack
(``guidelines/pagination_filter_sort.rst``).
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import json
from typing import Any

from flocx import exceptions

#: A field, an operator and the values to compare with.
Filter = tuple[str, str, tuple[Any, ...]]
Filters = tuple[Filter, ...]

#: Parses a value, given its text and its name.
Parser = Callable[[str, str], Any]

#: Operators that may stand before a value, as in ``price=lte:2.50``.
OPERATORS = ('eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'in', 'nin')


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """``filters`` are triples of a field, an operator and a tuple of values."""

    limit: int = 100
    marker: str | None = None
    sort_key: str = 'created_at'
    descending: bool = False
    filters: Filters = ()


def parse(
    params: Iterable[tuple[str, str]],
    fields: Mapping[str, Parser],
    max_limit: int,
    sort_keys: Sequence[str] = ('created_at',),
) -> Query:
    """The query that the parameters of a request say.

    :param params: pairs of a name and a value.
    :param fields: {name: function of value and name that parses a value}.
    :param sort_keys: the first is the usual one; none where there is but one order.
    :raises Invalid: naming the parameter and what it may be.
    """
    known = {'limit', *fields}
    if sort_keys:
        known |= {'marker', 'sort_key', 'sort_dir'}
    given: dict[str, str] = {}
    filters: list[Filter] = []
    for name, value in params:
        if name not in known:
            raise exceptions.Invalid(
                f'{name}: there is no such parameter; there are '
                + ', '.join(sorted(known))
            )
        if name in fields:
            filters.append(_filter(name, value, fields[name]))
        else:
            given[name] = value
    return Query(
        limit=_limit(given.get('limit'), max_limit),
        marker=text(given['marker'], 'marker') if 'marker' in given else None,
        sort_key=_sort_key(given.get('sort_key'), sort_keys),
        descending=_choice('sort_dir', given.get('sort_dir', 'asc'), ('asc', 'desc'))
        == 'desc',
        filters=tuple(filters),
    )


def values(
    params: Iterable[tuple[str, str]], fields: Mapping[str, Parser]
) -> dict[str, Any]:
    """The values of parameters that are no filters, by name.

    :raises Invalid: naming the parameter and what it may be.
    """
    found = {}
    for name, value in params:
        if name not in fields:
            raise exceptions.Invalid(
                f'{name}: there is no such parameter; there are '
                + (', '.join(sorted(fields)) or 'none')
            )
        found[name] = fields[name](value, name)
    return found


def one_of(choices: Iterable[str]) -> Parser:
    """Parses a value that must be one of ``choices``."""
    return lambda value, field: _choice(field, value, [str(each) for each in choices])


def text(value: str, field: str) -> str:
    """Parses a value that may be any string."""
    if len(value) > 255:
        raise exceptions.Invalid(f'{field}: more than 255 characters')
    if not value.isprintable():
        raise exceptions.Invalid(f'{field}: holds a character that cannot be printed')
    return value


def json_list(value: str, field: str) -> list[Any]:
    """Parses a list in JSON."""
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise exceptions.Invalid(f'{field}: not JSON: {error}') from None
    if not isinstance(parsed, list):
        raise exceptions.Invalid(f'{field}: a list in JSON is expected')
    return parsed


def integer(value: str, field: str) -> int:
    """Parses a whole number of up to 18 digits."""
    digits = value.removeprefix('-')
    if not digits.isascii() or not digits.isdigit() or len(value) > 18:
        raise exceptions.Invalid(f'{field}: {value!r} is not a whole number')
    return int(value)


def require_plain(filters: Filters, names: Collection[str]) -> None:
    """Nothing, if the parameters ``names`` have no operators.

    :raises Invalid: one has, and it is not a column to be compared.
    """
    for name, operator, _ in filters:
        if name in names and operator != 'eq':
            raise exceptions.Invalid(f'{name}: takes a value, without an operator')


def status(filters: Filters, default: Iterable[str]) -> Filters:
    """``filters`` with ``default`` where no status is asked for; any asks for all."""
    asked = [each for each in filters if each[0] == 'status']
    if not asked and default:
        return (*filters, ('status', 'in', tuple(default)))
    return tuple(each for each in filters if each[::2] != ('status', ('any',)))


def overlapping(filters: Filters) -> Filters:
    """``filters`` in which a plain start_time and end_time mean what overlaps them.

    With an operator of their own they are compared as they are.
    """
    meaning = {
        ('start_time', 'during'): ('end_time', 'gt'),
        ('end_time', 'during'): ('start_time', 'lt'),
    }
    return tuple(
        (*meaning.get((name, operator), (name, operator)), values)
        for name, operator, values in filters
    )


def _filter(name: str, value: str, parse_value: Parser) -> Filter:
    head, colon, rest = value.partition(':')
    plain = 'during' if name in ('start_time', 'end_time') else 'eq'
    operator, value = (head, rest) if colon and head in OPERATORS else (plain, value)
    values = value.split(',') if operator in ('in', 'nin') else [value]
    return name, operator, tuple(parse_value(each, name) for each in values)


def _limit(value: str | None, max_limit: int) -> int:
    if value is None:
        return max_limit
    number = integer(value, 'limit')
    if number < 1:
        raise exceptions.Invalid(f'limit: {number} is less than 1')
    return min(number, max_limit)


def _sort_key(value: str | None, sort_keys: Sequence[str]) -> str:
    if value is None:
        return sort_keys[0] if sort_keys else 'id'
    return _choice('sort_key', value, sort_keys)


def _choice(field: str, value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise exceptions.Invalid(
            f'{field}: {value!r} is none of {", ".join(sorted(choices))}'
        )
    return value
