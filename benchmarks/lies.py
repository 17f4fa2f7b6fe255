# SPDX-License-Identifier: Apache-2.0
"""What renters gain by a lie under each pricing, with the awards of the call auction.

    python -m benchmarks.lies --markets 10000

In each of many small markets, drawn at random, one renter bids other parts and
multiples of its value than 1. What it gains by the best of these lies is given in parts
of what all that it asks for is worth to it.
"""

import argparse
import dataclasses
import json
import random
import statistics

from benchmarks import markets
from flocx.core import money
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
FACTORS = tuple(map(money.price, ('0.5', '0.8', '0.95', '1.1', '2')))
OFFERS, BIDS, MOVES = 6, 8, 60


def measure(number):
    """{pricing: largest and mean gain, and how often there is one} over markets."""
    gains = {rule.NAME: [] for rule in RULES}
    for seed in range(number):
        rng = random.Random(seed)
        market = markets.draw(OFFERS, BIDS, seed, load=3.0)
        bid = rng.choice(market.bids)
        honest = _left(market, bid)
        best = dict(honest)
        for factor in FACTORS:
            price = money.quantised(bid.price * factor)
            lie = dataclasses.replace(bid, price=price)
            others = [each for each in market.bids if each is not bid]
            told = _left(market.copy([*others, lie]), bid)
            best = {name: max(best[name], told[name]) for name in best}
        whole = bid.price * bid.quantity * bid.duration
        for name, most in best.items():
            gains[name].append(float((most - honest[name]) / whole))
    return {
        name: {
            'largest': round(max(values), 4),
            'mean': round(statistics.mean(values), 6),
            'part_of_markets': round(sum(each > 0 for each in values) / number, 4),
        }
        for name, values in gains.items()
    }


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
