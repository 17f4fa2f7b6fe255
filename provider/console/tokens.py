# SPDX-License-Identifier: Apache-2.0
"""Give the renter of a server a token that opens its serial console."""

import dataclasses
import secrets
import urllib.parse

from flocx import exceptions
from flocx.core import contract
from flocx.core import tokens


@dataclasses.dataclass(frozen=True, slots=True)
class Issued:
    """A token as its renter gets it, once.

    :param kept: what the market shows of it, JSON.
    """

    node_uuid: str
    token: str
    access_url: str
    kept: dict


class Consoles:
    """Issues tokens for the consoles of the servers of a provider."""

    def __init__(self, conf, nodes, lines):
        """A way to issue tokens.

        :param conf: the group ``[console]``.
        :param nodes: a ``provider.nodes.Nodes``.
        :param lines: who knows which lines run: a ``provider.marketplace.Marketplace``
            or what has its ``rented`` and ``keep_console_token``.
        """
        self._conf, self._nodes, self._lines = conf, nodes, lines

    def issue(self, context, ident, seconds=None):
        """A token for the console of a server that the caller's project has.

        The console is switched on; the hand-back switches it off.

        :param seconds: for how long the token opens sessions; None for the usual time.
        :raises NotFound: the caller neither owns nor leases such a server.
        :raises Conflict: no contract of theirs has it now.
        :raises Invalid: the server has no console, or the time is too long.
        """
        seconds = self._conf.token_ttl if seconds is None else seconds
        if not 0 < seconds <= self._conf.max_token_ttl:
            raise exceptions.Invalid(
                f'seconds: {seconds} is not in 1..{self._conf.max_token_ttl}'
            )
        node = self._nodes.get(ident, context)
        line_uuid = self._line(context, node)
        token = tokens.text(secrets.token_bytes(tokens.RANDOM_BYTES))
        # First, for the market refuses it where the line has ended meanwhile.
        kept = self._lines.keep_console_token(line_uuid, tokens.hashed(token), seconds)
        self._nodes.console_on(node.uuid)
        return Issued(node.uuid, token, self._url(token), kept)

    def _line(self, context, node):
        running = [
            line['uuid']
            for line in self._lines.rented(context, [node]).get(node.uuid, ())
            if line['status'] == contract.Status.ACTIVE
        ]
        if not running:
            raise exceptions.Conflict(
                f'Node {node.uuid}: your project has it by no contract that runs, and '
                'a console is for who rents a server now'
            )
        return running[-1]

    def _url(self, token):
        query = urllib.parse.urlencode({'token': token})
        return f'{self._conf.public_url.rstrip("/")}/?{query}'
