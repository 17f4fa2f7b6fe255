# SPDX-License-Identifier: Apache-2.0
"""/v1/events of esi-leap: leases that were fulfilled and ended."""

import wsme.types

from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from lease import history
from lease import leasing
from lease.api import fields
from market.db import leases

_TEXT = wsme.types.text
_PARAMETERS = {
    'last_event_id': query.integer,
    'lessee_or_owner_id': fields.named,
    'last_event_time': fields.Time.parse,
    'event_type': query.text,
    'resource_type': query.text,
    'resource_uuid': fields.named,
}


class Event(types.Answer):
    id = int
    event_type = _TEXT
    event_time = fields.Time
    object_type = _TEXT
    object_uuid = _TEXT
    resource_type = _TEXT
    resource_uuid = _TEXT
    lessee_id = _TEXT
    owner_id = _TEXT


class EventList(types.Declared):
    events = [Event]


class Events(routing.Resource):
    @expose.expose(EventList, rule='lease:events:list', parameters=_PARAMETERS)
    def get_all(self):
        """List what happened to leases, in order.

        ``last_event_id`` is the last event that is known, and ``last_event_time`` the
        time of it. Who is no administrator sees the events of their own project. There
        are at most as many as ``[api] max_limit`` says; to ask again with the last id
        gives those that come next.
        """
        service, context, _, _ = fields.request_context()
        values = paging.values()
        party = values.pop('lessee_or_owner_id', None)
        if party is not None:
            party = service.directory.project_id(party)
        if not leasing.is_admin(service, context):
            party = context.project_id
        fields.find(service.directory, values)
        found = _read(
            service,
            after=values.pop('last_event_id', 0),
            since=values.pop('last_event_time', None),
            party=party,
            resource_uuid=values.get('resource_uuid'),
            wanted=values,
        )
        return {'events': [Event.of(**each) for each in found]}


def _read(service, *, after, wanted, **where):
    """As many events as fit into an answer; an event of the feed may be none here."""
    most = service.conf.api.max_limit
    types = history.types(wanted.get('event_type'))
    found = []
    if not types or wanted.get('resource_type') not in (None, service.resource_type):
        # Nothing could be found, and the whole feed would be read for it.
        return found
    with service.database.reader() as session:
        while len(found) < most:
            rows = leases.events(
                session,
                service.provider_id,
                after=after,
                most=most,
                types=types,
                **where,
            )
            for row in rows:
                found += [
                    each
                    for each in history.events(row)
                    if all(each[name] == value for name, value in wanted.items())
                ]
            if len(rows) < most:
                break
            after = rows[-1].id
    return found
