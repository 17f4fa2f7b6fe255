# SPDX-License-Identifier: Apache-2.0
"""Rounds of the auction: read the market, clear it, write the contracts.

The mechanism proposes, the database disposes: a contract whose offers or bid
have changed since they were read is not written, and waits for the next round.
"""

import dataclasses
import datetime
import decimal
import functools
import itertools
import math
import threading
import time

from oslo_log import log
from oslo_utils import uuidutils

from flocx import db
from flocx import exceptions
from flocx import metrics
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from market import displacements
from market.db import bids
from market.db import contracts
from market.db import offers
from market.db import rounds
from market.db import unmatched_reasons
from matcher import book_cache
from matcher import diagnostics
from matcher import drafts
from matcher import mechanisms
from matcher import partition
from matcher import plugins
from matcher import quotes
from matcher import terms
from matcher import warmup
from matcher.mechanisms import displacement
from matcher.mechanisms import figures
from matcher.mechanisms import immediate
from matcher.mechanisms import native

LOG = log.getLogger(__name__)

#: Contracts in one transaction.
_CONTRACTS_PER_TRANSACTION = 500

#: The largest amount that a column holds.
_LARGEST_AMOUNT = decimal.Decimal(10) ** 14 - 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did; ``welfare`` is in credits, of the contracts written."""

    uuid: str
    time: object
    allocation: str
    pricing: str
    offers: int
    bids: int
    contracts: int
    conflicts: int
    welfare: decimal.Decimal
    upper_bound: decimal.Decimal | None
    gap: float | None
    prices: object
    seconds: float


class Rounds:
    """Clears the market of one database; any number of them may share it."""

    def __init__(self, conf, database, sharing=None):
        """:param sharing: a coordination.Shared that says what is this engine's; None
        for all.
        """
        self._database, self._sharing = database, sharing
        self._allocation, self._pricing = chosen(conf)
        self._budget = mechanisms.Budget(
            seconds=conf.matcher.round_seconds, seed=conf.matcher.seed
        )
        self._terms = terms.MarketTerms(conf)
        # What is displaced has its notice from when that is written: no round takes
        # much longer than it may.
        margin = datetime.timedelta(seconds=math.ceil(2 * conf.matcher.round_seconds))
        self._reader = book_cache.Reader(database, self._terms, margin)
        #: The market for quotes, which are asked for while a round goes on.
        self._quoted = book_cache.Reader(database, self._terms)
        self._quoting = threading.Lock()
        self._told = {}
        #: The second up to which everything past is closed.
        self._expired = None
        #: When all of the market was last cleared, on a monotonic clock, how long it
        #: took, and how often it is.
        self._whole, self._whole_took = None, 0
        self._conf = conf.matcher
        #: What the last round's prices were; the next one begins with them.
        self._prices = None

    def note(self, resource_type, uuid):
        """An offer, bid or contract has changed: the next round looks."""
        self._reader.note(resource_type, uuid)

    def run(self, now):
        """Close what has expired and clear the market as it is; return the Round."""
        started, uuid = time.monotonic(), uuidutils.generate_uuid()
        everything = self._reader.book(now)
        self._expire(everything, now)
        book = self._part(everything, started)
        whole = book is everything
        if self._sharing:
            self._sharing.refresh()
            book = partition.of(book, self._sharing)
        # Those of a part say little of the whole, and it takes little to find them.
        prices = self._prices if whole else None
        budget = dataclasses.replace(self._budget, prices=prices)
        allotment = displacement.allocate(self._allocation, book, budget)
        if whole:
            self._prices = allotment.prices
            self._whole_took = time.monotonic() - started
        settled = displacement.settle(self._pricing, book, allotment)
        made = [
            drafts.made(awarded, now, functools.partial(self._origin, uuid))
            for awarded in drafts.spaced(settled, self._reader.turnaround)
        ]
        for bid in {award.bid.uuid for award in settled.awards}.difference(
            draft.bid_uuid for draft in made
        ):
            self.note('bid', bid)
        plain = [draft for draft in made if not draft.displaces]
        written = self._write(plain, now)
        for draft in sorted((each for each in made if each.displaces), key=_until):
            passed = datetime.timedelta(seconds=time.monotonic() - started)
            written += self._displace(draft, now, now + passed)
        awards = list(itertools.chain(*(draft.awards for draft in written)))
        done = Round(
            uuid=uuid,
            time=now,
            allocation=self._allocation.NAME,
            pricing=self._pricing.NAME,
            offers=len(book.offers),
            bids=len(book.bids),
            contracts=len(written),
            conflicts=len(made) - len(written),
            welfare=min(figures.credits(figures.worth(awards)), _LARGEST_AMOUNT),
            upper_bound=_within(allotment.upper_bound),
            gap=_gap(allotment),
            prices=allotment.prices.summary() if allotment.prices else None,
            seconds=time.monotonic() - started,
        )
        _count(done, everything)
        reasons = self._news(diagnostics.unmatched(book, awards), whole)
        closed = [draft.bid_uuid for draft in written]
        # Rounds with nothing to do are many and say nothing.
        if made or reasons:
            self._keep(done if made else None, reasons, closed, now)
        return done

    def _origin(self, round_uuid, displaced):
        name = self._pricing.NAME
        return contract_core.PriceOrigin(name, displaced, round_uuid)

    def _part(self, book, started):
        """What is to be cleared: where something has changed, or now and then all.

        What a search did not find in one round, the next one may; but that takes a
        tenth of the time at most.
        """
        due = max(self._conf.round_interval, 9 * self._whole_took)
        changed = self._reader.changed
        if changed is None or self._whole is None or started - self._whole >= due:
            self._whole = started
            return book
        return partition.touched(book, changed)

    def _write(self, made, now):
        """Write contracts, many in one transaction, each wholly or not at all.

        :param made: a list of drafts.Draft.
        :returns: those whose contracts were written.
        """
        written = []
        # As this round knows them: what it writes itself changes them, and must not
        # stand in the way of another award of the same offer.
        generations = {
            offer.uuid: offer.generation for draft in made for offer in draft.offers
        }
        # In the order of offers, so that two engines do not wait for each other.
        made = sorted(made, key=lambda draft: draft.offers[0].uuid)
        for at in range(0, len(made), _CONTRACTS_PER_TRANSACTION):
            batch = made[at : at + _CONTRACTS_PER_TRANSACTION]
            for draft in self._store(batch, generations, now):
                _written(draft)
                written.append(draft)
        done = {draft.bid_uuid for draft in written}
        for draft in made:
            if draft.bid_uuid not in done:
                # Something of it had changed before; it may find another server.
                self.note('bid', draft.bid_uuid)
        return written

    @db.retried
    def _store(self, batch, generations, now):
        done, known = [], dict(generations)
        with self._database.writer() as session:
            answers = contracts.write_all(
                session,
                [(draft.contract, draft.bid) for draft in batch],
                known,
                now,
            )
        for draft, refused in zip(batch, answers, strict=True):
            if refused:
                LOG.info('Bid %s waits: %s', draft.bid_uuid, refused)
                continue
            done.append(draft)
            for offer in draft.offers:
                known[offer.uuid] += 1
        generations.update(known)
        return done

    def _displace(self, draft, now, written_at):
        """Write a contract, and what it displaces, in one transaction.

        :param written_at: when that is, by the clock that ``now`` is of: what is
            displaced has its notice from then on.
        :returns: a list of the Draft, empty where something of it has changed.
        """
        try:
            self._store_displacing(draft, now, written_at)
        except exceptions.Conflict as refused:
            LOG.info('Bid %s waits: %s', draft.bid_uuid, refused)
            self.note('bid', draft.bid_uuid)
            return []
        _written(draft)
        return [draft]

    @db.retried
    def _store_displacing(self, draft, now, written_at):
        turnaround = self._reader.turnaround
        with self._database.writer() as session:
            displacements.write(session, draft, now, written_at, turnaround)

    def _news(self, reasons, whole):
        """Those of ``reasons`` why bids wait that their bidders have not been told."""
        changed = [each for each in reasons if self._told.get(each.bid_uuid) != each]
        if whole:
            self._told.clear()
        self._told.update((each.bid_uuid, each) for each in reasons)
        return changed

    @db.retried
    def _keep(self, done, reasons, closed, now):
        """Take down the Round ``done``, if any, and why bids wait, or no longer do."""
        with self._database.writer() as session:
            if done:
                rounds.add(session, **dataclasses.asdict(done))
            unmatched_reasons.forget(session, closed)
            unmatched_reasons.replace(session, reasons, now)

    def prepare(self, now):
        """Clear a market of no importance, so that the first real one need not wait.

        An engine that was just installed compiles what it computes with, which may
        take a minute; later ones read what the first one kept.
        """
        started = time.monotonic()
        budget = mechanisms.Budget(seconds=None, moves=100)
        market = warmup.book(now)
        self._pricing.settle(market, self._allocation.allocate(market, budget))
        LOG.info('The engine is ready after %.1f s', time.monotonic() - started)

    def quote(self, question, now):
        """What a quotes.Question is answered, as ``POST /v1/quotes`` says it.

        May be called from any thread.
        """
        with self._quoting:
            return quotes.quote(self._quoted.book(now), self._clear, question)

    def _clear(self, book):
        """Pairs of an award and its rates, of a book with one bid."""
        try:
            # What is best for it alone, any allocation gives it.
            allotment = immediate.Immediate().allocate(book, self._budget)
            settled = self._pricing.settle(book, allotment)
        except mechanisms.Refused:
            # The pricing needs what this allocation alone finds.
            allotment = self._allocation.allocate(book, self._budget)
            settled = self._pricing.settle(book, allotment)
        return list(zip(settled.awards, settled.pays, strict=True))

    def _expire(self, book, now):
        """Close bids that nothing can meet any more, and offers that are past.

        All times are whole seconds: within one nothing becomes past.
        """
        second = math.ceil(now.timestamp())
        if second == self._expired:
            return
        for bid in [bid for bid in book.bids if bid.hopeless(now)]:
            self._expire_bid(bid, now)
            book.drop_bid(bid.uuid)
        self._expire_offers(now)
        self._expired = second

    @db.retried
    def _expire_bid(self, bid, now):
        try:
            with self._database.writer() as session:
                bids.move(session, bid, bid_core.Status.EXPIRED, now)
        except exceptions.Conflict:
            LOG.debug('Bid %s was closed by somebody else', bid.uuid)

    @db.retried
    def _expire_offers(self, now):
        try:
            with self._database.writer() as session:
                offers.expire(session, now)
        except exceptions.Conflict:
            LOG.debug('Another engine closes offers just now')


def _until(draft):
    """The first end that it gives what it displaces.

    Who ends a contract earlier is written first: for who needs less of it, it is out of
    the way then.
    """
    return min(each.until for each in draft.displaces)


def _written(draft):
    LOG.info('Bid %s became contract %s', draft.bid_uuid, draft.contract.uuid)
    waited = draft.contract.created_at - draft.bid.updated_at
    metrics.WAITED.observe(waited.total_seconds())


def _count(done, book):
    metrics.ROUNDS.observe(done.seconds)
    metrics.CONTRACTS.inc(done.contracts)
    metrics.CONFLICTS.inc(done.conflicts)
    metrics.BOOK.labels('offers').set(len(book.offers))
    metrics.BOOK.labels('bids').set(len(book.bids))


def _within(amount):
    """``amount``, or None where the database has no room for it."""
    return amount if amount is None or amount <= _LARGEST_AMOUNT else None


def _gap(allotment):
    """Which part of the bound was not reached, or None where none is known."""
    if allotment.upper_bound is None:
        return None
    if not allotment.upper_bound:
        return 0.0
    return float(1 - allotment.welfare / allotment.upper_bound)


def chosen(conf):
    """The allocation and the pricing that are configured, which an engine can run.

    :raises NoMatches: (stevedore) there is none of that name.
    :raises Invalid: no contract can be priced by it.
    :raises Refused: nothing can be compiled, and nobody has said that it may be so.
    """
    _check_compiler(conf)
    allocation, pricing = plugins.allocation(conf), plugins.pricing(conf)
    if not pricing.BALANCED:
        raise exceptions.Invalid(
            f'[matcher] pricing: {conf.matcher.pricing} gives renters and owners two '
            'prices, and a contract has one; it is for studies'
        )
    return allocation, pricing


def _check_compiler(conf):
    if not (native.COMPILES or conf.matcher.interpreted):
        raise mechanisms.Refused(
            'The engine needs numba, which is not installed. Install it, or set '
            '[matcher] interpreted = true for rounds that take much longer.'
        )
