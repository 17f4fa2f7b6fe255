# SPDX-License-Identifier: Apache-2.0
"""A market and its result as JSON, for programs that clear without a database.

The market is ``{"now", "offers", "bids"}``: offers and bids as the market's API
shows them, with the fields that a clearing needs, and for an offer the time that
is ``booked`` already as pairs of start and end.
"""

import datetime
import decimal

from flocx import exceptions
from flocx.core import bid
from flocx.core import money
from flocx.core import offer
from flocx.core import requirements
from flocx.core import window
from matcher import book
from matcher import diagnostics
from matcher.mechanisms import figures


def read(said):
    """The book that ``said`` describes.

    :raises Invalid: naming the offer or bid and the field that is wrong.
    """
    if not isinstance(said, dict):
        raise exceptions.Invalid('market: an object with offers and bids is expected')
    now = window.instant(said.get('now'), 'now')
    made = book.Book(now)
    for number, each in enumerate(said.get('offers', ())):
        one = _made(_offer, each, f'offers[{number}]', now)
        made.put_offer(one, _booked(each, f'offers[{number}]'))
    for number, each in enumerate(said.get('bids', ())):
        made.put_bid(_made(_bid, each, f'bids[{number}]', now))
    return made


def _made(make, said, where, now):
    try:
        return make(said, where, now)
    except KeyError as error:
        raise exceptions.Invalid(f'{where}: {error.args[0]} is missing') from None
    except (AttributeError, TypeError) as error:
        raise exceptions.Invalid(f'{where}: {error}') from None


def _offer(said, where, now):
    return offer.Offer(
        uuid=said['uuid'],
        project_id=said['project_id'],
        provider_id=said.get('provider_id', ''),
        resource_type=said.get('resource_type', 'ironic_node'),
        resource_uuid=said['resource_uuid'],
        resource_class=said.get('resource_class'),
        properties=said.get('properties', {}),
        lessee_id=said.get('lessee_id'),
        start_time=window.instant(said['start_time'], f'{where}.start_time'),
        end_time=window.instant(said['end_time'], f'{where}.end_time'),
        price=money.price(said['price'], f'{where}.price'),
        created_at=now,
        updated_at=now,
    )


def _booked(said, where):
    return [
        window.Window(
            window.instant(start, f'{where}.booked'),
            window.instant(end, f'{where}.booked'),
        )
        for start, end in said.get('booked', ())
    ]


def _bid(said, where, now):
    start = window.instant(said['start_time'], f'{where}.start_time')
    end = window.instant(said['end_time'], f'{where}.end_time')
    quantity = said.get('quantity', 1)
    asked = said.get('requirements', ())
    requirements.parse(asked, field=f'{where}.requirements')
    created = window.instant(said.get('created_at', now), f'{where}.created_at')
    return bid.Bid(
        uuid=said['uuid'],
        project_id=said['project_id'],
        lineage=tuple(said.get('lineage', (said['project_id'],))),
        quantity=quantity,
        min_quantity=said.get('min_quantity', quantity),
        start_time=start,
        end_time=end,
        duration=said.get('duration') or window.Window(start, end).seconds,
        price=money.price(said['price'], f'{where}.price'),
        requirements=tuple(tuple(each) for each in asked),
        resource_class=said.get('resource_class'),
        created_at=created,
        updated_at=created,
    )


def result(market, allocation, pricing, allotment, settled, seconds):
    """What came of it, as the programs write it."""
    bound = allotment.upper_bound
    welfare = figures.credits(figures.worth(settled.awards))
    said = {
        'mechanism': allocation.NAME,
        'pricing': pricing.NAME,
        'seconds': round(seconds, 3),
        'welfare': money.text(welfare),
        'upper_bound': None if bound is None else money.text(bound),
        'gap': None if not bound else round(float(1 - welfare / bound), 6),
        'contracts': [
            _contract(award, pays, gets)
            for award, pays, gets in zip(
                settled.awards, settled.pays, settled.gets, strict=True
            )
        ],
        'unmatched': [
            {'bid_uuid': each.bid_uuid, 'reason': each.reason, 'detail': each.detail}
            for each in diagnostics.unmatched(market, settled.awards)
        ],
    }
    if settled.balance:
        said['balance'] = money.text(settled.balance)
    return said


def _contract(award, pays, gets):
    lines = []
    for each, pay, get in zip(award.offers, pays, gets, strict=True):
        line = {'offer_uuid': each.uuid, 'price': money.text(pay)}
        if get != pay:
            line['owner_price'] = money.text(get)
        lines.append(line)
    return {
        'bid_uuid': award.bid.uuid,
        'start_time': window.text(award.stay.start),
        'end_time': window.text(award.stay.end),
        'lines': lines,
    }


def written(market):
    """``market``, a book, as JSON that ``read`` reads."""
    return {
        'now': window.text(market.now),
        'offers': [_offer_said(market, each) for each in market.offers],
        'bids': [_bid_said(each) for each in market.bids],
    }


def _said(noun, names):
    said = {}
    for name in names:
        value = getattr(noun, name)
        if isinstance(value, datetime.datetime):
            value = window.text(value)
        if isinstance(value, decimal.Decimal):
            value = money.text(value)
        said[name] = value
    return said


def _offer_said(market, each):
    said = _said(
        each,
        (
            *('uuid', 'project_id', 'provider_id', 'resource_type', 'resource_uuid'),
            *('resource_class', 'properties', 'lessee_id', 'start_time', 'end_time'),
            'price',
        ),
    )
    said['booked'] = [
        [window.text(taken.start), window.text(taken.end)]
        for taken in each.window.minus(market.free(each))
    ]
    return said


def _bid_said(each):
    return _said(
        each,
        (
            *('uuid', 'project_id', 'lineage', 'quantity', 'min_quantity', 'price'),
            *('start_time', 'end_time', 'duration', 'requirements', 'resource_class'),
            'created_at',
        ),
    )
