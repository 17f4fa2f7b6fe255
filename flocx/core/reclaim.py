# SPDX-License-Identifier: Apache-2.0
"""Servers that their owners reclaim, with the notice that was agreed.

Owner and renter agree on a notice when a contract is made; from when the owner reclaims
a server until the deadline the renter keeps it and pays, and may leave at any time. The
owner can do nothing to end it earlier. After Akash's proposal 82, "Resource
Reclamation".
"""

import datetime
from typing import Any

from flocx import exceptions
from flocx.core import contract
from flocx.core import window

_S = contract.Status

#: The longest notice, in seconds: what is added to a moment stays within the calendar.
MAX_NOTICE = 10 * 366 * 86400

#: A line in one of these can be reclaimed; in the others its server is on its way back.
RECLAIMABLE = contract.RUNNING | {_S.ERROR}


def deadline(line: contract.Line, now: datetime.datetime) -> datetime.datetime:
    """Until when who rents ``line`` keeps its server if it is reclaimed ``now``.

    In whole seconds, and never earlier than the notice says: it counts from the end of
    the second in which the owner asks.

    :raises Conflict: it was agreed that the server is not reclaimed.
    """
    if line.reclaim_notice is None:
        raise exceptions.Conflict(
            f'Line {line.uuid}: the offer that it was made from had no reclaim_notice, '
            'so that its server is not reclaimed before its end',
            code='flocx.conflict.not_reclaimable',
        )
    return window.through(now) + datetime.timedelta(seconds=line.reclaim_notice)


def changes(
    line: contract.Line,
    now: datetime.datetime,
    until: datetime.datetime,
    reason: contract.Reason = contract.Reason.RECLAIMED,
) -> dict[str, Any] | None:
    """What of ``line`` changes when its server is reclaimed ``now``.

    A line that would begin only after the deadline is cancelled, and keeps the end that
    was agreed.

    :param until: the deadline.
    :param reason: DISPLACED where a firm bid, and not its owner, takes the server.
    :returns: None where nothing does: it is over by then, or reclaimed already.
    """
    if line.status not in RECLAIMABLE or line.reclaim_deadline is not None:
        return None
    if line.end_time <= until:
        return None
    common = {
        'reason': reason,
        'reclaim_time': now if reason == contract.Reason.RECLAIMED else None,
        'reclaim_deadline': until,
    }
    if line.status == _S.CREATED and line.start_time >= until:
        return {**common, 'status': _S.CANCELLED, 'expire_time': now}
    least = line.start_time + datetime.timedelta(seconds=1)
    return {**common, 'end_time': max(until, least)}


def is_free_to_leave(line: contract.Line, now: datetime.datetime) -> bool:
    """Whether who rents ``line`` may leave it without a notice.

    They may leave what is reclaimed, and what was put in the place of something else
    for a time that has not begun: nobody has asked for that server.
    """
    if line.reclaim_deadline is not None:
        return True
    return line.price_rule == contract.REPLACEMENT and line.start_time > now


def why_not(line: contract.Line, until: datetime.datetime) -> str:
    """Why :func:`changes` has nothing to change of ``line``, a sentence."""
    if line.status not in RECLAIMABLE:
        return f'Line {line.uuid} is {line.status}'
    return (
        f'Line {line.uuid} ends at {window.text(line.end_time)}, before the notice is '
        f'over at {window.text(until)}'
    )
