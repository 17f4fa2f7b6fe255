# SPDX-License-Identifier: Apache-2.0
"""Rounds of the auction: read the market, clear it, write the contracts.

The mechanism proposes, the database disposes: a contract whose offers or bid
have changed since they were read is not written, and waits for the next round.
"""

import dataclasses
import decimal
import time

from oslo_log import log
from oslo_utils import uuidutils
from stevedore import driver
from stevedore import extension

from flocx import context
from flocx import db
from flocx import exceptions
from flocx.core import bid as bid_core
from flocx.core import contract as contract_core
from market.db import bids
from market.db import contracts
from market.db import offers
from market.db import rounds
from matcher import book as matcher_book
from matcher import mechanisms
from matcher import quotes
from matcher import rehearsal
from matcher.mechanisms import figures

LOG = log.getLogger(__name__)

ALLOCATIONS = 'flocx.mechanisms.allocation'
PRICINGS = 'flocx.mechanisms.pricing'


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
    seconds: float


class Rounds:
    """Clears the market of one database; any number of them may share it."""

    def __init__(self, conf, database, providers):
        """:param providers: a ProviderAPI, to tell of new contracts."""
        self._database, self._providers = database, providers
        self._terms = conf.contracts
        self._allocation = driver.DriverManager(
            ALLOCATIONS, conf.matcher.allocation, invoke_on_load=True
        ).driver
        self._budget = mechanisms.Budget(
            seconds=conf.matcher.round_seconds, seed=conf.matcher.seed
        )
        arguments = (
            {'k': decimal.Decimal(conf.matcher.k)}
            if conf.matcher.pricing == 'k'
            else {}
        )
        self._pricing = driver.DriverManager(
            PRICINGS, conf.matcher.pricing, invoke_on_load=True, invoke_kwds=arguments
        ).driver

    def run(self, now):
        """Close what has expired and clear the market as it is; return the Round."""
        started = time.monotonic()
        self._expire(now)
        with self._database.reader() as session:
            open_bids = bids.available(session)
            open_offers = offers.available(session, now) if open_bids else []
            taken = offers.held(session, open_offers, now, self._terms.turnaround)
        book = matcher_book.Book(now, open_offers, taken, open_bids)
        priced = self._clear(book)
        generations = {offer.uuid: offer.generation for offer in open_offers}
        written = [
            award
            for award, rates in priced
            if self._write(award, rates, generations, now)
        ]
        done = Round(
            uuid=uuidutils.generate_uuid(),
            time=now,
            allocation=self._allocation.NAME,
            pricing=self._pricing.NAME,
            offers=len(open_offers),
            bids=len(open_bids),
            contracts=len(written),
            conflicts=len(priced) - len(written),
            welfare=figures.credits(figures.worth(written)),
            seconds=time.monotonic() - started,
        )
        # Rounds with nothing to do are many and say nothing.
        if priced:
            self._record(done)
        return done

    def prepare(self, now):
        """Clear a market of no importance, so that the first real one need not wait.

        An engine that was just installed compiles what it computes with, which may
        take half a minute; later ones read what the first one kept.
        """
        started = time.monotonic()
        budget = dataclasses.replace(self._budget, seconds=1.0, moves=100)
        self._allocation.allocate(rehearsal.book(now), budget)
        LOG.info('The engine is ready after %.1f s', time.monotonic() - started)

    def quote(self, bid, now):
        """What ``bid`` would get now, as ``POST /v1/quotes`` answers."""
        return quotes.quote(
            self._database, self._clear, bid, now, self._terms.turnaround
        )

    def _clear(self, book):
        """Pairs of an award and its rates."""
        allotment = self._allocation.allocate(book, self._budget)
        settled = self._pricing.settle(book, allotment)
        return list(zip(settled.awards, settled.pays, strict=True))

    def _write(self, award, rates, generations, now):
        """Whether the contract for ``award`` could be written.

        :param generations: {offer uuid: generation} as this round knows them. What
            it writes itself changes them, and must not stand in the way of another
            award of the same offer.
        """
        bid = award.bid
        contract = contract_core.draft(
            uuidutils.generate_uuid(),
            award.stay,
            [
                (uuidutils.generate_uuid(), offer, rate)
                for offer, rate in zip(award.offers, rates, strict=True)
            ],
            now,
            project_id=bid.project_id,
            bid_uuid=bid.uuid,
            name=bid.name,
            purpose=bid.purpose,
        )
        try:
            self._store(contract, generations, now, bid)
        except exceptions.Conflict as error:
            LOG.info('Bid %s waits for the next round: %s', bid.uuid, error)
            return False
        for offer in award.offers:
            generations[offer.uuid] += 1
        LOG.info('Bid %s became contract %s', bid.uuid, contract.uuid)
        self._providers.contract_changed(context.RequestContext(), contract)
        return True

    @db.retried
    def _store(self, contract, generations, now, bid):
        with self._database.writer() as session:
            contracts.write(session, contract, generations, now, bid)

    @db.retried
    def _record(self, done):
        with self._database.writer() as session:
            rounds.add(session, **dataclasses.asdict(done))

    def _expire(self, now):
        """Close bids that nothing can meet any more, and offers that are past."""
        with self._database.reader() as session:
            lost = [bid for bid in bids.available(session) if bid.hopeless(now)]
        for bid in lost:
            self._expire_bid(bid, now)
        self._expire_offers(now)

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


def installed(namespace):
    """The mechanisms of an entry point, as pairs of name and class."""
    manager = extension.ExtensionManager(namespace)
    return sorted((each.name, each.plugin) for each in manager)
