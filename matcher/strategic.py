# SPDX-License-Identifier: Apache-2.0
"""Bidders that learn to shade, and what that does to a market under each pricing.

A share of the renters' projects and of the owners are strategic; the others say what
they mean. A strategic renter bids its value times one of ``BIDS``, a strategic owner
asks its cost times one of ``ASKS``. Which one, they learn by reinforcement: Roth and
Erev, "Learning in extensive-form games", Games and Economic Behavior 8 (1995), with the
changes of Nicolaisen, Petrov and Tesfatsion, "Market power and efficiency in a
computational electricity market with discriminatory double-auction pricing", IEEE
Transactions on Evolutionary Computation 5 (2001). A factor is drawn with a probability
in proportion to its propensity; what it brought is added to it, a little of that to the
others, and all are forgotten slowly. Renters learn from each request, once it is served
or hopeless, and from those of each other, as no one project has enough of them; an
owner learns from each of its weeks. The market is played several times over, and what
is counted is the last time.

Welfare is counted with the true values and costs.
"""

import collections
import dataclasses
import datetime
import decimal
import itertools
import random

from flocx.core import money
from matcher import book
from matcher import replay

#: Parts of its value that a renter may bid, and multiples of its cost that an owner
#: may ask.
BIDS = tuple(map(decimal.Decimal, ('1', '0.95', '0.9', '0.8', '0.7', '0.6', '0.5')))
ASKS = tuple(map(decimal.Decimal, ('1', '1.05', '1.1', '1.25', '1.5', '2')))

#: How fast is forgotten, how much goes to factors that were not tried, and what each
#: begins with, in parts of the most that can be gained.
FORGET, EXPERIMENT, INITIAL = 0.04, 0.1, 0.3

#: How often a market is played over.
PASSES = 3

#: Who may be strategic.
SIDES = ('renters', 'owners')

#: How often owners change what they ask.
PERIOD = datetime.timedelta(days=7)


class Learner:
    """Chooses one of some factors, and learns what each brings."""

    def __init__(self, factors):
        self._factors = factors
        self._propensities = [INITIAL] * len(factors)

    def choose(self, rng):
        """The place of a factor."""
        (place,) = rng.choices(range(len(self._factors)), self._propensities)
        return place

    def factor(self, place):
        return self._factors[place]

    def learn(self, place, reward):
        """:param reward: what the factor at ``place`` brought, from 0 to 1."""
        others = len(self._factors) - 1
        for each, propensity in enumerate(self._propensities):
            part = reward * (1 - EXPERIMENT)
            if each != place:
                part = propensity * EXPERIMENT / others
            self._propensities[each] = max(1e-6, propensity * (1 - FORGET) + part)

    @property
    def mean(self):
        """The factor that it has come to choose, on average."""
        total = sum(self._propensities)
        weighted = zip(self._factors, self._propensities, strict=True)
        return sum(float(factor) * each for factor, each in weighted) / total


@dataclasses.dataclass
class Totals:
    """Sums in credits, with the true values and costs."""

    requests: int = 0
    welfare: decimal.Decimal = decimal.Decimal(0)
    income: decimal.Decimal = decimal.Decimal(0)
    surplus: decimal.Decimal = decimal.Decimal(0)


class Play:
    """One market from its first request to the last, under one pricing."""

    def __init__(self, scene, share, seed, sides=SIDES):
        """:param share: which part of those on the strategic ``sides`` is strategic."""
        self._rng = random.Random(seed)
        self._scene = scene
        renters, owners = (share * (side in sides) for side in SIDES)
        self._renters = self._learners(scene.requests, renters, BIDS)
        self._owners = self._learners(scene.offers, owners, ASKS)
        self._values = {each.uuid: each for each in scene.requests}
        self._costs = {each.uuid: each.price for each in scene.offers}
        self._taken = collections.defaultdict(list)
        #: The factor of each request, and of each owner in this period.
        self._chosen, self._asked = {}, {}
        self._gained = collections.Counter()
        self._most = collections.Counter()
        self.totals = Totals()

    def _learners(self, things, share, factors):
        projects = sorted({each.project_id for each in things})
        strategic = self._rng.sample(projects, round(share * len(projects)))
        # One head for all renters; what one owner gets says little of another.
        shared = Learner(factors)
        return {
            each: shared if factors is BIDS else Learner(factors) for each in strategic
        }

    def run(self, allocation, pricing, budget, interval, progress):
        """Clear the market every ``interval`` seconds; return the Totals.

        What has been learned stays for the next time.
        """
        scene = self._scene
        self.totals = Totals()
        self._taken.clear()
        self._asked.clear()
        self._gained.clear()
        market = book.Book(scene.requests[0].created_at, scene.offers)
        due, done = market.now, 0
        for now, arrivals in itertools.groupby(
            scene.requests,
            key=lambda each: replay.round_after(each.created_at, interval),
        ):
            market.at(now)
            if now >= due:
                self._ask(market)
                due = now + PERIOD
            done += self._bid(market, arrivals)
            allotment = allocation.allocate(market, budget)
            settled = pricing.settle(market, allotment)
            for award, pays, gets in zip(
                settled.awards, settled.pays, settled.gets, strict=True
            ):
                self._serve(market, award, pays, gets)
            progress('play', done / len(scene.requests))
        return self.totals

    def _ask(self, market):
        """Let owners learn from the last period and ask anew."""
        for project_id, learner in sorted(self._owners.items()):
            if project_id in self._asked:
                gained = float(self._gained[project_id])
                self._most[project_id] = max(self._most[project_id], gained, 1e-9)
                learner.learn(self._asked[project_id], gained / self._most[project_id])
            self._asked[project_id] = learner.choose(self._rng)
        self._gained.clear()
        for offer in market.offers:
            learner = self._owners.get(offer.project_id)
            if learner:
                factor = learner.factor(self._asked[offer.project_id])
                price = money.quantised(self._costs[offer.uuid] * factor)
                asking = dataclasses.replace(offer, price=price)
                market.put_offer(asking, self._taken[offer.uuid])

    def _bid(self, market, arrivals):
        """Drop what is hopeless, and place what comes; return how many came."""
        for bid in market.bids:
            if bid.hopeless(market.now):
                market.drop_bid(bid.uuid)
                self._learn(bid, 0.0)
        came = 0
        for bid in arrivals:
            came += 1
            learner = self._renters.get(bid.project_id)
            if learner:
                self._chosen[bid.uuid] = learner.choose(self._rng)
                factor = learner.factor(self._chosen[bid.uuid])
                bid = dataclasses.replace(
                    bid, price=money.quantised(bid.price * factor)
                )
            if not bid.hopeless(market.now):
                market.put_bid(bid)
        return came

    def _learn(self, bid, reward):
        if bid.uuid in self._chosen:
            self._renters[bid.project_id].learn(self._chosen[bid.uuid], reward)

    def _serve(self, market, award, pays, gets):
        value = self._values[award.bid.uuid].price
        hours = decimal.Decimal(award.stay.seconds) / money.SECONDS_PER_HOUR
        costs = [self._costs[offer.uuid] for offer in award.offers]
        worth = value * len(pays)
        self.totals.requests += 1
        self.totals.welfare += (worth - sum(costs)) * hours
        self.totals.income += sum(gets) * hours
        self.totals.surplus += (worth - sum(pays)) * hours
        self._learn(award.bid, float((worth - sum(pays)) / worth) if worth else 0.0)
        market.drop_bid(award.bid.uuid)
        for offer, get, cost in zip(award.offers, gets, costs, strict=True):
            self._gained[offer.project_id] += (get - cost) * hours
            self._taken[offer.uuid].append(award.stay)
            market.put_offer(offer, self._taken[offer.uuid])

    def shading(self):
        """What renters have come to bid of their values, and owners to ask."""
        return {
            name: round(sum(each.mean for each in learners.values()) / len(learners), 3)
            for name, learners in (('renters', self._renters), ('owners', self._owners))
            if learners
        }


def compare(
    scene,
    allocation,
    pricings,
    budget,
    interval,
    share,
    seed,
    progress,
    sides=SIDES,
    passes=PASSES,
):
    """{pricing: what strategy does under it}, as JSON.

    ``welfare`` and the rest are of the market with strategic bidders, ``truthful`` is
    the welfare of the same market without any, and ``lost`` the part of it that
    strategy costs.

    :param pricings: the rules by name.
    """
    results = {}
    for name, pricing in pricings.items():
        truth = Play(scene, 0, seed).run(
            allocation, pricing, budget, interval, progress
        )
        play = Play(scene, share, seed, sides)
        for _ in range(passes):
            totals = play.run(allocation, pricing, budget, interval, progress)
        lost = 1 - totals.welfare / truth.welfare if truth.welfare else 0
        results[name] = {
            'requests': totals.requests,
            'welfare': money.text(totals.welfare),
            'truthful': money.text(truth.welfare),
            'lost': round(float(lost), 4),
            'owners_income': money.text(totals.income),
            'renters_surplus': money.text(totals.surplus),
            'shading': play.shading(),
        }
    return results
