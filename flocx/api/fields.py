# SPDX-License-Identifier: Apache-2.0
"""A table of the fields of an object, from which what the API says of it follows."""

import dataclasses

from flocx.api import types
from flocx.core import gates
from flocx.core import query

OPTIONAL, REQUIRED, NULLABLE = 'optional', 'required', 'nullable'


@dataclasses.dataclass(frozen=True)
class Field:
    """A row: what a field holds, and where the API has it.

    ``create`` and ``change`` say whether it is given when the object is made and when
    it is changed: None, OPTIONAL, REQUIRED or NULLABLE. ``filter`` parses what lists
    are filtered by, as the type does unless it is said; of some there are answers
    without, not ``shown``.
    """

    type: object
    create: str | None = None
    change: str | None = None
    filter: object = True
    sort: bool = False
    shown: bool = True
    since: str | None = None
    until: str | None = None

    def attribute(self, use):
        """The attribute of a WSME type, where the field is ``use``."""
        return types.Field(self.type, use == REQUIRED, self.since, self.until)

    @property
    def parameter(self):
        """What parses the filter of a list, at the versions that have it, or None."""
        parse = self.filter
        if parse is True:
            parse = getattr(self.type, 'parse', query.text)
        if parse and (self.since or self.until):
            return gates.Gated(parse, gates.Gate(self.since, self.until))
        return parse


class Table(dict):
    """{name: Field}, in the order in which the API writes them."""

    def request(self, name):
        """The WSME type of the body that makes an object."""
        return self._type(name, types.Declared, lambda field: field.create)

    def change(self, name):
        """The WSME type of the body that changes one."""
        changed = self._type(name, types.Change, lambda field: field.change)
        changed._nullable = [n for n, each in self.items() if each.change == NULLABLE]
        return changed

    def answer(self, name):
        """The WSME type of what is shown of one."""
        return self._type(name, types.Answer, lambda field: field.shown)

    def filters(self):
        """{name: what parses it} of the filters of a list."""
        found = {name: field.parameter for name, field in self.items()}
        return {name: parse for name, parse in found.items() if parse}

    def sort_keys(self):
        """The fields that lists can be sorted by; without any, by their creation."""
        found = [name for name, field in self.items() if field.sort]
        return tuple(sorted(found, key=lambda name: name != 'created_at'))

    def _type(self, name, base, use):
        fields = {n: each.attribute(use(each)) for n, each in self.items() if use(each)}
        return type(name, (base,), fields)
