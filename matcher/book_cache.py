# SPDX-License-Identifier: Apache-2.0
"""The engine's book: kept in memory, brought up to date from the database's events.

A message makes a round come at once, and says what it is about. What has changed since
the last one, whatever messages were lost, is what the events since then tell of; and
what it is now, the tables say.
"""

import datetime
import heapq
import threading

from flocx.core import turnaround
from market.db import bids
from market.db import events
from market.db import offers
from market.db import tenures
from matcher import book as matcher_book

#: With more changes than this it is cheaper to read everything.
_MOST_CHANGES = 500

#: A book's time is in whole seconds, so it may be ahead of the clock by as much.
_ROUNDING = datetime.timedelta(seconds=1)

#: So often everything is read anew. Nothing should come of it.
_REBUILD_INTERVAL = datetime.timedelta(minutes=10)


class Reader:
    """Gives the book as it is; ``note`` may be called from any thread."""

    def __init__(self, database, terms, margin=datetime.timedelta()):
        """:param terms: the MarketTerms that free time rests on.
        :param margin: what is added to the notice of interruptible contracts.
        """
        self._database, self._terms, self._margin = database, terms, margin
        #: What stays free between two contracts, as the book was read with.
        self.turnaround = turnaround.Turnaround()
        self._lock = threading.Lock()
        self._noted = _nothing()
        self._book = None
        #: When everything was read, and the last event that the book knows of.
        self._built, self._last = None, 0
        #: When a contract's time on an offer ends, the first first; what is past may
        #: have changed: of a contract that is over but not ended the end moves on.
        self._ends = []
        #: What messages have told of since the book before, {resource type: uuids};
        #: None where there was none, and where everything was read.
        self.changed = None

    def note(self, resource_type, uuid):
        """A message says that an offer, bid or contract has changed."""
        with self._lock:
            self._noted[resource_type].add(uuid)

    def book(self, now):
        """The book at ``now``; it belongs to the reader and changes with time."""
        with self._lock:
            noted, self._noted = self._noted, _nothing()
        self.changed = None
        if self._book is None or not self._recent(now) or not self._update(now, noted):
            self._rebuild(now)
        return self._book

    def _recent(self, now):
        return self._book.now - _ROUNDING <= now < self._built + _REBUILD_INTERVAL

    def _rebuild(self, now):
        with self._database.reader() as session:
            # First, or what is committed in between would be missed.
            self._last = events.last_id(session)
            self.turnaround = self._terms.turnaround(session)
            open_bids = bids.available(session)
            open_offers = offers.available(session, now)
            held = offers.held_alone(session, open_offers, now, self.turnaround)
            rented = self._tenures(session, open_offers, now)
            now = events.not_before(session, now)
        self._book = matcher_book.Book(now, open_offers, held, open_bids, rented)
        self._built = self._book.now
        self._ends = [end for offer in open_offers for end in _ends(offer, held)]
        heapq.heapify(self._ends)

    def _update(self, now, noted):
        """Bring the book up to date; False where there is too much for that."""
        try:
            with self._database.reader() as session:
                if self._terms.turnaround(session) != self.turnaround:
                    return False
                news = events.objects(session, self._last, _MOST_CHANGES)
                changes = {name: set(uuids) for name, uuids in noted.items()}
                for event in news:
                    # Of accounts there is nothing in the book.
                    if event.object_type in changes:
                        changes[event.object_type].add(event.object_uuid)
                if max(len(news), *map(len, changes.values())) >= _MOST_CHANGES:
                    return False
                freed = offers.on_servers_of(session, noted['contract'])
                self._refresh(session, max(now, self._book.now), changes)
        except Exception:
            # Half a change is worse than none: start again from the database.
            self._book = None
            raise
        if news:
            self._last = news[-1].id
        if any(noted.values()):
            self.changed = {'offer': noted['offer'] | freed, 'bid': noted['bid']}
        return True

    def _refresh(self, session, now, changes):
        """Read again what is late, and ``changes``, {resource type: uuids}."""
        book, uuids = self._book, changes['offer'] | self._late(now)
        uuids |= offers.on_servers_of(session, changes['contract'])
        open_bids = bids.available(session, changes['bid'])
        open_offers = offers.available(session, now, uuids)
        held = offers.held_alone(session, open_offers, now, self.turnaround)
        rented = self._tenures(session, open_offers, now)
        for uuid in changes['bid']:
            book.drop_bid(uuid)
        for bid in open_bids:
            book.put_bid(bid)
        for uuid in uuids:
            book.drop_offer(uuid)
        for offer in open_offers:
            book.put_offer(offer, held.get(offer.slot, ()), rented.get(offer.slot, ()))
            for end in _ends(offer, held):
                heapq.heappush(self._ends, end)
        book.at(events.not_before(session, now))

    def _tenures(self, session, open_offers, now):
        turnaround, margin = self.turnaround, self._margin
        return tenures.of(session, open_offers, now, turnaround, margin)

    def _late(self, now):
        """The offers on which a contract's time is over by ``now``, each once."""
        late = set()
        while self._ends and self._ends[0][0] <= now + self.turnaround.longest:
            late.add(heapq.heappop(self._ends)[1])
        return late


def _ends(offer, held):
    """When contracts' time on ``offer`` ends, with its uuid."""
    return [(each.end, offer.uuid) for each in held.get(offer.slot, ())]


def _nothing():
    return {'offer': set(), 'bid': set(), 'contract': set()}
