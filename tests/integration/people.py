# SPDX-License-Identifier: Apache-2.0
"""People who go to Ironic themselves, each with their own token."""

from tests import waiting
from tools.lab import accounts
from tools.lab import ironic
from tools.lab import nodes
from tools.lab import rest

#: Ironic's answers that say: ask again.
BUSY = (409, 503)


class People:
    """What the users of a rig do with its servers, beside the market."""

    def __init__(self, rig):
        self._rig, self._tokens = rig, {}
        self._url = f'{ironic.url(rig.ports)}/v1/nodes'

    def ask(self, user, method, path, body=None):
        """(status, document) of a request about nodes."""
        if user not in self._tokens:
            project = accounts.PEOPLE[user][0] if user in accounts.PEOPLE else None
            self._tokens[user] = accounts.log_in(
                self._rig.folder, self._rig.ports, user, project
            )
        status, _, document = waiting.until(
            lambda: rest.call(
                method,
                f'{self._url}/{path}',
                body,
                self._tokens[user],
                headers=nodes.VERSION,
            ),
            lambda answer: answer[0] not in BUSY,
        )
        return status, document

    def change(self, user, node, **values):
        """Change fields of a node.

        :returns: the status of the answer.
        """
        body = [
            {'op': 'add', 'path': f'/{name}', 'value': value}
            for name, value in values.items()
        ]
        return self.ask(user, 'PATCH', node, body)[0]

    def provision(self, user, node, target):
        """Ask for a provision state; the status of the answer."""
        body = {'target': target}
        return self.ask(user, 'PUT', f'{node}/states/provision', body)[0]

    def until(self, node, **expected):
        """The node, once it is as expected.

        :raises AssertionError: it does not become that.
        """
        found = waiting.until(
            lambda: self.ask('admin', 'GET', node)[1],
            lambda found: expected.items() <= found.items(),
        )
        if expected.items() <= found.items():
            return found
        seen = {name: found.get(name) for name in expected}
        raise AssertionError(f'{node} is {seen}, not {expected}')
