# SPDX-License-Identifier: Apache-2.0
"""Buy now: what a project gets when it claims an offer at the asked price."""

from oslo_utils import uuidutils

from flocx import exceptions
from flocx.core import contract as contract_core
from flocx.core import window


def require_future(wanted, now):
    """Nothing, if some of the window ``wanted`` is yet to come.

    :raises Invalid: it is past.
    """
    if wanted.end <= now:
        raise exceptions.Invalid(f'end_time: {window.text(wanted.end)} is past')


def contract(
    offer, free, context, now, *, start=None, end=None, name=None, purpose=None
):
    """The contract that the caller gets for ``offer``.

    :param free: the offer's free windows, in order.
    :param start: by default the start of the first free window.
    :param end: by default the end of the free window that holds ``start``.
    :raises Conflict: that time is not free, or the offer is the caller's own.
    :raises Invalid: the window is reversed.
    """
    if offer.project_id == context.project_id:
        raise exceptions.Conflict(
            f'Offer {offer.uuid} is your own: nobody trades with himself',
            code='flocx.conflict.self_trade',
        )
    stay = _stay(offer, free, now, start, end)
    return contract_core.draft(
        uuidutils.generate_uuid(),
        stay,
        [(uuidutils.generate_uuid(), offer, offer.price)],
        now,
        project_id=context.project_id,
        name=name,
        purpose=purpose,
    )


def _stay(offer, free, now, start, end):
    if start and start < now:
        # What was "now" when the caller wrote it is past when it arrives.
        start = now.replace(microsecond=0)
    for each in free:
        if start is None or each.start <= start < each.end:
            wanted = window.Window(start or each.start, end or each.end)
            if each.contains(wanted):
                return wanted
    raise exceptions.Conflict(
        f'Offer {offer.uuid} is not free then; it is free '
        + (
            ', '.join(
                f'from {window.text(each.start)} to {window.text(each.end)}'
                for each in free
            )
            or 'at no time'
        ),
        code='flocx.conflict.not_free',
    )
