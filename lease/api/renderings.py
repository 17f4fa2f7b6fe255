# SPDX-License-Identifier: Apache-2.0
"""Leases as JSON, kept for the next list: most of them are what they were."""

import json
import typing

from lease.api import fields
from market.db import leases
from market.db import visibility

#: How many are kept, of 1.5 kB each.
MOST = 5000


class Rendering(typing.NamedTuple):
    """A lease as JSON, and what of it lists are filtered by."""

    json: bytes
    status: str
    resource_class: str
    purpose: str | None


class Renderings:
    """What leases were rendered as, by the version of the lease.

    One that has changed has another version, and so has one that is over since, so
    nobody has to say so, and of all others nothing else is read. The names of servers
    and projects that they are shown with are the same for all: where these are others,
    all are rendered anew.
    """

    def __init__(self, database, directory, provider_id, most=MOST):
        self._database, self._directory = database, directory
        self._provider_id, self._most = provider_id, most
        self._names, self._kept = None, {}

    def of(self, versions, now):
        """The Rendering of each of ``versions``, of ``market.db.leases.versions``.

        Of a lease that has changed meanwhile, what it is now.
        """
        kept = self._kept_with(self._directory.nodes(), self._directory.project_names())
        found = {version[0]: kept.get(version) for version in versions}
        missing = [uuid for uuid, rendering in found.items() if not rendering]
        if missing:
            found |= self._rendered(missing, now)
        # Some may have been purged since.
        return [rendering for rendering in found.values() if rendering]

    def _rendered(self, uuids, now):
        """{uuid: Rendering}, which are kept."""
        with self._database.reader() as session:
            read = leases.with_versions(
                session, uuids, visibility.OPERATOR, self._provider_id, now
            )
        nodes = self._directory.nodes(
            lease.line.resource_uuid for _, lease in read.values()
        )
        projects = self._directory.project_names()
        kept = self._kept_with(nodes, projects)
        render = fields.renderer(nodes, projects, now)
        new = {}
        for uuid, (version, lease) in read.items():
            if len(kept) >= self._most:
                kept.clear()
            new[uuid] = kept[version] = _rendering(render(lease))
        return new

    def _kept_with(self, *names):
        """What is kept of leases that were shown with these names."""
        if self._names is None or any(
            one is not other for one, other in zip(self._names, names, strict=True)
        ):
            # Whoever is at work with others goes on with what it has.
            self._names, self._kept = names, {}
        return self._kept


def _rendering(shown):
    return Rendering(
        json.dumps(shown).encode(),
        shown['status'],
        shown['resource_class'],
        shown['purpose'],
    )
