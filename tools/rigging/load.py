# SPDX-License-Identifier: Apache-2.0
"""Owners and renters who trade all the time, each from a seed."""

import collections
import random
import threading

from tools.rigging import trader

SELLERS = {'acme': 'acme-owner', 'umbrella': 'umbrella-owner'}
RENTERS = ('acme-renter', 'umbrella-renter', 'umbrella-internal', 'acme-internal')
# Servers are on sale for longer than any run lasts.
ON_SALE = 86400


class Load:
    """Trading on a fleet until it is stopped; ``done`` counts the requests.

    :param fleet: {owner: uuids of their servers}, all of ``resource_class``.
    """

    def __init__(self, rig, fleet, resource_class, journal, seed, pause=1.0):
        self._rig, self._fleet, self._class = rig, fleet, resource_class
        self._journal, self._seed, self._pause = journal, seed, pause
        self._stopped = threading.Event()
        self._threads, self._traders = [], []
        self._lock = threading.Lock()
        self.done, self.errors = collections.Counter(), []

    def start(self):
        """Put everything on sale, and begin."""
        for owner, user in SELLERS.items():
            self._spawn(self._sell, user, owner)
        for user in RENTERS:
            self._spawn(self._rent, user)

    def stop(self):
        """Return when nobody trades any more."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    @property
    def again(self):
        """How often somebody had to ask again, by what they were told."""
        return sum((each.again for each in self._traders), collections.Counter())

    def _spawn(self, work, user, *arguments):
        draw = random.Random(f'{self._seed} {user}')
        who = trader.Trader(self._rig, user, self._journal)
        self._traders.append(who)
        thread = threading.Thread(
            target=work, args=(who, draw, *arguments), name=user, daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _timed(self, name, call, *arguments, **more):
        """Do it and count it; None where the market says no."""
        try:
            answer = call(*arguments, **more)
        except trader.Gave as error:
            self._count(f'{name} refused {error.status}')
            if error.status not in (404, 409):
                self.errors.append(f'{name}: {error}'[:300])
            return None
        except TimeoutError as error:
            self._count(f'{name} unanswered')
            self.errors.append(f'{name}: {error}'[:300])
            return None
        self._count(name)
        return answer

    def _count(self, name):
        with self._lock:
            self.done[name] += 1

    def _sell(self, who, draw, owner):
        """Offer all servers, then withdraw one now and then and offer it again."""
        sold = {}
        for node in self._fleet[owner]:
            if not self._stopped.is_set():
                sold[node] = self._offer(who, draw, node)
        while not self._stopped.wait(self._pause * draw.uniform(1, 4)):
            node = draw.choice(self._fleet[owner])
            if sold[node]:
                self._timed('withdraw offer', who.withdraw, 'offers', sold[node])
            sold[node] = self._offer(who, draw, node)

    def _offer(self, who, draw, node):
        price = f'{draw.randint(50, 200) / 100:.2f}'
        offer = self._timed('offer', who.offer, node, price, ON_SALE)
        return offer and offer['uuid']

    def _rent(self, who, draw):
        mine = collections.deque(maxlen=50)
        while not self._stopped.wait(self._pause * draw.uniform(0, 2)):
            draw.choice((self._bid, self._bid, self._claim, self._release))(
                who, draw, mine
            )

    def _bid(self, who, draw, mine):
        quantity = draw.randint(1, 3)
        bid = self._timed(
            'bid',
            who.bid,
            f'{draw.randint(100, 300) / 100:.2f}',
            draw.randint(10, 60),
            quantity=quantity,
            min_quantity=draw.randint(1, quantity),
            resource_class=self._class,
        )
        if bid:
            mine.append(('bids', bid['uuid']))

    def _claim(self, who, draw, mine):
        query = f'resource_class={self._class}&status=available&limit=200'
        offers = self._timed('list', who.list, 'offers', query)
        if offers:
            chosen = draw.choice(offers)['uuid']
            made = self._timed('claim', who.claim, chosen, draw.randint(10, 60))
            if made:
                mine.append(('contracts', made['uuid']))

    def _release(self, who, draw, mine):
        if not mine:
            return
        kind, ident = mine.popleft()
        if kind == 'bids':
            bid = self._timed('show', who.show, 'bids', ident)
            if not bid:
                return
            if bid['contract_uuid']:
                kind, ident = 'contracts', bid['contract_uuid']
        self._timed(f'withdraw {kind[:-1]}', who.withdraw, kind, ident)
