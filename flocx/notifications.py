# SPDX-License-Identifier: Apache-2.0
"""Events on the operator's message bus, for billing and other programs there.

Sent after the commit from a thread of its own: a bus that is away costs the
notification, never a request. What must not be missed is in ``GET /v1/events``.

The type is that of the event after ``flocx.``, as in ``flocx.contract.created``.
The payload is versioned; history of ``flocx.Event``:

* 1.0: ``id``, ``time``, ``object_type``, ``object_uuid``, ``project_id``,
  ``owner_id`` and ``payload`` as in ``GET /v1/events``.
"""

from oslo_config import cfg
from oslo_log import log
import oslo_messaging as messaging

from flocx import background
from flocx import context
from flocx.core import window

LOG = log.getLogger(__name__)

VERSION = '1.0'

#: Events that wait for the bus beyond this number of transactions are dropped.
BACKLOG = 1000

GROUP = cfg.OptGroup('notifications', 'Events on the message bus')
OPTS = [
    cfg.StrOpt(
        'topic',
        default='flocx_versioned_notifications',
        help='The topic of the notifications. Which driver sends them is said in '
        '[oslo_messaging_notifications]; by default none does.',
    ),
]


class Notifier:
    """Sends what transactions have written into the feed of events."""

    def __init__(self, conf, publisher):
        """:param publisher: who sends, as in ``flocx.market``."""
        self._notifier = messaging.Notifier(
            messaging.get_notification_transport(conf),
            publisher_id=f'flocx.{publisher}',
            topics=[conf.notifications.topic],
            # Not for ever: what waits would keep the process from ending.
            retry=1,
        )
        self._background = background.Background(BACKLOG)

    def after_commit(self, info):
        """Send the events in a ``session.info``; for flocx.db.Database."""
        written = info.get('written')
        if not written:
            return
        if not self._background.submit(self._send, written):
            LOG.warning('%s notifications are dropped', len(written))

    def _send(self, written):
        for event in written:
            try:
                self._notifier.info(
                    context.RequestContext(), f'flocx.{event["type"]}', payload(event)
                )
            except Exception:
                LOG.warning('Event %s could not be sent', event['id'], exc_info=True)


def payload(event):
    """The payload that tells of ``event``, a row of the feed."""
    return {
        'flocx_object.name': 'Event',
        'flocx_object.version': VERSION,
        'flocx_object.data': {
            **{name: value for name, value in event.items() if name != 'type'},
            'time': window.text(event['time']),
        },
    }
