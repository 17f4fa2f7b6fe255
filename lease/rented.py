# SPDX-License-Identifier: Apache-2.0
"""By which lines servers are rented, from the database beside us.

A ``provider.publishing.Publishing`` asks its marketplace for that, over HTTP; here it
is the marketplace's own database that answers.
"""

from flocx import db
from flocx.core import contract
from flocx.core import window
from market.db import console_tokens
from market.db import leases
from market.db import visibility

_BEGUN = contract.OPEN - {contract.Status.CREATED}


class Rented:
    """What of a ``provider.marketplace.Marketplace`` is asked before an offer is made.

    What of it writes is the marketplace's over HTTP, as for a provider.
    """

    def __init__(self, conf, database, marketplace, clock):
        """What is asked of the marketplace.

        :param marketplace: a ``provider.marketplace.Marketplace``.
        :param clock: called with ``with_timezone=True``, returns aware UTC.
        """
        self._conf, self._clock = conf, clock
        self._database, self._marketplace = database, marketplace
        self.offers, self.report_offer = marketplace.offers, marketplace.report_offer

    def rented(self, context, nodes):
        """{uuid of a node: the lines, JSON, by which the caller rents it}."""
        leased = [
            node.uuid
            for node in nodes
            if node.lessee == context.project_id and node.owner != context.project_id
        ]
        if not leased:
            return {}
        own = ('project_id', 'eq', (context.project_id,))
        return {uuid: [] for uuid in leased} | self._lines(leased, contract.OPEN, own)

    def lines_delivered(self, node_uuids):
        """{uuid of a node: its lines, JSON, that have begun and are not closed}."""
        return self._lines(sorted(node_uuids), _BEGUN) if node_uuids else {}

    @db.retried
    def keep_console_token(self, line_uuid, token_hash, seconds):
        """Let a token open the console of the server of a line; JSON of it.

        :raises Conflict: the renter of the line does not have the server now.
        """
        with self._database.writer() as session:
            made = console_tokens.add(
                session,
                line_uuid,
                token_hash,
                self._clock(with_timezone=True),
                seconds=seconds,
                most=self._conf.market.console_tokens_per_line,
                provider_id=self._marketplace.provider_id,
            )
        return {'uuid': made.uuid, 'line_uuid': made.line_uuid}

    def _lines(self, uuids, statuses, *filters):
        found = {}
        with self._database.reader() as session:
            held = leases.listed(
                session,
                visibility.OPERATOR,
                self._marketplace.provider_id,
                (
                    ('resource_uuid', 'in', tuple(uuids)),
                    ('status', 'in', tuple(sorted(statuses))),
                    *filters,
                ),
            )
        for each in held:
            line = each.line
            found.setdefault(line.resource_uuid, []).append(
                {
                    'uuid': line.uuid,
                    'status': line.status,
                    'resource_uuid': line.resource_uuid,
                    'resource_class': line.resource_class,
                    'start_time': window.text(line.start_time),
                    'end_time': window.text(line.end_time),
                }
            )
        return found
