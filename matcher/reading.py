# SPDX-License-Identifier: Apache-2.0
"""The engine's book: kept in memory, changed by messages, confirmed by the database.

A message says which offer or bid has changed; what it is now, the database says.
Whatever messages were lost is put right by the next rebuild, which comes with
each round that no message asked for.
"""

import datetime
import threading

from market.db import bids
from market.db import events
from market.db import offers
from matcher import book as matcher_book

#: With more changes than this it is cheaper to read everything.
_FEW = 500

#: A book's time is in whole seconds, so it may be ahead of the clock by as much.
_AHEAD = datetime.timedelta(seconds=1)


class Reader:
    """Gives the book as it is; ``note`` may be called from any thread."""

    def __init__(self, database, turnaround):
        self._database, self._turnaround = database, turnaround
        self._lock = threading.Lock()
        self._noted = {'offer': set(), 'bid': set()}
        self._book = None
        self._held = {}
        #: What the last book differs by from the one before, {kind: uuids}; None where
        #: it was read anew.
        self.changed = None

    def note(self, kind, uuid):
        """An offer or bid (``kind``) has changed."""
        with self._lock:
            self._noted[kind].add(uuid)

    def forget(self):
        """Read everything at the next opportunity."""
        self._book = None

    def book(self, now):
        """The book at ``now``; it belongs to the reader and changes with time."""
        with self._lock:
            noted, self._noted = self._noted, {'offer': set(), 'bid': set()}
        changes = len(noted['offer']) + len(noted['bid'])
        if (
            self._book is None
            or not 0 < changes <= _FEW
            or now + _AHEAD < self._book.now
        ):
            self._rebuild(now)
            self.changed = None
        else:
            self._update(max(now, self._book.now), noted)
            self.changed = noted
        return self._book

    def _rebuild(self, now):
        with self._database.reader() as session:
            open_bids = bids.available(session)
            open_offers = offers.available(session, now)
            self._held = offers.held(session, open_offers, now, self._turnaround)
            now = events.not_before(session, now)
        self._book = matcher_book.Book(now, open_offers, self._held, open_bids)

    def _update(self, now, noted):
        book = self._book
        try:
            with self._database.reader() as session:
                # Of a contract that is over but not ended the end moves on.
                late = {
                    offer.uuid
                    for offer in book.offers
                    for held in self._held.get(offer.slot, ())
                    if held.start <= now
                    and (held.end - now).total_seconds() <= self._turnaround
                }
                wanted = noted['offer'] | late
                open_bids = bids.available(session, noted['bid'])
                open_offers = offers.available(session, now, wanted)
                held = offers.held(session, open_offers, now, self._turnaround)
                now = events.not_before(session, now)
            for uuid in noted['bid']:
                book.drop_bid(uuid)
            for bid in open_bids:
                book.put_bid(bid)
            for uuid in wanted:
                book.drop_offer(uuid)
            for offer in open_offers:
                self._held[offer.slot] = held.get(offer.slot, [])
                book.put_offer(offer, self._held[offer.slot])
            book.at(now)
        except Exception:
            # Half a change is worse than none: start again from the database.
            self._book = None
            raise
