# SPDX-License-Identifier: Apache-2.0
"""Ironic's notifications: they say which nodes to look at, and who did something.

They may be lost, and come late and out of order. So a notification means no more than
that its node should be read again; the comparison of all nodes finds the same later.
One thing only they know: that it was the owner who deployed or undeployed a server.
"""

import datetime
import threading

import oslo_messaging as messaging
from oslo_utils import timeutils

#: Ironic's exchange, and the name under which all fulfillers of a provider share one
#: queue. It keeps what happens while none listens.
EXCHANGE = 'ironic'
POOL = 'flocx-provider'

#: What Ironic tells when somebody begins to change the provision state, and when it was
#: changed at once, as from available to manageable.
CHANGES = {f'baremetal.node.provision_set.{status}' for status in ('start', 'success')}

#: How many nodes are compared at a time.
_NODES_AT_ONCE = 50


class NodeChanges:
    """Nodes that something has happened to; a step of a loop looks at them."""

    target = None
    filter_rule = messaging.NotificationFilter(event_type=r'^baremetal\.node\.')

    def __init__(self, reconciliation, fulfilment, wake_fulfilment):
        self._reconciliation, self._fulfilment = reconciliation, fulfilment
        self._wake_fulfilment, self._lock = wake_fulfilment, threading.Lock()
        #: {uuid: {project: when it last began to change the provision state}}
        self._nodes = {}
        self.wake = lambda: None

    def info(self, context, publisher_id, event_type, payload, metadata):
        """A node has changed, or is about to; ``warn`` and ``error`` are the same."""
        uuid = payload.get('ironic_object.data', {}).get('uuid')
        if uuid:
            with self._lock:
                actions = self._nodes.setdefault(uuid, {})
                if event_type in CHANGES:
                    actions[context.get('project_id')] = _when(metadata)
            self.wake()
        return messaging.NotificationResult.HANDLED

    warn = error = info

    def run(self, now):
        """Compare what was noticed with what the market knows, and wake delivery."""
        with self._lock:
            noticed, self._nodes = self._nodes, {}
        uuids = sorted(noticed)
        for at in range(0, len(uuids), _NODES_AT_ONCE):
            some = uuids[at : at + _NODES_AT_ONCE]
            self._reconciliation.look(some, now, noticed)
        if uuids:
            self._fulfilment.hurry(noticed, now)
            self._wake_fulfilment()


def _when(metadata):
    try:
        return timeutils.parse_strtime(
            metadata['timestamp'], '%Y-%m-%d %H:%M:%S.%f'
        ).replace(tzinfo=datetime.UTC)
    except (KeyError, TypeError, ValueError):
        return timeutils.utcnow(with_timezone=True)


def listener(conf, noticed):
    """What calls ``noticed`` with Ironic's notifications."""
    transport = messaging.get_notification_transport(
        conf, url=conf.provider.notifications_url
    )
    target = messaging.Target(
        topic=conf.provider.notifications_topic, exchange=EXCHANGE
    )
    return messaging.get_notification_listener(
        transport, [target], [noticed], executor='threading', pool=POOL
    )
