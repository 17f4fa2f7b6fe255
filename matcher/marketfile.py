# SPDX-License-Identifier: Apache-2.0
"""A market and its result as JSON, for programs that clear without a database.

The market is ``{"now", "offers", "bids"}``: offers and bids as the market's API
shows them, with the fields that a clearing needs, and for an offer the time that
is ``booked`` already as pairs of start and end. An alternative of a bid has the fields
in which it differs from the bid's own terms. Each part of a bundle is a contract in the
result, with the number of its ``part``.
"""

import datetime
import decimal

from flocx import exceptions
from flocx.core import asks
from flocx.core import bid
from flocx.core import money
from flocx.core import offer
from flocx.core import requirements
from flocx.core import window
from matcher import book
from matcher import diagnostics
from matcher.mechanisms import figures


def read(payload):
    """The book that ``payload`` describes.

    :raises Invalid: naming the offer or bid and the field that is wrong.
    """
    if not isinstance(payload, dict):
        raise exceptions.Invalid('market: an object with offers and bids is expected')
    now = window.instant(payload.get('now'), 'now')
    made = book.Book(now)
    for number, each in enumerate(payload.get('offers', ())):
        one = _made(_offer, each, f'offers[{number}]', now)
        made.put_offer(one, _booked(each, f'offers[{number}]'))
    for number, each in enumerate(payload.get('bids', ())):
        made.put_bid(_made(_bid, each, f'bids[{number}]', now))
    return made


def _made(make, payload, where, now):
    try:
        return make(payload, where, now)
    except KeyError as error:
        raise exceptions.Invalid(f'{where}: {error.args[0]} is missing') from None
    except (AttributeError, TypeError) as error:
        raise exceptions.Invalid(f'{where}: {error}') from None


def _offer(payload, where, now):
    return offer.Offer(
        uuid=payload['uuid'],
        project_id=payload['project_id'],
        provider_id=payload.get('provider_id', ''),
        resource_type=payload.get('resource_type', 'ironic_node'),
        resource_uuid=payload['resource_uuid'],
        resource_class=payload.get('resource_class'),
        properties=payload.get('properties', {}),
        lessee_id=payload.get('lessee_id'),
        reclaim_notice=payload.get('reclaim_notice'),
        min_length=payload.get('min_length'),
        max_length=payload.get('max_length'),
        block=payload.get('block'),
        block_size=payload.get('block_size'),
        start_time=window.instant(payload['start_time'], f'{where}.start_time'),
        end_time=window.instant(payload['end_time'], f'{where}.end_time'),
        price=money.price(payload['price'], f'{where}.price'),
        ask_schedule=asks.schedule(payload.get('ask_schedule')),
        ask_falls=asks.falls(payload.get('ask_falls')),
        created_at=now,
        updated_at=now,
    )


def _booked(payload, where):
    return [
        window.Window(
            window.instant(start, f'{where}.booked'),
            window.instant(end, f'{where}.booked'),
        )
        for start, end in payload.get('booked', ())
    ]


def _bid(payload, where, now):
    own = _terms(payload, where)
    others = [
        _terms(payload | each, f'{where}.alternatives[{number}]')
        for number, each in enumerate(payload.get('alternatives', ()))
    ]
    created = window.instant(payload.get('created_at', now), f'{where}.created_at')
    return bid.Bid(
        uuid=payload['uuid'],
        project_id=payload['project_id'],
        lineage=tuple(payload.get('lineage', (payload['project_id'],))),
        alternatives=tuple(bid.Alternative(**each) for each in others),
        created_at=created,
        updated_at=created,
        **own,
    )


def _terms(payload, where):
    """What a bid, or an alternative of it, asks for."""
    start = window.instant(payload['start_time'], f'{where}.start_time')
    end = window.instant(payload['end_time'], f'{where}.end_time')
    quantity = payload.get('quantity', 1)
    triples = payload.get('requirements', ())
    requirements.parse(triples, field=f'{where}.requirements')
    bid.check_expressions(payload, requirements.Limits())
    parts = tuple(map(bid.Part.of, payload.get('parts') or ()))
    for number, each in enumerate(parts):
        field = f'{where}.parts[{number}].requirements'
        requirements.parse(each.requirements, field=field)
        bid.check_expressions(each.document, requirements.Limits())
    own = {
        'quantity': quantity,
        'min_quantity': payload.get('min_quantity', quantity),
        'start_time': start,
        'end_time': end,
        'duration': payload.get('duration') or window.Window(start, end).seconds,
        'price': money.price(payload['price'], f'{where}.price'),
        'requirements': tuple(tuple(each) for each in triples),
        'resource_class': payload.get('resource_class'),
        'min_reclaim_notice': payload.get('min_reclaim_notice'),
        'group_by': payload.get('group_by'),
        'spread_by': payload.get('spread_by'),
        'spread_max': payload.get('spread_max', 1),
        'parts': parts,
    }
    return own | (bid.of_parts(parts, own['group_by']) if parts else {})


def result(market, allocation, pricing, allotment, settled, seconds):
    """What came of it, as the programs write it."""
    bound = allotment.upper_bound
    welfare = figures.credits(figures.worth(settled.awards))
    payload = {
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
        payload['balance'] = money.text(settled.balance)
    return payload


def _contract(award, pays, gets):
    lines = []
    for each, pay, get in zip(award.offers, pays, gets, strict=True):
        line = {'offer_uuid': each.uuid, 'price': money.text(pay)}
        if get != pay:
            line['owner_price'] = money.text(get)
        lines.append(line)
    payload = {
        'bid_uuid': award.bid.uuid,
        'start_time': window.text(award.stay.start),
        'end_time': window.text(award.stay.end),
        'lines': lines,
    }
    if award.bid.alternative is not None:
        payload['alternative'] = award.bid.alternative
    if award.bid.part is not None:
        payload['part'] = award.bid.part
    if award.bid.group_value is not None:
        payload['group_value'] = award.bid.group_value
    return payload


def written(market):
    """``market``, a book, as JSON that ``read`` reads."""
    return {
        'now': window.text(market.now),
        'offers': [_offer_said(market, each) for each in market.offers],
        'bids': [_bid_said(each) for each in market.bids],
    }


def _document(instance, names):
    payload = {}
    for name in names:
        value = getattr(instance, name)
        if isinstance(value, datetime.datetime):
            value = window.text(value)
        if isinstance(value, decimal.Decimal):
            value = money.text(value)
        payload[name] = value
    return payload


def _offer_said(market, each):
    payload = _document(
        each,
        (
            *('uuid', 'project_id', 'provider_id', 'resource_type', 'resource_uuid'),
            *('resource_class', 'properties', 'lessee_id', 'start_time', 'end_time'),
            *('reclaim_notice', 'price'),
        ),
    )
    for name in (
        *('min_length', 'max_length', 'block', 'block_size'),
        *('ask_schedule', 'ask_falls'),
    ):
        if (said := getattr(each, name)) is not None:
            payload[name] = said
    payload['booked'] = [
        [window.text(taken.start), window.text(taken.end)]
        for taken in each.window.minus(market.free(each))
    ]
    return payload


def _bid_said(each):
    payload = _document(
        each,
        (
            *('uuid', 'project_id', 'lineage', 'quantity', 'min_quantity', 'price'),
            *('start_time', 'end_time', 'duration', 'requirements', 'resource_class'),
            *('min_reclaim_notice', 'group_by', 'spread_by', 'created_at'),
        ),
    )
    if each.spread_by:
        payload['spread_max'] = each.spread_max
    if each.parts:
        payload['parts'] = [part.document for part in each.parts]
    if each.alternatives:
        payload['alternatives'] = [other.document for other in each.alternatives]
    return payload
