# SPDX-License-Identifier: Apache-2.0
"""When lines are due, and which of them have to wait for which. Pure."""

import collections

from flocx.core import window


def of(due):
    """Lists of the pairs (contract, line) in ``due``, one for each node, in order.

    What is sub-let has its own: the market keeps it in order with what it is of.
    """
    found = collections.defaultdict(list)
    for each in sorted(due, key=lambda each: each[1]['start_time']):
        found[each[1]['resource_uuid'], lessor(each[1])].append(each)
    return found.values()


def lessor(line):
    """The project that rents the server of ``line`` and sub-lets it, or None."""
    return line['owner_id'] if line.get('sublet_of') else None


def moments(line):
    """When ``line`` is due to begin and to end."""
    return [window.instant(line[name], name) for name in ('start_time', 'end_time')]


def late(line, now):
    """For how many seconds ``line`` is due at ``now``."""
    begun, over = moments(line)
    return (now - (over if over <= now else begun)).total_seconds()
