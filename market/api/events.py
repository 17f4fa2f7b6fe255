# SPDX-License-Identifier: Apache-2.0
"""/v1/events: what happened, in order, for those whom it concerns."""

import dataclasses
import time

import pecan
import wsme.types

from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from market.db import events

#: Instead of an id: the newest event that there is.
LATEST = 'latest'


def _cursor(value, field):
    return LATEST if value == LATEST else query.integer(value, field)


_TEXT, _Field = wsme.types.text, fields.Field
_OF_SERVERS = {'resource_type': query.text, 'resource_uuid': query.text}

#: For how many seconds a request may wait for an event.
MAX_WAIT = 60

FIELDS = fields.Table(
    id=_Field(int, filter=None),
    type=_Field(_TEXT),
    time=_Field(types.Instant),
    object_type=_Field(_TEXT),
    object_uuid=_Field(_TEXT),
    project_id=_Field(_TEXT),
    owner_id=_Field(_TEXT),
    payload=_Field(types.Json, filter=None),
    after=_Field(int, filter=_cursor, shown=False),
    before=_Field(int, filter=query.integer, shown=False, since='1.1'),
    wait=_Field(int, filter=query.integer, shown=False),
    sort_dir=_Field(
        _TEXT, filter=query.one_of(['asc', 'desc']), shown=False, since='1.1'
    ),
)
Event = FIELDS.answer('Event')


def _shown(context, row):
    """The event; who is not addressed by it does not learn what it says."""
    parties = row.project_id, row.owner_id
    if context.is_admin or context.project_id in parties:
        return Event.of(row)
    return Event.of(row, payload=None)


class EventList(types.Declared):
    """``last`` is the id to ask for what comes after this page."""

    events = [Event]
    last = int


class Events(routing.Resource):
    @expose.expose(
        EventList,
        rule='market:events:list',
        parameters=_OF_SERVERS | FIELDS.filters(),
        sort_keys=(),
    )
    def get_all(self):
        """Events after the one with the id ``after``; ``wait`` waits for the first.

        They come in the order of their ids: a page after the last id that one has
        seen, ``last``, is the next page. ``after=latest`` is where nothing has
        happened yet. ``resource_uuid`` and ``resource_type`` find what became of
        offers and contracts of a server. With ``sort_dir=desc`` the newest come first,
        as many as there are on a page; ``before`` the lowest id on it is the page of
        those before them.
        """
        asked, values = paging.asked(special=('after', 'before', 'wait', 'sort_dir'))
        descending = values.get('sort_dir') == 'desc'
        asked = dataclasses.replace(asked, descending=descending)
        asked, of_servers = paging.apart(asked, _OF_SERVERS)
        context = pecan.request.context
        where = [events.about(context, of_servers)] if of_servers else []
        if 'before' in values:
            where.append(events.before(values['before']))
        wait = values.get('wait', 0)
        if not 0 <= wait <= MAX_WAIT:
            raise exceptions.Invalid(f'wait: {wait} is not in 0..{MAX_WAIT} seconds')
        after = values.get('after', 0)
        if after == LATEST:
            with pecan.request.service.database.reader() as session:
                after = events.last_id(session)
        rows = self._read(after, asked, where)
        if wait and not rows:
            rows = self._wait(wait, after, asked, where)
        return {
            'events': [_shown(context, row) for row in rows],
            'last': max((row.id for row in rows), default=after),
        }

    def _wait(self, seconds, after, asked, where):
        """What there is after at most so many seconds."""
        until = time.monotonic() + seconds
        with pecan.request.service.feed.bell(pecan.request.context) as bell:
            while True:
                rows = self._read(after, asked, where)
                left = until - time.monotonic()
                if rows or left <= 0:
                    return rows
                bell.wait(left)
                bell.clear()

    @staticmethod
    def _read(last, asked, where):
        with pecan.request.service.database.reader() as session:
            return events.after(session, pecan.request.context, last, asked, where)
