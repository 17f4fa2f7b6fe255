# SPDX-License-Identifier: Apache-2.0
"""Which part of the market an engine clears, where several share the work.

Bids that no chain of offers and bids connects are of independent markets. The
engines agree through tooz whose each such component is; when one of them is gone,
the others take over what was its own. Nothing rests on it: where two engines both
believe a component to be theirs, the database lets one of them win.
"""

import uuid

from oslo_log import log
import tooz
from tooz import coordination

LOG = log.getLogger(__name__)

_GROUP = b'flocx-matcher'


class Shares:
    """One engine's part; ``start`` and ``stop`` say when it takes part."""

    def __init__(self, backend_url, host):
        """:param host: of the engine, for people who look into the backend."""
        self._url = backend_url
        self._member = f'{host}.{uuid.uuid4()}'.encode()
        self._coordinator = self._partitioner = None

    def start(self):
        """Join the others, or try again with the next round."""
        try:
            self._join()
        except tooz.ToozError as error:
            LOG.warning('No sharing of work for now: %s', error)

    def stop(self):
        """Leave everything to the others."""
        coordinator, self._coordinator = self._coordinator, None
        self._partitioner = None
        if coordinator is None:
            return
        try:
            coordinator.leave_group(_GROUP).get()
            coordinator.stop()
        except tooz.ToozError as error:
            LOG.warning('The other engines will notice later: %s', error)

    def of(self, book):
        """``book`` with the bids of this engine's components; all if in doubt."""
        try:
            if self._partitioner is None:
                self._join()
            self._coordinator.run_watchers()
            if self._member not in self._partitioner.ring.nodes:
                # The others have given this engine up, say because it slept.
                self._coordinator.join_group(_GROUP, {'weight': 1}).get()
                self._coordinator.run_watchers()
        except tooz.ToozError as error:
            LOG.warning('This engine clears the whole market for now: %s', error)
            self.stop()
            return book
        named = components(book)
        mine = {
            name
            for name in set(named.values())
            if self._partitioner.belongs_to_self(name)
        }
        return book.copy([bid for bid in book.bids if named[bid.uuid] in mine])

    def _join(self):
        self._coordinator = coordination.get_coordinator(self._url, self._member)
        self._coordinator.start(start_heart=True)
        self._partitioner = self._coordinator.join_partitioned_group(_GROUP)


def components(book):
    """{bid's uuid: the name of its component}, the same for equal books.

    Two bids are of one component if they may take offers of the same group, or a
    chain of such bids leads from one to the other.
    """
    wanted = {bid.uuid: book.groups_for(bid) for bid in book.bids}
    leads = {group: group for groups in wanted.values() for group in groups}

    def leader(group):
        while leads[group] != group:
            leads[group] = leads[leads[group]]
            group = leads[group]
        return group

    for first, *others in set(filter(None, wanted.values())):
        for other in others:
            smaller, larger = sorted((leader(first), leader(other)))
            leads[larger] = smaller
    return {
        name: str(tuple(leader(groups[0]))) if groups else name
        for name, groups in wanted.items()
    }
