# SPDX-License-Identifier: Apache-2.0
"""What renters gain by a lie under each pricing, with the awards of the call auction.

    python -m benchmarks.lies --markets 10000

In each of many small markets, drawn at random, one renter bids other parts and
multiples of its value than 1. There are a few servers that all want, and bids for one
or two of them that cannot all have what they ask for: where nobody competes a lie
changes nothing. What it gains by the best of these lies is given in parts of what all
that it asks for is worth to it.
"""

import argparse
import dataclasses
import datetime
import json
import random
import statistics

from benchmarks import markets
from flocx.core import bid as bid_core
from flocx.core import money
from flocx.core import offer as offer_core
from matcher import book
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import k_double_auction
from matcher.mechanisms import second_price
from matcher.mechanisms import uniform

RULES = (
    second_price.SecondPrice(),
    k_double_auction.KDoubleAuction(),
    uniform.Uniform(),
)
FACTORS = {
    'less': tuple(map(money.price, ('0.5', '0.8', '0.95'))),
    'more': tuple(map(money.price, ('1.1', '1.5', '2'))),
}
OFFERS, BIDS, MOVES = 3, 10, 1000


def measure(number):
    """What lies gain over so many markets, by pricing.

    :return: {pricing: {'less' or 'more': largest and mean gain, and how often there is
        one}}, by bids below and above the value.
    """
    gains = {rule.NAME: {'less': [], 'more': []} for rule in RULES}
    for seed in range(number):
        rng = random.Random(seed)
        market = _crowded(rng)
        bid = rng.choice(market.bids)
        whole = bid.price * bid.quantity * bid.duration
        honest = _left(market, bid)
        for kind, factors in FACTORS.items():
            told = [_told(market, bid, factor) for factor in factors]
            for name, least in honest.items():
                most = max(least, *(each[name] for each in told))
                gains[name][kind].append(float((most - least) / whole))
    return {
        name: {kind: _summary(values) for kind, values in kinds.items()}
        for name, kinds in gains.items()
    }


def _summary(values):
    return {
        'largest': round(max(values), 4),
        'mean': round(statistics.mean(values), 6),
        'part_of_markets': round(sum(each > 0 for each in values) / len(values), 4),
    }


def _told(market, bid, factor):
    """As ``_left``, where ``bid`` offers so many times its value."""
    lie = dataclasses.replace(bid, price=money.quantised(bid.price * factor))
    others = [each for each in market.bids if each is not bid]
    return _left(market.copy([*others, lie]), bid)


def _crowded(rng):
    """A book of ``OFFERS`` servers for a day, and ``BIDS`` bids for hours of them."""
    offers = [
        _offer(number, money.price(f'{rng.uniform(0.5, 2):.2f}'))
        for number in range(OFFERS)
    ]
    bids = [_bid(number, rng) for number in range(BIDS)]
    return book.Book(markets.NOW, offers, {}, bids)


def _hours(number):
    return markets.NOW + datetime.timedelta(hours=number)


def _offer(number, price):
    return offer_core.Offer(
        uuid=f'offer-{number}',
        project_id=f'owner-{number}',
        provider_id='provider',
        resource_type='ironic_node',
        resource_uuid=f'node-{number}',
        properties={},
        start_time=markets.NOW,
        end_time=_hours(24),
        price=price,
        created_at=markets.NOW,
        updated_at=markets.NOW,
    )


def _bid(number, rng):
    length, start = rng.randint(2, 16), rng.randint(0, 20)
    # Half of them could wait.
    end = min(24, start + length + rng.choice((0, 0, 4, 8)))
    length = min(length, end - start)
    return bid_core.Bid(
        uuid=f'bid-{number}',
        project_id=f'renter-{number}',
        lineage=(f'renter-{number}',),
        quantity=(quantity := rng.choice((1, 1, 2))),
        min_quantity=rng.randint(1, quantity),
        start_time=_hours(start),
        end_time=_hours(end),
        duration=length * markets.HOUR,
        price=money.price(f'{rng.uniform(1, 5):.2f}'),
        created_at=markets.NOW,
        updated_at=markets.NOW,
    )


def _left(market, bid):
    """By pricing, what ``bid`` has left of its value, in credits times seconds."""
    budget = mechanisms.Budget(seconds=None, moves=MOVES)
    allotment = call.Call().allocate(market, budget)
    left = {}
    for rule in RULES:
        settled = rule.settle(market, allotment)
        left[rule.NAME] = sum(
            (bid.price * len(rates) - sum(rates)) * award.stay.seconds
            for award, rates in zip(settled.awards, settled.pays, strict=True)
            if award.bid.uuid == bid.uuid
        )
    return left


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--markets', type=int, default=1000)
    args = parser.parse_args(argv)
    print(json.dumps({'markets': args.markets, **measure(args.markets)}, indent=2))


if __name__ == '__main__':
    main()
