# SPDX-License-Identifier: Apache-2.0
"""Filters of lists: values, which are literal, and comparisons."""

import dataclasses

from flocxclient.i18n import _

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
                _('{operator!r} is no operator; there are {known}').format(
                    operator=self.operator, known=', '.join(OPERATORS)
                )
            )
        if self.operator in ('in', 'nin') and any(',' in each for each in self._values):
            raise ValueError(
                _(
                    'a value for "{operator}" cannot have a comma in it: {value!r}'
                ).format(operator=self.operator, value=self.value)
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
