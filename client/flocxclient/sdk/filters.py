# SPDX-License-Identifier: Apache-2.0
"""Filters of lists: values, which are literal, and comparisons."""

import dataclasses

#: The operators that the services know.
OPERATORS = ('eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'in', 'nin')

#: Parameters of lists that are no filters.
_PLAIN = ('limit', 'marker', 'requirements', 'sort_dir', 'sort_key')


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A filter that compares; as in ``offers(price=Comparison('lte', '2.50'))``.

    ``in`` and ``nin`` take a list of values, which cannot have a comma in them.

    :raises ValueError: there is no such operator, or a value that it cannot take.
    """

    operator: str
    value: object

    def __post_init__(self):
        if self.operator not in OPERATORS:
            raise ValueError(
                f'{self.operator!r} is no operator; there are ' + ', '.join(OPERATORS)
            )
        if self.operator in ('in', 'nin') and any(',' in each for each in self._values):
            raise ValueError(
                f'a value for "{self.operator}" cannot have a comma in it: '
                f'{self.value!r}'
            )

    def __str__(self):
        return f'{self.operator}:{",".join(self._values)}'

    @property
    def _values(self):
        if isinstance(self.value, (list, tuple)):
            return [str(each) for each in self.value]
        return [str(self.value)]


def parameters(query):
    """The query parameters of a list, in which each filter means what it says.

    A string that begins like an operator, as the name ``eq:z`` does, is sent as a
    value to be compared with.
    """
    return {
        name: value if name in _PLAIN else _parameter(value)
        for name, value in query.items()
    }


def _parameter(value):
    if isinstance(value, (list, tuple)):
        return [_parameter(each) for each in value]
    if isinstance(value, Comparison):
        return str(value)
    if isinstance(value, str) and value.partition(':')[0] in OPERATORS and ':' in value:
        return str(Comparison('eq', value))
    return value
