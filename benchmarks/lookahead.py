# SPDX-License-Identifier: Apache-2.0
"""Whether rounds that think of demand to come reach more than rounds that do not.

    python -m benchmarks.lookahead --generate 1500 --seed 1
    python -m benchmarks.lookahead --requests requests.csv --servers servers.csv \\
        --types server_types.json

The first half of the requests, by their submission, is what a policy learns from; what
it reaches is told for both halves. On the second nothing was chosen or learned. Beside
it stand the rounds as they are, and the bound of who had known the half beforehand.

*Bid prices* (Talluri and van Ryzin 1998): time that lies ahead is worth what others may
yet offer for it. That is the dual price of the past for this kind of server, times the
part of demand that comes with a shorter lead. A bid that leaves less than ``scale``
times this waits.

*Expected demand* (certainty-equivalent control; van Hentenryck and Bent 2006): a round
is cleared together with requests that the past lets expect in the two weeks after it,
and what these get is left alone until they or others are there.
"""

import argparse
import bisect
import collections
import concurrent.futures
import dataclasses
import datetime
import json
import random
import sys

import numpy as np

from matcher import book
from matcher import hindsight
from matcher import mechanisms
from matcher import replay
from matcher.mechanisms import call
from matcher.mechanisms import figures
from matcher.mechanisms import second_price

INTERVAL = 3600
SCALES = (0.5, 1.0, 2.0, 4.0)
#: Parts of what is expected that a round is cleared with.
PARTS = (0.25, 0.5, 1.0)
#: How far ahead requests are expected, in seconds: two weeks.
AHEAD = 14 * 86400
_HOUR = 3600


class Patient(mechanisms.Allocation):
    """Clears what is worth being sold now."""

    NAME = 'bid_prices'

    def __init__(self, history, scale):
        self._history, self._scale = history, scale

    def allocate(self, book, budget):
        waiting = [each for each in book.bids if not self._worth_it(book.now, each)]
        for each in waiting:
            book.drop_bid(each.uuid)
        try:
            return call.Call().allocate(book, budget)
        finally:
            for each in waiting:
                book.put_bid(each)

    def _worth_it(self, now, bid):
        """Whether it leaves more than what its time may yet be worth to others."""
        start = max(now, bid.start_time)
        latest = bid.end_time - datetime.timedelta(seconds=bid.duration)
        lead = max(start, latest) - now
        worth = self._history.price(bid) * self._history.later(bid, lead)
        ask = self._history.ask(bid)
        return float(bid.price) - ask >= self._scale * worth


class Expecting(mechanisms.Allocation):
    """Clears a round together with a draw of the requests that are to be expected."""

    NAME = 'expected_demand'

    def __init__(self, history, part, seed):
        self._history, self._part = history, part
        self._rng = random.Random(seed)

    def allocate(self, book, budget):
        expected = self._history.draw(self._rng, book.now, self._part)
        for each in expected:
            book.put_bid(each)
        try:
            found = call.Call().allocate(book, budget)
        finally:
            for each in expected:
                book.drop_bid(each.uuid)
        real = {each.uuid for each in book.bids}
        awards = [each for each in found.awards if each.bid.uuid in real]
        welfare = figures.credits(figures.worth(awards))
        return dataclasses.replace(
            found, awards=tuple(awards), welfare=welfare, upper_bound=None
        )


class History:
    """What the first half of the requests teaches.

    :param scene: a replay.Scene of those requests.
    """

    def __init__(self, scene, budget):
        self._requests = scene.requests
        self._first = scene.requests[0].created_at
        self._span = scene.requests[-1].created_at - self._first
        self._asks = {}
        for each in scene.offers:
            ask = float(each.price)
            kind = each.resource_class
            self._asks[kind] = min(ask, self._asks.get(kind, ask))
        self._prices = _mean_prices(scene, budget)
        self._leads = collections.defaultdict(list)
        for each in scene.requests:
            lead = (each.start_time - each.created_at).total_seconds()
            hours = each.quantity * each.duration / _HOUR
            self._leads[_kind(each)].append((lead, hours))
        for leads in self._leads.values():
            leads.sort()
            total = sum(hours for _, hours in leads)
            before = 0.0
            for at, (lead, hours) in enumerate(leads):
                before += hours
                leads[at] = lead, before / total

    def price(self, bid):
        """What an hour of such a server was worth beyond its ask, on average."""
        return self._prices.get(_kind(bid), 0.0)

    def ask(self, bid):
        """The least that anybody asks for an hour of such a server."""
        return self._asks.get(_kind(bid), 0.0)

    def later(self, bid, lead):
        """The part of demand, in server-hours, that comes with less than that lead."""
        leads = self._leads.get(_kind(bid), ())
        at = bisect.bisect_left(leads, (lead.total_seconds(), 0.0))
        return leads[at - 1][1] if at else 0.0

    def draw(self, rng, now, part):
        """Requests like those of a random stretch of the past, moved to after now."""
        ahead = datetime.timedelta(seconds=AHEAD)
        begins = self._first + (self._span - ahead) * rng.random()
        shift = now - begins
        return [
            dataclasses.replace(
                each,
                uuid=f'expected-{each.uuid}',
                project_id='expected',
                created_at=now,
                updated_at=now,
                start_time=each.start_time + shift,
                end_time=each.end_time + shift,
            )
            for each in self._requests
            if begins < each.created_at <= begins + ahead and rng.random() < part
        ]


def _kind(bid):
    """The resource class that a request of a replay asks for."""
    return bid.requirements[0][2]


def _mean_prices(scene, budget):
    """Of the dual prices of who knew it all, the mean beyond the ask, by class.

    The mean is that of the hours in which requests of the scene may run.
    """
    first = scene.requests[0].created_at
    market = book.Book(first, scene.offers, {}, scene.requests)
    prices = call.Call().allocate(market, budget).prices
    until = max(each.end_time for each in scene.requests) - prices.now
    edges = np.minimum(prices.dual.edges, until // datetime.timedelta(seconds=1))
    lengths = np.diff(edges)
    sums = collections.defaultdict(lambda: [0.0, 0])
    for each in scene.offers:
        kind = prices.kinds.get(each.uuid)
        seen = sums[each.resource_class]
        seen[1] += 1
        if kind is not None:
            beyond = np.maximum(0, prices.dual.prices[kind] / 1e6 - float(each.price))
            seen[0] += float(beyond @ lengths / lengths.sum())
    return {kind: total / number for kind, (total, number) in sums.items()}


def halves(scene):
    """Two scenes with the same servers, of the earlier and of the later requests."""
    middle = len(scene.requests) // 2
    return [
        dataclasses.replace(scene, requests=requests)
        for requests in (scene.requests[:middle], scene.requests[middle:])
    ]


def policies(history, seed):
    """All that is tried, by name."""
    tried = {'rounds': call.Call()}
    tried |= {f'bid_prices {each}': Patient(history, each) for each in SCALES}
    tried |= {
        f'expected_demand {each}': Expecting(history, each, seed) for each in PARTS
    }
    return tried


def measure(scene, seed, moves, workers=2):
    """Welfare by policy, in parts of the bound, on both halves of ``scene``.

    :return: {policy: [on the half it learned from, on the other]}.
    """
    earlier, later = halves(scene)
    budget = mechanisms.Budget(seconds=None, moves=moves)
    bounds = [hindsight.of(each, budget).upper_bound for each in (earlier, later)]
    history = History(earlier, budget)
    shares = {}
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        running = {
            (name, at): pool.submit(_welfare, half, policy, budget)
            for name, policy in policies(history, seed).items()
            for at, half in enumerate((earlier, later))
        }
        for (name, at), one in running.items():
            shares.setdefault(name, []).append(float(one.result() / bounds[at]))
            print(name, at, shares[name], file=sys.stderr, flush=True)
    return shares


def _welfare(scene, policy, budget):
    account = replay.replay(
        scene,
        policy,
        second_price.SecondPrice(),
        budget,
        INTERVAL,
        True,
        lambda *_: None,
    )
    return figures.credits(figures.worth(award for _, award, _ in account.awards))


def main():
    """Print the shares as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ('requests', 'servers', 'types'):
        parser.add_argument(f'--{name}', type=argparse.FileType())
    parser.add_argument('--generate', type=int, help='make up so many requests')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--moves', type=int, default=2000, help='of each round')
    args = parser.parse_args()
    if args.generate:
        scene = replay.generated(args.generate, args.seed)
    else:
        scene = replay.scene(args.requests, args.servers, args.types, args.seed)
    json.dump(measure(scene, args.seed, args.moves), sys.stdout, indent=2)
    print()


if __name__ == '__main__':
    main()
