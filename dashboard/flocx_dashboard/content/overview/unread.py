# SPDX-License-Identifier: Apache-2.0
"""Up to which event somebody has read the feed: their browser remembers it."""

from flocx_dashboard import api
from flocx_dashboard import events

#: The cookie, one for each project, and for how many seconds it is kept.
COOKIE, KEPT = 'flocx_read_{}', 365 * 86400
#: How many unread events are counted.
MOST = 100


def last_read(request):
    """The id of the last event that was read; None before the first visit."""
    value = request.COOKIES.get(COOKIE.format(request.user.project_id), '')
    return int(value) if value.isascii() and value.isdigit() else None


def count(request):
    """How many events are new, as a text; '' where there is none, or no mark yet."""
    after = last_read(request)
    if after is None:
        return ''
    market = api.market(request)
    found = {
        event.id
        for query in events.own(request)
        for event in api.every(market.events, MOST, after=after, limit=MOST, **query)
    }
    if not found:
        return ''
    return f'{MOST}+' if len(found) >= MOST else str(len(found))


def mark(request, response, last):
    """Remember in the answer that all events up to ``last`` have been read."""
    if last > (last_read(request) or 0):
        response.set_cookie(
            COOKIE.format(request.user.project_id),
            str(last),
            max_age=KEPT,
            httponly=True,
            samesite='Lax',
            secure=request.is_secure(),
        )
