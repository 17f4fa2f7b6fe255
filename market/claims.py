# SPDX-License-Identifier: Apache-2.0
"""Buy now: what a project gets when it claims an offer at the asked price."""

import datetime
import decimal

from oslo_utils import uuidutils

from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import blocks
from flocx.core import contract as contract_core
from flocx.core import money
from flocx.core import offer as offer_core
from flocx.core import window


def require_future(wanted, now):
    """Nothing, if some of the window ``wanted`` is yet to come.

    :raises Invalid: it is past.
    """
    if wanted.end <= now:
        raise exceptions.Invalid(f'end_time: {window.text(wanted.end)} is past')


def require_bookable(amount):
    """Nothing, if a bid or a contract may come to ``amount`` credits.

    :raises Invalid: it is more than the ledger books of one.
    """
    if amount >= money.LIMIT:
        raise exceptions.Invalid(
            f'price: all of it comes to {money.text(amount)} credits, and has to come '
            f'to less than {money.LIMIT}'
        )


def require_length(wanted, terms):
    """Nothing, if a contract may be as long as the window ``wanted``.

    :param terms: the options of ``[contracts]``.
    :raises Invalid: it is too short or too long.
    """
    if wanted.seconds < terms.min_length:
        raise exceptions.Invalid(
            f'end_time: a contract is at least {terms.min_length} seconds long'
        )
    if terms.max_length and wanted.seconds > terms.max_length:
        raise exceptions.Invalid(
            f'end_time: a contract is at most {terms.max_length} seconds long, '
            f'not {wanted.seconds}'
        )


def require_let(offer, seconds, added=False):
    """Nothing, if ``offer`` is let for so long.

    :param added: whether it is let already, and for longer then: for how long at
        least does not matter any more.
    :raises Conflict: it is not; the message says for how long it is.
    """
    if offer.lets(seconds) or added and offer_core.lets(0, offer.max_length, seconds):
        return
    limits = [
        f'{name} {limit} seconds'
        for name, limit in zip(
            ('at least', 'at most'), (offer.min_length, offer.max_length), strict=True
        )
        if limit is not None
    ]
    raise exceptions.Conflict(
        f'Offer {offer.uuid} is let for {" and ".join(limits)}, not {seconds}',
        code='flocx.conflict.length',
    )


def require_lead(start, now, terms):
    """Nothing, if a contract may begin as late as ``start``.

    :param terms: the options of ``[contracts]``.
    :raises Invalid: it is too far ahead.
    """
    latest = now + datetime.timedelta(seconds=terms.max_lead)
    if terms.max_lead and start > latest:
        raise exceptions.Invalid(
            f'start_time: a contract begins at most {terms.max_lead} seconds ahead '
            f'(max_lead), by {window.text(latest)}, and this could begin at '
            f'{window.text(start)}'
        )


def require_notice(wanted, least):
    """Nothing, if who wants a notice of ``least`` seconds takes all offers ``wanted``.

    :raises Conflict: one of them is reclaimed with a shorter notice; the message says
        with which, and how to agree.
    """
    for offer in wanted:
        if not bid_core.accepts(least, offer.reclaim_notice):
            raise exceptions.Conflict(
                f'Offer {offer.uuid}: notice too short: its owner may reclaim the '
                f'server with a notice of {offer.reclaim_notice} seconds; who agrees '
                'says so with min_reclaim_notice, at most that many',
                code='flocx.conflict.notice',
            )


def contract(
    wanted, context, now, terms, *, start=None, end=None, name=None, purpose=None
):
    """The contract that the caller gets for the offers ``wanted``, all or none.

    :param wanted: pairs of an offer and its free windows, in order.
    :param terms: the options of ``[contracts]``.
    :param start: by default the first moment at which all are free.
    :param end: by default the first end of the free windows then, or of the
        longest contract that is allowed.
    :raises Conflict: that time is not free, an offer is not let for so long, it is the
        caller's own, or one of a block of which others are missing.
    :raises Invalid: the window is reversed, too short or too long.
    """
    for offer, _ in wanted:
        if offer.project_id == context.project_id:
            raise exceptions.Conflict(
                f'Offer {offer.uuid} is your own: nobody trades with themselves',
                code='flocx.conflict.self_trade',
            )
    blocks.require_whole(offer for offer, _ in wanted)
    if end is not None and end <= now:
        raise exceptions.Invalid(f'end_time: {window.text(end)} is past')
    stay = _stay(wanted, now, terms, start, end)
    if end is None and stay.seconds < terms.min_length:
        # Nobody asked for so little: it is what somebody else has left.
        raise _not_free(*wanted[0])
    require_length(stay, terms)
    for offer, _ in wanted:
        require_let(offer, stay.seconds)
    require_lead(stay.start, now, terms)
    made = contract_core.draft(
        uuidutils.generate_uuid(),
        stay,
        [
            (uuidutils.generate_uuid(), sold, sold.price)
            for sold in (offer.priced(stay, now) for offer, _ in wanted)
        ],
        now,
        origin=contract_core.PriceOrigin(contract_core.CLAIM),
        project_id=context.project_id,
        name=name,
        purpose=purpose,
    )
    require_bookable(costs(made, now)['committed_amount'])
    return made


def costs(contract, now):
    """What ``contract`` adds to its project's commitments, by name of the quota."""
    seconds = sum(
        window.Window(line.start_time, line.end_time).seconds for line in contract.lines
    )
    hours = money.quantised(decimal.Decimal(seconds) / money.SECONDS_PER_HOUR)
    return {
        'server_hours': hours,
        'cancelled_hours': 0,
        **({'reserved_hours': hours} if contract.start_time > now else {}),
        'committed_amount': sum(
            money.amount(
                line.price, window.Window(line.start_time, line.end_time).seconds
            )
            for line in contract.lines
        ),
    }


def _stay(wanted, now, terms, start, end):
    if start is None:
        start = max((free[0].start for _, free in wanted if free), default=now)
        if end and end <= start:
            raise _not_free(*max(wanted, key=lambda each: _first(each[1], now)))
    # What was "now" when the caller wrote it is past when it arrives.
    start = max(start, now)
    chosen = [_at(offer, free, start) for offer, free in wanted]
    if end is None:
        longest = [terms.max_length, *(offer.max_length for offer, _ in wanted)]
        ends = [start + datetime.timedelta(seconds=each) for each in longest if each]
        end = min(*ends, *(each.end for each in chosen), window.FOREVER)
    stay = window.Window(start, end)
    for (offer, free), each in zip(wanted, chosen, strict=True):
        if not each.contains(stay):
            raise _not_free(offer, free)
    return stay


def _first(free, now):
    return free[0].start if free else now


def _at(offer, free, moment):
    """The free window of ``offer`` that holds ``moment``."""
    for each in free:
        if each.start <= moment < each.end:
            return each
    raise _not_free(offer, free)


def _not_free(offer, free):
    times = ', '.join(
        f'from {window.text(each.start)} to {window.text(each.end)}' for each in free
    )
    return exceptions.Conflict(
        f'Offer {offer.uuid} is not free then; it is free {times or "at no time"}',
        code='flocx.conflict.not_free',
    )
