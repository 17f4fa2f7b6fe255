# SPDX-License-Identifier: Apache-2.0
"""The names of servers and projects, which esi-leap shows beside their ids."""

import threading
import time

from flocx import exceptions
from flocx.core import names as core_names


class Remembered:
    """What ``read()`` returned, for so many seconds."""

    def __init__(self, read, seconds):
        self._read, self._seconds = read, seconds
        self._lock = threading.Lock()
        self._value, self._until = None, 0

    def get(self, newer=False):
        """:param newer: what was read before does not do."""
        with self._lock:
            if newer or time.monotonic() >= self._until:
                self._value = self._read()
                self._until = time.monotonic() + self._seconds
            return self._value


class Directory:
    """Finds servers and projects of the site, and remembers what they are called."""

    def __init__(self, nodes, projects, seconds):
        """:param nodes: a provider.nodes.Nodes.
        :param projects: a market.projects.Projects.
        """
        self._nodes, self._projects = nodes, projects
        self._known = Remembered(self._read_nodes, seconds)
        self._named = Remembered(self._read_projects, seconds)
        #: Uuids that leases of the past have, of servers that are gone.
        self._gone = set()

    def nodes(self, uuids=()):
        """{uuid: node} of all servers, those of ``uuids`` among them if they exist."""
        known = self._known.get()
        if set(uuids) - known.keys() - self._gone:
            known = self._known.get(newer=True)
            self._gone = {*self._gone, *uuids} - known.keys()
        return known

    def node_uuid(self, ident):
        """The uuid of the server of this uuid or name.

        :raises NotFound: none has this name.
        """
        if core_names.is_uuid(ident):
            return ident.lower()
        return self._nodes.get(ident).uuid

    def project_names(self):
        """{id: name} of all projects; empty where Keystone does not tell."""
        return self._named.get()

    def project_id(self, ident):
        """The id of the project of this id or name.

        :raises Invalid: there is none.
        """
        if core_names.is_uuid(ident) or _is_hexadecimal(ident):
            return ident
        found = [uuid for uuid, name in self._named.get().items() if name == ident]
        if not found:
            newer = self._named.get(newer=True)
            found = [uuid for uuid, name in newer.items() if name == ident]
        if not found:
            raise exceptions.Invalid(f'No project named {ident}.')
        if len(found) > 1:
            raise exceptions.Conflict(
                f'Several projects are named {ident}: {", ".join(sorted(found))}'
            )
        return found[0]

    def _read_nodes(self):
        return {node.uuid: node for node in self._nodes.all()}

    def _read_projects(self):
        try:
            return self._projects.names()
        except exceptions.Unavailable:
            return {}


def _is_hexadecimal(text):
    """Whether ``text`` has the form of the ids that Keystone gives."""
    return len(text) == 32 and all(each in '0123456789abcdef' for each in text)
