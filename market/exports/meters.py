# SPDX-License-Identifier: Apache-2.0
"""OSAC's two meters of a host: seconds that it was allocated, and powered on. Pure.

OSAC enhancement proposal on metering (OSAC-2506): allocation counts from the hand-over
to the end, whatever the host does; consumption while it is powered on. A closed period
gives the same whenever it is asked for.
"""

from flocx.core import window

ALLOCATION, CONSUMPTION = 'host-type-seconds', 'bare-metal-compute-seconds'


def readings(line, period, now, powered):
    """The readings of a contract line in ``period``, dictionaries.

    :param powered: the windows in which its server was on, as far as its provider has
        said. Where it never has there is no reading of that.
    """
    if line.fulfill_time is None:
        return
    over = min(line.expire_time or now, now, period.end)
    start = max(line.fulfill_time, line.start_time, period.start)
    if start >= over:
        return
    held = window.Window(start, over)
    yield _reading(ALLOCATION, line, held, held.seconds)
    if line.power_on is not None:
        off = held.minus(powered)
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
