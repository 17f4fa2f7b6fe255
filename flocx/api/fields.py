# SPDX-License-Identifier: Apache-2.0
"""A table of the fields of an object, from which all that the API says of it follows.

A row says of a field what it holds, whether it can be given when the object is made
and when it is changed, how lists are filtered by it, and since which version it is.
"""

import dataclasses

from flocx.api import types
from flocx.api import versions

OPTIONAL, REQUIRED, NULLABLE = 'optional', 'required', 'nullable'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """A row.

    ``create`` is None, OPTIONAL or REQUIRED, ``change`` None, OPTIONAL, REQUIRED or
    NULLABLE; ``filter`` parses what lists are filtered by, which answers may lack:
    ``shown``.
    """

    type: object
    create: str | None = None
    change: str | None = None
    filter: object = None
    sort: bool = False
    shown: bool = True
    since: str | None = None
    until: str | None = None

    def attribute(self, given):
        """The attribute of a WSME type, of a body in which the field is ``given``."""
        return types.Field(
            self.type, mandatory=given == REQUIRED, since=self.since, until=self.until
        )


class Table(dict):
    """{name: Field}, in the order in which the API writes them."""

    def request(self, name):
        """The WSME type of the body that makes an object."""
        return self._type(name, (types.Declared,), lambda field: field.create)

    def change(self, name):
        """The WSME type of the body that changes one."""
        changed = self._type(name, (types.Change,), lambda field: field.change)
        changed._nullable = tuple(
            name for name, field in self.items() if field.change == NULLABLE
        )
        return changed

    def answer(self, name):
        """The WSME type of what is shown of one."""
        return self._type(name, (types.Answer,), lambda field: field.shown)

    def filters(self):
        """{name: what parses it} of the filters of a list."""
        return {
            name: versions.Gated(field.filter, field.since, field.until)
            if field.since or field.until
            else field.filter
            for name, field in self.items()
            if field.filter
        }

    def sort_keys(self):
        """The fields that lists can be sorted by; without any, by their creation."""
        found = [name for name, field in self.items() if field.sort]
        return tuple(sorted(found, key=lambda name: name != 'created_at'))

    def _type(self, name, bases, given):
        fields = {
            each: field.attribute(given(field))
            for each, field in self.items()
            if given(field)
        }
        return type(name, bases, fields)
