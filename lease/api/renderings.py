# SPDX-License-Identifier: Apache-2.0
"""Leases as JSON, kept for the next list: most of them are what they were."""

import json
import typing

from lease.api import fields
from market.db import leases

_SERVER = leases.Shown._fields.index('resource_uuid')
#: How many are kept, of 2.5 kB each.
MOST = 5000


class Rendering(typing.NamedTuple):
    """A lease as JSON, and what of it lists are filtered by."""

    text: str
    status: str
    resource_class: str
    purpose: str | None


class Renderings:
    """What leases were rendered as, by the row of the database that each was.

    A lease that has changed is another row, and so is one that is over since, so
    nobody has to say so. The names of servers and projects that they are shown with
    are the same for all: where these are others, all are rendered anew.
    """

    def __init__(self, most=MOST):
        self._most = most
        self._names, self._kept = None, {}

    def of(self, rows, directory, now):
        """The Rendering of each of ``rows``, of ``market.db.leases.rows``."""
        rows = [tuple(row) for row in rows]
        nodes = directory.nodes(row[_SERVER] for row in rows)
        projects = directory.project_names()
        kept = self._kept_with(nodes, projects)
        render = fields.renderer(nodes, projects, now)
        found = []
        for row in rows:
            each = kept.get(row)
            if each is None:
                each = _rendered(render(leases.of_row(row)))
                if len(kept) >= self._most:
                    kept.clear()
                kept[row] = each
            found.append(each)
        return found

    def _kept_with(self, *names):
        """What is kept of leases that were shown with these names."""
        if self._names is None or any(
            one is not other for one, other in zip(self._names, names, strict=True)
        ):
            # Whoever is at work with others goes on with what it has.
            self._names, self._kept = names, {}
        return self._kept


def _rendered(shown):
    return Rendering(
        json.dumps(shown),
        shown['status'],
        shown['resource_class'],
        shown['purpose'],
    )
