# SPDX-License-Identifier: Apache-2.0
"""How several fulfillers of a provider share its nodes.

Each node belongs to one of them, by consistent hashing over those that are alive
(tooz, https://docs.openstack.org/tooz/latest/user/tutorial/hashring.html). Nothing
depends on it but speed: every step looks at its node first, so while members come and
go, or do not see each other, two that deliver one line do no harm. When one dies, the
others have its nodes after the time in which tooz notices it (``membership_timeout``
in the URL, 30 seconds unless it is given) and one pass.
"""

import os
import socket
import uuid

from oslo_log import log
from tooz import coordination

LOG = log.getLogger(__name__)


class Alone:
    """One fulfiller, whose all nodes are."""

    def refresh(self):
        """Nothing: nobody comes or goes."""

    def mine(self, node_uuid):
        """Whether this fulfiller cares for the node."""
        return True

    def stop(self):
        """Nothing is held."""


class Shared(Alone):
    """One of several; where they cannot find each other, each cares for all nodes."""

    def __init__(self, url, provider_id):
        """:param provider_id: gives the account whose fulfillers share the nodes."""
        self._url, self._provider_id = url, provider_id
        self._coordinator = self._partitioner = None

    def refresh(self):
        """Find out who else is there now."""
        try:
            if self._partitioner is None:
                self._join()
            self._coordinator.run_watchers()
        except Exception:
            # Drivers let whatever their client library raises pass.
            LOG.warning(
                'The other fulfillers cannot be found now; this one cares for all '
                'nodes meanwhile',
                exc_info=True,
            )
            self.stop()

    def mine(self, node_uuid):
        if self._partitioner is None:
            return True
        return self._partitioner.belongs_to_self(node_uuid)

    def stop(self):
        """Leave the nodes to the others at once."""
        coordinator, self._coordinator = self._coordinator, None
        self._partitioner = None
        if coordinator is None:
            return
        try:
            coordinator.stop()
        except Exception:
            LOG.info('The other fulfillers will notice by themselves that we left')

    def _join(self):
        name = f'{socket.gethostname()}-{os.getpid()}-{uuid.uuid4()}'
        self._coordinator = coordination.get_coordinator(self._url, name.encode())
        self._coordinator.start(start_heart=True)
        group = f'flocx-provider.{self._provider_id()}'
        self._partitioner = self._coordinator.join_partitioned_group(group.encode())


def of(conf, marketplace):
    """How the fulfiller of this process shares its work."""
    url = conf.provider.coordination_url
    return Shared(url, lambda: marketplace.provider_id) if url else Alone()
