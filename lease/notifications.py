# SPDX-License-Identifier: Apache-2.0
"""Events of leases on the message bus, in the form of esi-leap's notifications.

What listens there for esi-leap's, as esi-event-actions does to run scripts, gets ours
without a change. They are read from the feed of events, in order; up to which of them
all were sent is kept in a file, so that one which was stopped goes on from there. An
event is sent at least once. A file that names no event of the feed is as none: scripts
that ran long ago are not run again for all that ever happened.
"""

import os
import pathlib
import re
import socket

from oslo_log import log
import oslo_messaging as messaging

from flocx import context
from flocx import exceptions
from lease import history
from lease import statuses
from lease import times
from market.db import events
from market.db import leases
from market.db import visibility
from provider import nodes as provider_nodes

LOG = log.getLogger(__name__)

#: Most events of the feed that are read at a time.
_MOST = 100
_ID = re.compile('[0-9]{1,19}')
_TIMES = ('start_time', 'end_time', 'fulfill_time', 'expire_time')


def notifier(conf):
    """What sends notifications under the name of esi-leap's manager."""
    return messaging.Notifier(
        messaging.get_notification_transport(conf),
        publisher_id=f'esi-leap-manager.{socket.gethostname()}',
        driver='messagingv2',
        topics=[conf.lease.notifications_topic],
    )


class Notifications:
    """Sends what happened to leases of the provider's servers."""

    def __init__(self, conf, database, provider, notifier):
        """Nothing is sent yet.

        :param provider: a ``provider.assembly.Provider``.
        :param notifier: as the function of that name makes it.
        """
        self._database, self._provider = database, provider
        self._notifier = notifier
        self._sent = pathlib.Path(conf.lease.notifications_state)

    def run(self, now):
        """Send what is new; for a ``flocx.service.Loop``.

        The first time there is nothing new: what is past is not told again.

        :returns: ``now``, if there may be more of it, else None.
        """
        with self._database.reader() as session:
            newest = events.last_id(session)
            sent = self._sent_up_to(newest)
            if sent is None:
                self._keep(newest)
                return None
            rows = leases.events(
                session,
                self._provider.marketplace.provider_id,
                after=sent,
                since=None,
                party=None,
                resource_uuid=None,
                types=history.types(),
                most=_MOST,
            )
        for row in rows:
            for event in history.events(row):
                self._send(event, now)
            self._keep(row.id)
        return now if len(rows) == _MOST else None

    def _send(self, event, now):
        payload = self._payload(event, now)
        if payload is None:
            LOG.warning('Lease %s is gone, of event %s', event['object_uuid'], event)
            return
        failed = event['event_type'].endswith('.error')
        send = self._notifier.error if failed else self._notifier.info
        send(context.RequestContext(), event['event_type'], payload)

    def _payload(self, event, now):
        """The payload of an event; None if its contract was purged."""
        provider_id = self._provider.marketplace.provider_id
        with self._database.reader() as session:
            (lease,) = leases.listed(
                session,
                visibility.OPERATOR,
                provider_id,
                (('uuid', 'eq', (event['object_uuid'],)),),
            ) or [None]
        if lease is None:
            return None
        return payload(event, lease, self._node(event['resource_uuid']), now)

    def _node(self, uuid):
        try:
            return self._provider.nodes.get(uuid)
        except exceptions.NotFound:
            return provider_nodes.Node(uuid=uuid, provision_state='')

    def _sent_up_to(self, newest):
        """The id of the last event that was sent; None if it is not known.

        :param newest: the id of the newest event that there is.
        """
        try:
            text = self._sent.read_text(errors='replace')
        except FileNotFoundError:
            return None
        if _ID.fullmatch(text.strip()) and int(text) <= newest:
            return int(text)
        LOG.error(
            '%s has %.40r, which is no event of the feed: what happened since it was '
            'written may not have been told; going on after event %d',
            self._sent,
            text,
            newest,
        )
        return None

    def _keep(self, event_id):
        """Remember that all is sent up to an event.

        Whoever is killed meanwhile leaves the file as it was, or as it is to be.
        """
        new = self._sent.with_name(f'{self._sent.name}.new')
        with new.open('w') as stream:
            stream.write(str(event_id))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, self._sent)


def payload(event, lease, node, now):
    """The payload of esi-leap's notification of an event.

    Source: ``LeaseCRUDPayload`` of esi-leap 1.0.0.

    :param event: as ``lease.history`` has it.
    :param lease: a ``market.db.leases.Lease``.
    :param node: a ``provider.nodes.Node``.
    """
    line = lease.line
    properties = {
        name: value for name, value in node.properties.items() if name != 'lease_uuid'
    }
    moments = {
        name: getattr(line, name) and f'{times.text(getattr(line, name))[:19]}Z'
        for name in _TIMES
    }
    return {
        'esi_leap_object.name': 'LeaseCRUDPayload',
        'esi_leap_object.namespace': 'esi_leap',
        'esi_leap_object.version': '1.0',
        'esi_leap_object.data': {
            'id': event['id'],
            'name': lease.name,
            'uuid': line.uuid,
            'project_id': line.project_id,
            'owner_id': line.owner_id,
            'purpose': lease.purpose,
            'resource_type': line.resource_type,
            'resource_uuid': line.resource_uuid,
            **moments,
            'status': statuses.of_line(line, now),
            'properties': {},
            'offer_uuid': line.offer_uuid,
            'parent_lease_uuid': line.sublet_of,
            'node_name': node.name or '',
            'node_uuid': node.uuid,
            'node_provision_state': node.provision_state or '',
            'node_power_state': node.power_state or '',
            'node_properties': properties,
        },
    }
