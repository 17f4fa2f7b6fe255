# SPDX-License-Identifier: Apache-2.0
"""OSAC's two meters of a host: seconds that it was allocated, and powered on. Pure.

OSAC enhancement proposal on metering (OSAC-2506): allocation counts from the hand-over
to the end, whatever the host does; consumption while it is powered on. A closed period
gives the same whenever it is asked for.
"""

import json

from flocx import exceptions
from flocx.core import window

ALLOCATION, CONSUMPTION = 'host-type-seconds', 'bare-metal-compute-seconds'


def power(text):
    """{server: the windows in which it was on} of lines of JSON.

    Each line has ``resource_uuid``, ``start_time`` and ``end_time``; an end that is
    null has not come yet.

    :raises Invalid: a line is no such thing.
    """
    found = {}
    for line in filter(None, map(str.strip, text)):
        try:
            entry = json.loads(line)
            server, start = entry['resource_uuid'], entry['start_time']
            end = entry.get('end_time')
        except (ValueError, LookupError, TypeError, AttributeError):
            raise exceptions.Invalid(f'power: no interval: {line[:80]}') from None
        start = window.instant(start, 'start_time')
        end = window.instant(end, 'end_time') if end else window.FOREVER
        if start < end:
            stay = window.Window(start, end)
            found.setdefault(server, []).append(stay)
    return found


def readings(line, period, now, powered=None):
    """The readings of a contract line in ``period``, dictionaries.

    :param powered: as :func:`power` gives it; None where nobody knows.
    """
    if line.fulfill_time is None:
        return
    over = min(line.expire_time or now, now, period.end)
    start = max(line.fulfill_time, line.start_time, period.start)
    if start >= over:
        return
    held = window.Window(start, over)
    yield _reading(ALLOCATION, line, held, held.seconds)
    if powered is not None:
        on = powered.get(line.resource_uuid, ())
        off = held.minus(on)
        seconds = held.seconds - sum(each.seconds for each in off)
        yield _reading(CONSUMPTION, line, held, seconds)


def _reading(meter, line, held, seconds):
    return {
        'meter': meter,
        'host_type': line.resource_class,
        'host_id': line.resource_uuid,
        'tenant_id': line.project_id,
        'lease_id': line.uuid,
        'start_time': window.text(held.start),
        'end_time': window.text(held.end),
        'value': seconds,
    }
