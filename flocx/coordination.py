# SPDX-License-Identifier: Apache-2.0
"""How several workers of a kind share their work.

Each piece of work belongs to one of them, by consistent hashing over those that are
alive (tooz, https://docs.openstack.org/tooz/latest/user/tutorial/hashring.html). It
saves work and nothing rests on it: while members come and go, or do not see each
other, two may do the same thing, and the database or Ironic lets one of them. When
one dies, the others have its share after the time in which tooz notices it
(``membership_timeout`` in the URL, 30 seconds unless it is given).
"""

import os
import socket
import uuid

from oslo_config import cfg
from oslo_log import log
from tooz import coordination

LOG = log.getLogger(__name__)

GROUP = cfg.OptGroup('coordination', 'Several workers that share their work')
OPTS = [
    cfg.StrOpt(
        'backend_url',
        secret=True,
        help='URL of the tooz backend through which auction engines, and fulfillers of '
        'a provider, share their work: '
        'memcached://host:11211?membership_timeout=15, redis://host:6379, '
        'etcd3+http://host:2379, zookeeper://host:2181. The share of a worker that '
        'dies is taken over after membership_timeout seconds. Without a backend '
        'each worker looks after everything, which is safe and takes more of the '
        'processor.',
    ),
]


def register(conf):
    """Register the options of workers."""
    conf.register_group(GROUP)
    conf.register_opts(OPTS, GROUP)


class NoSharding:
    """One worker, whose all work is."""

    def start(self):
        """Take part from now on."""
        self.refresh()

    def refresh(self):
        """Find out who else is there now."""

    def mine(self, piece):
        """Whether this worker does ``piece``, a string."""
        return True

    def stop(self):
        """Leave the work to the others at once."""


class Shared(NoSharding):
    """One of several; where they cannot find each other, each does everything."""

    def __init__(self, url, group):
        """:param group: what those who share are called, a function."""
        self._url, self._name_group = url, group
        self._member = f'{socket.gethostname()}-{os.getpid()}-{uuid.uuid4()}'.encode()
        self._group = self._coordinator = self._partitioner = None

    def refresh(self):
        try:
            if self._partitioner is None:
                self._join()
            self._coordinator.run_watchers()
            if self._member not in self._partitioner.ring.nodes:
                # The others have given this one up, say because it slept.
                self._coordinator.join_group(self._group, {'weight': 1}).get()
                self._coordinator.run_watchers()
        except Exception:
            # Drivers let whatever their client library raises pass.
            LOG.warning(
                'The others of %s cannot be found now; this one does everything '
                'meanwhile',
                self._group,
                exc_info=True,
            )
            self.stop()

    def mine(self, piece):
        return self._partitioner is None or self._partitioner.belongs_to_self(piece)

    def stop(self):
        coordinator, self._coordinator = self._coordinator, None
        self._partitioner = None
        if coordinator is None:
            return
        try:
            coordinator.leave_group(self._group).get()
            coordinator.stop()
        except Exception:
            LOG.info('The others of %s will notice by themselves', self._group)

    def _join(self):
        self._group = self._name_group().encode()
        self._coordinator = coordination.get_coordinator(self._url, self._member)
        self._coordinator.start(start_heart=True)
        self._partitioner = self._coordinator.join_partitioned_group(self._group)


def of(conf, group):
    """How this process shares the work of ``group``, a function of no argument."""
    url = conf.coordination.backend_url
    return Shared(url, group) if url else NoSharding()
