# SPDX-License-Identifier: Apache-2.0
"""What projects, users, servers and accounts are called, for whoever reads a table.

A name is a convenience: where the reader may not know it, or a service does not answer,
the id stands, in a list the beginning of it.
"""

import functools
import re

from openstack import exceptions as sdk_exceptions

from flocxclient import projects
from flocxclient.sdk import errors

#: An account that the reader may not see.
STRANGE = 'other'

_UUID = re.compile('[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')


class Names:
    """Names by id; each service is asked once, and only for what is shown.

    :param command: whose services are asked.
    :param short: whether the beginning of an id does.
    """

    def __init__(self, command, short=False):
        self._command, self._short = command, short
        #: Whether Keystone may be asked for the projects of others.
        self._foreign = True

    def name(self, directory, ident):
        """What an object is called.

        :param directory: ``project``, ``user``, ``server`` or ``account``.
        """
        found = ident and getattr(self, f'_{directory}')(ident)
        return found[:8] if self._short and _UUID.fullmatch(found or '') else found

    def _project(self, ident):
        if ident not in self._projects:
            self._projects[ident] = self._partners.get(ident) or self._others(ident)
        return self._projects[ident]

    def _others(self, ident):
        if self._foreign:
            try:
                return self._command.connection.identity.get_project(ident).name
            except sdk_exceptions.NotFoundException:
                return ident
            except errors.ERRORS:
                self._foreign = False
        return ident

    def _user(self, ident):
        try:
            return self._command.connection.identity.get_user(ident).name
        except errors.ERRORS:
            return ident

    def _server(self, ident):
        return self._servers.get(ident) or ident

    def _account(self, ident):
        project = self._accounts.get(ident)
        return self._project(project) if project else STRANGE

    @functools.cached_property
    def _projects(self):
        try:
            return projects.own(self._command.connection)
        except errors.ERRORS:
            return {}

    @functools.cached_property
    def _partners(self):
        try:
            return {each.uuid: each.name for each in self._command.market.projects()}
        except errors.ERRORS:
            return {}

    @functools.cached_property
    def _servers(self):
        try:
            return {node.uuid: node.name for node in self._command.provider.nodes()}
        except errors.ERRORS:
            return {}

    @functools.cached_property
    def _accounts(self):
        try:
            accounts = self._command.market.accounts()
            return {each.uuid: each.project_id or each.type for each in accounts}
        except errors.ERRORS:
            return {}
