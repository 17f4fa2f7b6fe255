# SPDX-License-Identifier: Apache-2.0
"""A small market in which bids compete, for trying an allocation out."""

import datetime
import decimal

from flocx.core import bid
from flocx.core import offer
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import second_price


def book(now):
    """Two servers, and more bids for parts of their time than can have it."""
    now = now.replace(microsecond=0)
    week = datetime.timedelta(days=7)
    offers = [
        offer.Offer(
            uuid=f'offer-{number}',
            project_id='owner',
            provider_id='provider',
            resource_type='rehearsal',
            resource_uuid=f'server-{number}',
            properties={'cpus': 8 * number},
            start_time=now,
            end_time=now + week,
            price=decimal.Decimal(number),
            created_at=now,
            updated_at=now,
        )
        for number in (1, 2)
    ]
    bids = [
        bid.Bid(
            uuid=f'bid-{number}',
            project_id='renter',
            quantity=1 + number % 2,
            min_quantity=1,
            start_time=now,
            end_time=now + week,
            duration=86400 * (1 + number % 4),
            price=decimal.Decimal(2 + number % 3),
            requirements=(('cpus', '>', 4),),
            created_at=now,
            updated_at=now,
        )
        for number in range(12)
    ]
    return matcher_book.Book(now, offers, {}, bids)


def main():
    """Compile what the default mechanisms compute with, for later engines."""
    now = datetime.datetime.now(datetime.UTC)
    market = book(now)
    budget = mechanisms.Budget(seconds=None, moves=100)
    second_price.SecondPrice().settle(market, call.Call().allocate(market, budget))


if __name__ == '__main__':
    main()
