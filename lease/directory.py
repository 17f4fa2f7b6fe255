# SPDX-License-Identifier: Apache-2.0
"""The names of servers and projects, which esi-leap shows beside their ids."""

import threading
import time

from flocx import exceptions
from flocx.core import names as core_names

#: Seconds for which it is believed that no project has a name. Whoever asks for names
#: that none has, again and again and by whichever, does not make us read all projects
#: each time; a new one is found when it is as old as that. Of servers Ironic is asked
#: for the one, and not for all.
_UNKNOWN_FOR = 2


class Remembered:
    """What ``read()`` returned, for so many seconds."""

    def __init__(self, read, seconds, clock=time.monotonic):
        self._read, self._seconds, self._clock = read, seconds, clock
        self._lock = threading.Lock()
        self._value, self._read_at = None, None

    def get(self, newer_than=None):
        """What was read, at most ``newer_than`` seconds ago if that is said."""
        most = self._seconds if newer_than is None else newer_than
        with self._lock:
            if self._read_at is None or self._clock() - self._read_at >= most:
                read = self._read()
                # What is the same stays it, for who keeps what they made of it.
                if read != self._value:
                    self._value = read
                self._read_at = self._clock()
            return self._value


class Directory:
    """Finds servers and projects of the site, and remembers what they are called."""

    def __init__(self, nodes, projects, seconds, clock=time.monotonic):
        """:param nodes: a provider.nodes.Nodes.
        :param projects: a market.projects.Projects.
        """
        self._nodes, self._projects = nodes, projects
        self._known = Remembered(self._read_nodes, seconds, clock)
        self._named = Remembered(self._read_projects, seconds, clock)
        #: Uuids that leases of the past have, of servers that are gone.
        self._gone = set()

    def nodes(self, uuids=()):
        """{uuid: node} of all servers, those of ``uuids`` among them if they exist."""
        known = self._known.get()
        if set(uuids) - known.keys() - self._gone:
            known = self._known.get(newer_than=0)
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
        for newer_than in (None, _UNKNOWN_FOR):
            named = self._named.get(newer_than)
            found = [uuid for uuid, name in named.items() if name == ident]
            if found:
                break
        else:
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
