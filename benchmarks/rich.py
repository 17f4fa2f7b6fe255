# SPDX-License-Identifier: Apache-2.0
"""Markets in which bids have alternatives or parts, or want their servers in one rack.

    python -m benchmarks.rich 1000 --seconds 10 --seeds 1 2 3

The markets of ``benchmarks.clearing``, in racks of 40 servers; a third of the bids
have one to three alternatives, the terms of other bids, and a fifth want one rack.
Another fifth are bundles, with each of their alternatives: a head node as another bid
asks for, and from up to a quarter of its time on all servers of the bid itself. A
line for each seed says which share of the bound was reached; of up to 100 bids also
which share of the optimum. With ``--racked`` every second bundle is in one rack, and of
each other one the workers are. With ``--arrivals`` it is milliseconds in which one such
bid after the other is decided in a book of so many offers, whose other bids wait.
"""

import argparse
import dataclasses
import json
import random
import statistics
import time

from benchmarks import markets
from flocx.core import bid as bid_core
from matcher import book
from matcher import cmd
from matcher import mechanisms
from matcher.mechanisms import call
from matcher.mechanisms import exact
from matcher.mechanisms import immediate

RACK = 40
#: With more bids a solver is not asked for the optimum, and for so many seconds.
SOLVED, SOLVER_SECONDS = 100, 60

#: How many of the bids that do not want one rack are bundles.
BUNDLES = 0.25

#: Bids that are decided before it counts: who asks first for a group of servers finds
#: out for each of them which it is of.
FIRST = 20

_TERMS = [field.name for field in dataclasses.fields(bid_core.Alternative)]


def draw(size, seed, racked=False):
    """A book of so many offers and bids."""
    market, rng = markets.draw(size, size, seed), random.Random(seed)
    taken = {each.slot: each.window.minus(market.free(each)) for each in market.offers}
    offers = [
        dataclasses.replace(
            each,
            properties=each.properties
            | {'rack': f'{each.resource_class}-{number // RACK}'},
        )
        for number, each in enumerate(market.offers)
    ]
    bids = [_richer(each, market.bids, rng) for each in market.bids]
    # Of random numbers of their own, so that the other bids are what they were.
    rng = random.Random(f'bundles {seed}')
    bids = [
        _in_parts(each, market.bids, rng)
        if each.group_by is None and rng.random() < BUNDLES
        else each
        for each in bids
    ]
    if racked:
        rng = random.Random(f'racks {seed}')
        bids = [_in_racks(each, rng) if each.parts else each for each in bids]
    return book.Book(market.now, offers, taken, bids)


def _richer(bid, bids, rng):
    if rng.random() < 1 / 3:
        others = [rng.choice(bids) for _ in range(rng.randint(1, 3))]
        alternatives = tuple(
            bid_core.Alternative(**{name: getattr(each, name) for name in _TERMS})
            for each in others
        )
        bid = dataclasses.replace(bid, alternatives=alternatives)
    if rng.random() < 0.2:
        together = tuple(
            dataclasses.replace(each, group_by='rack') for each in bid.alternatives
        )
        bid = dataclasses.replace(bid, group_by='rack', alternatives=together)
    return bid


def _in_parts(bid, bids, rng):
    """``bid`` as a bundle, and so its alternatives."""
    alternatives = tuple(_bundle(each, bids, rng) for each in bid.alternatives)
    return dataclasses.replace(_bundle(bid, bids, rng), alternatives=alternatives)


def _bundle(terms, bids, rng):
    head = rng.choice(bids)
    offset = int(terms.duration * rng.random() / 4)
    parts = (
        bid_core.Part(
            name='head',
            duration=terms.duration,
            price=head.price,
            requirements=head.requirements,
            resource_class=head.resource_class,
        ),
        bid_core.Part(
            name='workers',
            quantity=terms.quantity,
            offset=offset,
            duration=terms.duration - offset,
            requirements=terms.requirements,
            resource_class=terms.resource_class,
        ),
    )
    return dataclasses.replace(terms, **bid_core.of_parts(parts), parts=parts)


def _in_racks(bid, rng):
    """A bundle that is in one rack, or whose workers are; and so its alternatives."""
    jointly = rng.random() < 0.5

    def racked(terms):
        head, workers = terms.parts
        if not jointly:
            workers = dataclasses.replace(workers, group_by='rack')
            return dataclasses.replace(terms, parts=(head, workers))
        # A rack has servers of one class.
        alike = {
            name: getattr(workers, name) for name in ('requirements', 'resource_class')
        }
        parts = dataclasses.replace(head, **alike), workers
        return dataclasses.replace(terms, group_by='rack', parts=parts)

    return dataclasses.replace(
        racked(bid), alternatives=tuple(map(racked, bid.alternatives))
    )


def measure(size, seconds, seed, racked=False):
    """What the call auction reaches in so many seconds, a dictionary."""
    market = draw(size, seed, racked)
    # What is compiled first counts for no market.
    call.Call().allocate(
        draw(30, seed, racked), mechanisms.Budget(seconds=None, moves=50)
    )
    started = time.process_time()
    found = call.Call().allocate(
        market, mechanisms.Budget(seconds=seconds, clock=time.thread_time)
    )
    measured = {
        'seed': seed,
        'options': len(market.options),
        'bundles': sum(bool(each.parts) for each in market.bids),
        'share': round(float(found.welfare / found.upper_bound), 4),
        'cpu_seconds': round(time.process_time() - started, 1),
        'moves': found.moves,
    }
    if size <= SOLVED:
        budget = mechanisms.Budget(seconds=SOLVER_SECONDS)
        best = exact.Exact().allocate(market, budget)
        measured['of_optimum'] = round(float(found.welfare / best.welfare), 4)
    return measured


def arrivals(size, seed, racked=False, bids=1000):
    """Milliseconds of the processor in which a bid that arrives is decided."""
    book_, took = draw(size, seed, racked), []
    for bid in book_.bids[:bids]:
        started = time.thread_time()
        immediate.best(book_, bid)
        took.append(1000 * (time.thread_time() - started))
    took = sorted(took[FIRST:])
    return {
        'seed': seed,
        'offers': size,
        'median_ms': round(statistics.median(took), 2),
        'p99_ms': round(took[int(0.99 * len(took))], 2),
        'most_ms': round(took[-1], 2),
    }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('size', type=int, help='offers, and as many bids')
    parser.add_argument('--seconds', type=float, default=10.0)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3])
    parser.add_argument('--racked', action='store_true', help='bundles in racks')
    parser.add_argument('--arrivals', action='store_true', help='one by one')
    args = parser.parse_args(argv)
    cmd.collect_seldom()
    for seed in args.seeds:
        found = (
            arrivals(args.size, seed, args.racked)
            if args.arrivals
            else measure(args.size, args.seconds, seed, args.racked)
        )
        print(json.dumps(found), flush=True)


if __name__ == '__main__':
    main()
