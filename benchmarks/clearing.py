# SPDX-License-Identifier: Apache-2.0
"""How much of the possible welfare the engine reaches, and how fast.

    python -m benchmarks.clearing --sizes 100 300 1000 --out clearing.json

Markets are drawn at random from a seed (``benchmarks.markets``). All rules clear
the same markets in one run; every share is of the bound that ``call_auction`` proves.
"""

import argparse
import json
import math
import pathlib
import platform
import resource
import statistics
import sys
import time

from benchmarks import baselines
from benchmarks import markets
from matcher import mechanisms
from matcher import quotes
from matcher import warmup
from matcher.mechanisms import call
from matcher.mechanisms import exact
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import second_price

#: Seconds that call may take, by size.
SECONDS = {100: 1, 300: 10, 1000: 10, 10_000: 60, 100_000: 600}

#: The Python loops are not tried on larger markets.
LOOP, FIRST_COME = 1000, 1000

#: Nor is the solver.
SOLVED = 100

#: In smaller markets most of the greedy stage's time does not depend on their size.
GROWN = 1000


#: Processor time, so that who else uses the machine does not count: that of a thread,
#: as the search and the bound have a processor each.
CLOCK = time.thread_time


def measured(function, *args):
    """What a function returns, and the seconds that it took."""
    started = CLOCK()
    result = function(*args)
    return result, CLOCK() - started


def size(number, seeds, seconds):
    """Results of all rules on markets of so many offers and bids."""
    runs = [_run(number, seed, seconds) for seed in seeds]
    rules = {}
    for rule in runs[0]:
        rules[rule] = {
            field: round(statistics.mean(run[rule][field] for run in runs), 4)
            for field in runs[0][rule]
        }
    return {
        'offers': number,
        'bids': number,
        'rules': rules,
        'peak_mib': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _run(number, seed, seconds):
    book = markets.draw(number, number, seed)
    budget = mechanisms.Budget(seconds=seconds, clock=CLOCK)
    done, took = measured(call.Call().allocate, book, budget)
    bound = float(done.upper_bound)
    _, priced = measured(second_price.SecondPrice().settle, book, done)

    def share(value):
        return float(figures.credits(value)) / bound

    rules = {
        'call': {
            'share': float(done.welfare) / bound,
            'seconds': took,
            'moves': done.moves,
            'pricing_seconds': priced,
        }
    }
    nothing = mechanisms.Budget(seconds=0, clock=CLOCK)
    greedy, took = measured(call.Call().allocate, book, nothing)
    rules['greedy'] = {'share': float(greedy.welfare) / bound, 'seconds': took}
    if number <= SOLVED:
        best, took = measured(
            exact.Exact().allocate, book, mechanisms.Budget(seconds=None)
        )
        rules['exact'] = {'share': float(best.welfare) / bound, 'seconds': took}
    if number <= FIRST_COME:
        value, took = measured(baselines.first_come, book)
        rules['first_come'] = {'share': share(value), 'seconds': took}
    if number <= LOOP:
        value, took = measured(baselines.first_fit, book)
        rules['first_fit'] = {'share': share(value), 'seconds': took}
    return rules


def growth(sizes, rule, field='seconds'):
    """The exponent with which a figure grows with the size, from ``GROWN`` on."""
    grown = [each for each in sizes if each['offers'] >= GROWN]
    if len(grown) < 2:
        return None
    small, large = grown[0], grown[-1]
    ratio = large['rules'][rule][field] / max(1e-9, small['rules'][rule][field])
    return round(math.log(ratio) / math.log(large['offers'] / small['offers']), 2)


def arrival(offers=10_000, bids=300):
    """Milliseconds in which a single bid into many open offers is decided."""
    book = markets.draw(offers, bids, 1)
    took = [1000 * measured(immediate.best, book, bid)[1] for bid in book.bids]
    took = sorted(took[20:])
    return {
        'offers': offers,
        'median_ms': round(statistics.median(took), 2),
        'p99_ms': round(took[int(0.99 * len(took))], 2),
    }


def quoting(offers=10_000, bids=60):
    """Milliseconds in which a quote without a price, with a calendar, is answered."""
    book = markets.draw(offers, bids, 1)
    pricing, budget = second_price.SecondPrice(), mechanisms.Budget(seconds=None)

    def clear(alone):
        allotment = immediate.Immediate().allocate(alone, budget)
        settled = pricing.settle(alone, allotment)
        return list(zip(settled.awards, settled.pays, strict=True))

    asked = [quotes.Question(bid, False, 'hour') for bid in book.bids]
    took = [1000 * measured(quotes.quote, book, clear, each)[1] for each in asked]
    took = sorted(took[10:])
    return {
        'offers': offers,
        'median_ms': round(statistics.median(took), 2),
        'most_ms': round(took[-1], 2),
    }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--sizes', type=int, nargs='+', default=[100, 300, 1000])
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3])
    parser.add_argument('--seconds', type=float, help='instead of those by size')
    parser.add_argument('--out', type=pathlib.Path)
    parser.add_argument('--plots', type=pathlib.Path)
    args = parser.parse_args(argv)
    # What is compiled is compiled before anything is measured.
    budget = mechanisms.Budget(seconds=None, moves=50)
    _, ready = measured(call.Call().allocate, warmup.book(markets.NOW), budget)
    small = markets.draw(40, 40, 1)
    second_price.SecondPrice().settle(small, call.Call().allocate(small, budget))
    sizes = []
    for number in sorted(args.sizes):
        seeds = args.seeds if number < 10_000 else args.seeds[:1]
        seconds = args.seconds or SECONDS.get(number, 10)
        sizes.append(size(number, seeds, seconds))
        print(json.dumps(sizes[-1]), file=sys.stderr, flush=True)
    result = {
        'python': platform.python_version(),
        'seeds': args.seeds,
        'ready_seconds': round(ready, 2),
        'sizes': sizes,
        'growth': growth(sizes, 'greedy'),
        'arrival': arrival(),
        'quote': quoting(),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if args.out:
        args.out.write_text(text + '\n')
    if args.plots:
        from matcher import plots

        plots.clearing(result, args.plots)


if __name__ == '__main__':
    main()
