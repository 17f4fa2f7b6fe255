# SPDX-License-Identifier: Apache-2.0
"""The best awards there are, by a solver: for small markets, tests and studies.

Each bid is an interval of its length that may begin at any second of its window; on
each lot it takes some servers or none, and never more are taken at once than there
are. CP-SAT (Perron, Didier and Gay, "The CP-SAT-LP solver", 2023) works on these
intervals and on integers, so there is neither a grid nor a tolerance.
"""

import collections
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import decimal
import itertools
import typing

import numpy as np

from flocx.core import offer as offer_core
from matcher import book as matcher_book
from matcher import mechanisms
from matcher.mechanisms import displacement_search
from matcher.mechanisms import figures
from matcher.mechanisms import hopeful
from matcher.mechanisms import lots as lot_figures
from matcher.mechanisms import tariffs

#: Pairs of a bid and a lot that a solver is asked to look at.
LIMIT = 20_000

#: The solver's sums stay below this.
LARGEST = 2**62


class _Line(typing.NamedTuple):
    """What a bid may have of a lot: its interval there, and how many servers.

    ``surplus`` is what all of them leave over, where the lot has a tariff.
    """

    bid: int
    lot: int
    stay: typing.Any
    servers: typing.Any
    surplus: typing.Any = None


class Yielding(typing.NamedTuple):
    """What interruptible contracts have of the free time of lots of one server each.

    ``tenures`` are by lot. Bids that are not ``firm``, by number, may have of these
    lots what is ``free``: starts and ends in turns.
    """

    tenures: dict[int, list[displacement_search.Seconds]]
    free: dict[int, list[int]]
    firm: list[bool]


_NOTHING = Yielding({}, {}, [])


class _Model:
    """The market as the solver sees it; ``start`` and ``wins`` are by bid."""

    def __init__(self, library: typing.Any) -> None:
        self.library = library
        self.problem = library.CpModel()
        self.start: dict[int, typing.Any] = {}
        self.wins: dict[int, typing.Any] = {}
        #: By the head of a bundle whose parts are to be of one group, the groups.
        self.groups: dict[int, dict[int, typing.Any]] = {}
        self.lines: list[_Line] = []
        #: What is lost, each a value and by how many seconds.
        self.lost: list[tuple[int, typing.Any]] = []


class Exact(mechanisms.Allocation):
    """Maximal welfare, proved; refused where the market is not small.

    Needs OR-Tools: ``pip install flocx[exact]``.
    """

    NAME = 'exact'
    DESCRIPTION = 'The most welfare there is, by a solver; small markets only'
    DISPLACES = True

    def allocate(
        self, book: matcher_book.Book, budget: mechanisms.Budget
    ) -> mechanisms.Allotment:
        """:raises Refused: the market is too large, or time is up."""
        solver = Solver(budget.seed)
        if book.tenures:
            awards = _displacing(book, solver, budget.seconds)
        else:
            market = hopeful.of(book)
            awards = solver.most(market, budget.seconds) if market.bids else []
        worth = figures.worth(awards)
        welfare = figures.credits(worth)
        most = worth + rounding(book.offers, awards)
        return mechanisms.Allotment(
            awards=awards,
            welfare=welfare,
            upper_bound=figures.credits(most, decimal.ROUND_CEILING)
            if most > worth
            else welfare,
            always_best=True,
        )


def _displacing(
    book: matcher_book.Book, solver: 'Solver', seconds: float | None
) -> list[matcher_book.Award]:
    """The awards worth most, where firm bids may displace interruptible contracts."""
    yielding = book.yielding()
    market, tenures = hopeful.of(yielding), book.tenures
    if not market.bids:
        return []
    places = {
        offer.uuid: place
        for place, offer in enumerate(market.offers)
        if offer.uuid in tenures
    }
    lots = lot_figures.of(market.supply, places.values())
    numbers = {
        lots.offers[at]: lot for lot, at in enumerate(lots.offer_at[:-1].tolist())
    }
    free: dict[int, list[int]] = {}
    lost: dict[int, list[displacement_search.Seconds]] = {}
    for uuid, place in places.items():
        lot, offer = numbers[place], market.offers[place]
        free[lot] = [
            figures.seconds(book.now, each)
            for window in book.free(offer)
            for each in (window.start, window.end)
        ]
        lost[lot] = [
            displacement_search.in_seconds(each, offer, book.now)
            for each in tenures[uuid]
        ]
    firm = [bid.interruptible_notice is None for bid in market.bids]
    yields = Yielding(lost, free, firm)
    found = solver.most(market, seconds, lots=lots, yields=yields)
    return displacement_search.attributed(book, yielding, found)


def rounding(
    offers: Iterable[offer_core.Offer], awards: Iterable[matcher_book.Award]
) -> int:
    """What the best awards are worth less, at most, as their asks are rounded up.

    The solver knows what a stay is asked for exactly; an award has a price an hour.
    """
    by_hour = {each.uuid for each in offers if each.by_hour}
    return sum(
        award.stay.seconds
        for award in awards
        for each in award.offers
        if each.uuid in by_hour
    )


class Solver:
    """Solves one market after another, until somebody stops it."""

    def __init__(self, seed: int):
        self._seed = seed
        self._stopped = False
        self._stop: Callable[[], None] = lambda: None

    def stop(self) -> None:
        """End it from another thread: it solves nothing any more."""
        self._stopped = True
        self._stop()

    def most(
        self,
        market: figures.Figures,
        seconds: float | None,
        *,
        work: float | None = None,
        kept: dict[str, int] | None = None,
        lots: lot_figures.Lots | None = None,
        yields: Yielding = _NOTHING,
    ) -> list[matcher_book.Award]:
        """The awards worth most; ``seconds`` are all that may be spent on them.

        :param work: all that may be spent on any machine: about seconds, counted in
            what CP-SAT does (its deterministic time).
        :param kept: by a bid's uuid what it keeps to itself if it wins, as a value: it
            counts for nothing.
        :param lots: those of ``market``, if they are known.
        :param yields: what of their time interruptible contracts have.

        :raises Refused: the market is too large, or time is up.
        """
        try:
            from ortools.sat.python import cp_model
        except ImportError:
            raise mechanisms.Refused('exact: OR-Tools is not installed') from None
        lots = lots or lot_figures.of(market.supply)
        # What a lot with a tariff asks for is another line between any two changes.
        looks = len(lots.ask) + sum(
            2 * int(size)
            for size in np.diff(lots.tariffs.at)[lots.tariff[lots.tariff >= 0]]
        )
        if len(market.bids) * looks > LIMIT:
            raise mechanisms.Refused('exact: the market is too large')
        model = _model(cp_model, market, lots, kept or {}, yields)
        solver = cp_model.CpSolver()
        # Of several threads it would depend on the machine which ends first.
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self._seed
        if seconds is not None:
            solver.parameters.max_time_in_seconds = seconds
        if work is not None:
            solver.parameters.max_deterministic_time = work
        self._stop = solver.stop_search
        if self._stopped or solver.solve(model.problem) != cp_model.OPTIMAL:
            raise mechanisms.Refused('exact: not solved in the time given')
        return _awards(market, lots, model, solver.value)


def _model(
    library: typing.Any,
    market: figures.Figures,
    lots: lot_figures.Lots,
    kept: dict[str, int],
    yields: Yielding,
) -> _Model:
    model = _Model(library)
    for bid in range(len(market.bids)):
        _may_win(market, lots, model, bid, yields)
    heads = market.demand.head.tolist()
    for first, end in itertools.pairwise(market.demand.group_at.tolist()):
        wins = [model.wins[bid] for bid in range(first, end) if heads[bid] == bid]
        if len(wins) > 1:
            model.problem.add_at_most_one(wins)
    _together(market, model)
    for lot, size in enumerate(lots.size.tolist()):
        there = [line for line in model.lines if line.lot == lot]
        model.problem.add_cumulative(
            [line.stay for line in there], [line.servers for line in there], size
        )
    _may_lose(model, yields)
    _maximize(market, lots, model, kept)
    return model


def _may_lose(model: _Model, yields: Yielding) -> None:
    """Let interruptible contracts end earlier, or not at all begin."""
    problem = model.problem
    for lot, tenures in yields.tenures.items():
        stays = [line.stay for line in model.lines if line.lot == lot]
        for begin, end, least, gap, rate in tenures:
            until = problem.new_int_var(least, end, f'{lot} until')
            stays_on = problem.new_bool_var(f'{lot} stays')
            # What nobody can have anyway is not free.
            since = begin - gap if least == begin else least
            size = problem.new_int_var(0, end + gap - since, f'{lot} held')
            held = problem.new_optional_interval_var(
                since, size, until + gap, stays_on, f'{lot} is held'
            )
            problem.add_no_overlap([*stays, held])
            if least > begin:
                problem.add(stays_on == 1)
            problem.add(until == least).only_enforce_if(stays_on.negated())
            model.lost.append((rate, end - until))


def _together(market: figures.Figures, model: _Model) -> None:
    """Have all parts of a bundle begin with it, or none win."""
    shifts = market.demand.shift.tolist()
    for bid, head in enumerate(market.demand.head.tolist()):
        if head != bid:
            model.problem.add(model.wins[bid] == model.wins[head])
            model.problem.add(model.start[bid] == model.start[head] + shifts[bid])


def _may_win(
    market: figures.Figures,
    lots: lot_figures.Lots,
    model: _Model,
    bid: int,
    yields: Yielding,
) -> None:
    """Say what ``bid`` may have: nothing, or as many servers as it asks for."""
    demand, problem = market.demand, model.problem
    length = int(demand.length[bid])
    early, late = int(demand.earliest[bid]), int(demand.latest[bid]) - length
    start = model.start[bid] = problem.new_int_var(early, late, f'start {bid}')
    wins = model.wins[bid] = problem.new_bool_var(f'wins {bid}')
    heres, taken = [], []
    for lot, starts in _open_to(market, lots, bid, yields):
        most = min(int(lots.size[lot]), int(demand.most[bid]))
        here = problem.new_bool_var(f'{bid} in {lot}')
        servers = problem.new_int_var(0, most, f'of {lot} for {bid}')
        unit = int(lots.unit[lot])
        problem.add(servers >= unit * here)
        problem.add(servers <= most * here)
        times = model.library.Domain.from_intervals(starts)
        problem.add_linear_expression_in_domain(start, times).only_enforce_if(here)
        stay = problem.new_optional_fixed_size_interval_var(
            start, length, here, f'{bid} stays in {lot}'
        )
        line = _Line(bid, lot, stay, servers)
        if lots.tariff[lot] >= 0:
            line = line._replace(
                surplus=_surplus(market, lots, model, line, here, starts)
            )
        model.lines.append(line)
        taken.append((lot, servers))
        heres.append((lot, here))
    _in_groups(market, lots, model, bid, heres, taken)
    problem.add(sum(servers for _, servers in taken) >= int(demand.least[bid]) * wins)
    problem.add(sum(servers for _, servers in taken) <= int(demand.most[bid]) * wins)


def _surplus(
    market: figures.Figures,
    lots: lot_figures.Lots,
    model: _Model,
    line: _Line,
    here: typing.Any,
    starts: Sequence[tuple[int, int]],
) -> typing.Any:
    """What all servers of ``line`` leave over, a variable; never less than nothing.

    As a function of the start it is linear between the starts at which either end
    meets a change of what is asked.
    """
    problem, start = model.problem, model.start[line.bid]
    length = int(market.demand.length[line.bid])
    value = int(market.demand.ceiling[line.bid]) * length
    changes = tariffs.starts(lots.tariffs, int(lots.tariff[line.lot]), length)
    each = problem.new_int_var(0, value, f'of one in {line.lot} for {line.bid}')
    chosen = []
    for first, last in starts:
        cuts = sorted({first, last, *(at for at in changes if first < at < last)})
        for low, high in itertools.pairwise(cuts if first < last else [first, first]):
            left, then = (
                value - lot_figures.asked_exactly(lots, line.lot, at, length)
                for at in (low, high)
            )
            if max(left, then) < 0:
                continue
            slope = (then - left) // max(1, high - low)
            within = problem.new_bool_var(f'{line.bid} in {line.lot} from {low}')
            problem.add_linear_constraint(start, low, high).only_enforce_if(within)
            problem.add(each == left + slope * (start - low)).only_enforce_if(within)
            chosen.append(within)
    problem.add(sum(chosen) == here)
    problem.add(each == 0).only_enforce_if(~here)
    most = min(int(lots.size[line.lot]), int(market.demand.most[line.bid]))
    if most == 1:
        return each
    surplus = problem.new_int_var(0, most * value, f'in {line.lot} for {line.bid}')
    problem.add_multiplication_equality(surplus, [each, line.servers])
    return surplus


def _in_groups(
    market: figures.Figures,
    lots: lot_figures.Lots,
    model: _Model,
    bid: int,
    heres: Sequence[tuple[int, typing.Any]],
    taken: Sequence[tuple[int, typing.Any]],
) -> None:
    """Have all servers of one group, and at most so many of one, where it asks that.

    :param heres: by lot, whether ``bid`` has any of it; ``taken``, how many.
    """
    row, apart = int(market.demand.together[bid]), int(market.demand.apart[bid])
    if row >= 0:
        its = [(int(lots.value[row, lot]), here) for lot, here in heres]
        there = _groups(market, model, bid, sorted({group for group, _ in its}))
        for group, here in its:
            if group in there:
                model.problem.add_implication(here, there[group])
            else:
                model.problem.add(here == 0)
    if apart >= 0:
        by_group = collections.defaultdict(list)
        for lot, servers in taken:
            by_group[int(lots.value[apart, lot])].append(servers)
        for several in by_group.values():
            model.problem.add(sum(several) <= int(market.demand.apart_most[bid]))


def _groups(
    market: figures.Figures, model: _Model, bid: int, groups: Sequence[int]
) -> dict[int, typing.Any]:
    """Whether ``bid`` is in each of ``groups``, one of them at most.

    Of parts that are to be of one group it is what it is of the first: where that
    cannot be, none can.
    """
    head = int(market.demand.head[bid])
    if market.demand.jointly[bid] and head != bid:
        return model.groups[head]
    there = {
        group: model.problem.new_bool_var(f'{bid} in group {group}') for group in groups
    }
    model.problem.add_at_most_one(there.values())
    model.groups[bid] = there
    return there


def _open_to(
    market: figures.Figures, lots: lot_figures.Lots, bid: int, yields: Yielding
) -> list[tuple[int, list[tuple[int, int]]]]:
    """Lots that ``bid`` may have servers of, and its first and last starts there."""
    demand = market.demand
    length = int(demand.length[bid])
    early, latest = int(demand.earliest[bid]), int(demand.latest[bid])
    found = []
    for lot, kind in enumerate(lots.kind.tolist()):
        if (
            demand.suits[demand.like[bid], kind]
            and lots.ask[lot] <= demand.ceiling[bid]
            and lots.owner[lot] != demand.bidder[bid]
        ):
            at = int(lots.step_at[lot])
            # Of an empty plan: free and not free in turns.
            ends = lots.since[at : at + int(lots.steps[lot])].tolist()
            if lot in yields.free and not yields.firm[bid]:
                ends = yields.free[lot]
            starts = [
                (max(since, early), min(until, latest) - length)
                for since, until in zip(ends[::2], ends[1::2], strict=True)
            ]
            fits = [(first, last) for first, last in starts if first <= last]
            if fits:
                found.append((lot, fits))
    return found


def _maximize(
    market: figures.Figures,
    lots: lot_figures.Lots,
    model: _Model,
    kept: dict[str, int],
) -> None:
    """Ask for the most welfare and, where it is the same, for the most servers.

    :raises Refused: the solver cannot count that far.
    """
    demand = market.demand
    worth = [
        (int(demand.ceiling[line.bid]) - int(lots.ask[line.lot]))
        * int(demand.length[line.bid])
        for line in model.lines
    ]
    by_hour = [line.surplus is not None for line in model.lines]
    # A trade at zero surplus is a trade all the same.
    scale = 1 if all(worth) and not any(by_hour) else 1 + int(demand.most.sum())
    weights = [value * scale + (scale > 1) for value in worth]
    lost = sum(scale * rate * seconds for rate, seconds in model.lost)
    if sum(weights) * int(demand.most.max()) >= LARGEST:
        raise mechanisms.Refused('exact: values beyond 64 bits')
    surplus = sum(
        weight * line.servers
        if line.surplus is None
        else scale * line.surplus + line.servers
        for weight, line in zip(weights, model.lines, strict=True)
    )
    model.problem.maximize(
        surplus
        - lost
        - sum(
            scale * kept.get(bid.uuid, 0) * model.wins[number]
            for number, bid in enumerate(market.bids)
            if demand.parts[number]
        )
    )


def _awards(
    market: figures.Figures,
    lots: lot_figures.Lots,
    model: _Model,
    value: Callable[[typing.Any], int],
) -> list[matcher_book.Award]:
    stays: dict[int, list[tuple[int, int, int, int]]] = {}
    for bid, lot, _, servers, _ in model.lines:
        if count := value(servers):
            start = value(model.start[bid])
            end = start + int(market.demand.length[bid])
            stays.setdefault(lot, []).append((start, bid, end, count))
    given: dict[int, list[int]] = {}
    for lot, taken in stays.items():
        offers = lots.offers[lots.offer_at[lot] : lots.offer_at[lot + 1]].tolist()
        for bid, got in lot_figures.servers(offers, taken).items():
            given.setdefault(bid, []).extend(got)
    return [
        market.award(bid, value(model.start[bid]), offers)
        for bid, offers in sorted(given.items())
    ]


def without(book: matcher_book.Book, uuid: str) -> matcher_book.Book:
    """``book`` as if the bid or offer ``uuid`` were not in it."""
    taken = {offer.slot: offer.window.minus(book.free(offer)) for offer in book.offers}
    return matcher_book.Book(
        book.now,
        [offer for offer in book.offers if offer.uuid != uuid],
        taken,
        [bid for bid in book.bids if bid.uuid != uuid],
    )


def worth(book: matcher_book.Book, budget: mechanisms.Budget) -> int:
    """The most welfare there is, as a value."""
    return figures.worth(Exact().allocate(book, budget).awards)
