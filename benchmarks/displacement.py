# SPDX-License-Identifier: Apache-2.0
"""Markets in which interruptible contracts have a fifth of the servers.

    python -m benchmarks.displacement 1000 --seconds 10 --seeds 1 2 3

The markets of ``benchmarks.clearing``; a fifth of the bids are interruptible, and so
are contracts that have a fifth of the servers from now on, for up to half of their
first free time, at up to half as much again as the ask. A line for each seed says which
share of the bound was reached, how many lines are displaced, what the second stage adds
to welfare, in per cent, and how long it and its bound take; of few bids also which
share of the optimum was reached. With ``--arrivals`` it is milliseconds in which one
firm bid after the other is decided in a book of so many offers that has nothing else.
"""

import argparse
import dataclasses
import datetime
import decimal
import json
import random
import statistics
import time

from benchmarks import markets
from flocx.core import tenure
from flocx.core import window
from matcher import book
from matcher import cmd
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import displacement
from matcher.mechanisms import exact
from matcher.mechanisms import hopeful
from matcher.mechanisms import immediate

#: With more bids a solver is not asked for the optimum, and for so many seconds.
SOLVED, SOLVER_SECONDS = 60, 60

#: Which part of servers and bids is interruptible.
PART = 0.2

NOTICE, GAP = datetime.timedelta(minutes=30), datetime.timedelta(minutes=15)


def draw(size, seed):
    """A book of so many offers and bids."""
    market = markets.draw(size, size, seed)
    rng = random.Random(f'interruptible {seed}')
    taken = {each.slot: each.window.minus(market.free(each)) for each in market.offers}
    rented = {}
    for offer in market.offers:
        free = market.free(offer)
        if free and rng.random() < PART:
            rented[offer.slot] = [_rented(offer, free[0], rng)]
            taken[offer.slot].append(rented[offer.slot][0].held)
    bids = [
        dataclasses.replace(each, interruptible_notice=1800)
        if rng.random() < PART
        else each
        for each in market.bids
    ]
    return book.Book(market.now, market.offers, taken, bids, rented)


def _rented(offer, free, rng):
    more = decimal.Decimal(f'{rng.random() / 2:.3f}')
    return tenure.Tenure(
        line_uuid=f'line of {offer.uuid}',
        contract_uuid=f'contract of {offer.uuid}',
        start_time=free.start,
        end_time=free.start + window.SECOND * int(free.seconds * rng.random() / 2),
        notice=NOTICE,
        gap=GAP,
        ceiling=(offer.price * (1 + more)).quantize(decimal.Decimal('0.000001')),
    )


def measure(size, seconds, seed):
    """What is reached in so many seconds, a dictionary."""
    market = draw(size, seed)
    # What is compiled first counts for no market.
    few = mechanisms.Budget(seconds=None, moves=50)
    displacement.allocate(call.Call(), draw(30, seed), few)
    budget = mechanisms.Budget(seconds=seconds, clock=time.thread_time)
    alone = call.Call().allocate(market, budget)
    started = time.process_time()
    found = displacement.allocate(_Known(alone), market, budget)
    measured = {
        'seed': seed,
        'share': round(float(found.welfare / found.upper_bound), 4),
        'displaced': sum(len(each.displaces) for each in found.awards),
        'added': round(100 * float(found.welfare / alone.welfare - 1), 2),
        'stage_cpu_seconds': round(time.process_time() - started, 2),
    }
    if size <= SOLVED:
        best = exact.Exact().allocate(market, mechanisms.Budget(seconds=SOLVER_SECONDS))
        measured['of_optimum'] = round(float(found.welfare / best.welfare), 4)
    return measured


class _Known:
    """An allocation that is known already."""

    DISPLACES = False

    def __init__(self, allotment):
        self._allotment = allotment

    def allocate(self, market, budget):
        return self._allotment


def arrivals(size, seed, bids=200):
    """Milliseconds of the processor in which a firm bid that arrives is decided."""
    market, took, displaced = draw(size, seed), [], 0
    budget = mechanisms.Budget(seconds=10, clock=time.thread_time)
    for bid in market.bids[:bids]:
        alone = market.copy([dataclasses.replace(bid, interruptible_notice=None)])
        hopeful.of(alone)
        started = time.thread_time()
        found = displacement.allocate(immediate.Immediate(), alone, budget)
        took.append(1000 * (time.thread_time() - started))
        displaced += any(each.displaces for each in found.awards)
    return {
        'seed': seed,
        'median': round(statistics.median(took), 2),
        'p99': round(sorted(took)[int(len(took) * 0.99)], 2),
        'displacing': displaced,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('size', type=int)
    parser.add_argument('--seconds', type=float, default=10)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1])
    parser.add_argument('--arrivals', action='store_true')
    given = parser.parse_args()
    cmd.collect_seldom()
    for seed in given.seeds:
        if given.arrivals:
            found = arrivals(given.size, seed)
        else:
            found = measure(given.size, given.seconds, seed)
        print(json.dumps(found), flush=True)


if __name__ == '__main__':
    main()
