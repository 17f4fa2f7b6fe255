# SPDX-License-Identifier: Apache-2.0
"""What a bid would get and pay now, if it were placed and nothing else moved."""

import dataclasses

from flocx.core import bid as bid_core
from flocx.core import money
from flocx.core import window
from market.db import offers
from matcher import book as matcher_book


def quote(database, clear, bid, now, turnaround):
    """What ``bid`` would get; nothing is written.

    Bids that wait already are left out: what they could have, they have been given.

    :param clear: given a book, returns pairs of an award and its rates.
    :param turnaround: given a session, the idle seconds between two contracts.
    :returns: the answer of ``POST /v1/quotes``, a dictionary.
    """
    with database.reader() as session:
        open_offers = offers.available(session, now)
        taken = offers.held(session, open_offers, now, turnaround(session))
    book = matcher_book.Book(now, open_offers, taken, [bid])
    answer = {
        'requirements': [
            {'requirement': list(triple), 'offers': count}
            for triple, count in zip(bid.requirements, book.meeting(bid), strict=True)
        ],
        'offers': len(book.suitable(bid)),
        'start_time': None,
        'end_time': None,
        'lines': [],
        'amount': None,
    }
    for award, rates in clear(book):
        answer |= _promised(award, rates)
    return answer


def _promised(award, rates):
    stay = award.stay
    return {
        'start_time': window.text(stay.start),
        'end_time': window.text(stay.end),
        'lines': [
            {
                'offer_uuid': offer.uuid,
                'resource_class': offer.resource_class,
                'price': money.text(rate),
            }
            for offer, rate in zip(award.offers, rates, strict=True)
        ],
        'amount': money.text(sum(money.amount(rate, stay.seconds) for rate in rates)),
    }


def bid_of(said):
    """The bid that a message holds: the market's JSON, with ``lineage``."""
    fields = {field.name for field in dataclasses.fields(bid_core.Bid)}
    values = {name: value for name, value in said.items() if name in fields}
    for name in ('start_time', 'end_time', 'created_at', 'updated_at'):
        values[name] = window.instant(values[name], name)
    values['price'] = money.price(values['price'])
    values['lineage'] = tuple(values['lineage'])
    values['requirements'] = tuple(map(tuple, values['requirements']))
    return bid_core.Bid(**values)
