# SPDX-License-Identifier: Apache-2.0
"""Owners and renters: they ask for this and that, and again where nobody answers.

``accepted`` is what they were told is done. What a crash or a lost answer left open
they do not count on, unless they asked again with the same key.
"""

import datetime
import itertools

from tests.simulation import network

OWNERS = ('acme', 'initech')
#: What is in the names of servers that ``changes.py`` offers, and nobody here.
APART = '-apart-'
RENTERS = ('umbrella', 'initech', 'acme-lab', 'acme')
LINEAGE = {'acme-lab': ('acme-lab', 'acme')}

_MARKET, _PROVIDER = 'marketplace', 'marketplace-provider'
_HOUR = datetime.timedelta(hours=1)


def headers(project, role='member'):
    """What keystonemiddleware tells a service of a caller."""
    return {
        'X-Project-Id': project,
        'X-User-Id': f'{project}-{role}',
        'X-Roles': {'member': 'member,reader', 'admin': 'admin,member,reader'}[role],
        'X-Identity-Status': 'Confirmed',
        'OpenStack-API-Version': 'marketplace latest',
    }


class People:
    """Each method named in ``ACTIONS`` is one action of somebody, from begin to end."""

    ACTIONS = {
        'publish': 4,
        'place': 5,
        'claim': 3,
        'change_bid': 1,
        'cancel_bid': 0.6,
        'change_offer': 1,
        'cancel_offer': 0.4,
        'release': 1.5,
        'extend': 1,
        'reclaim': 2,
    }

    def __init__(self, world):
        self._world, self._storm = world, world.storm
        self._numbers = itertools.count(1)
        self.accepted = []

    def publish(self):
        owner = self._storm.pick(OWNERS)
        nodes = [
            uuid
            for uuid in self._world.room.uuids()
            if self._world.room.now(uuid).owner == owner and APART not in uuid
        ]
        start, end = self._window(1, (3, 24, 48))
        body = {
            'resource_uuid': self._storm.pick(nodes),
            'start_time': start,
            'end_time': end,
            'price': self._storm.pick(('0', '0.000001', '1', '1.333333')),
        }
        if not self._storm.below(4):
            body['lessee_id'] = self._storm.pick(('acme-lab', 'acme', 'umbrella'))
        if self._storm.toss():
            body['reclaim_notice'] = self._storm.pick((0, 60, 1800))
        body = self._world.changes.offered(body)
        self._create('offers', owner, '/v1/offers', body, _PROVIDER)

    def place(self):
        quantity = self._storm.pick((1, 1, 1, 2, 3))
        start, end = self._window(1, (1, 2, 8, 30))
        body = {
            'start_time': start,
            'end_time': end,
            'quantity': quantity,
            'min_quantity': self._storm.pick((1, quantity)),
            'price': self._storm.pick(('0.5', '1.333333', '3', '7.000001')),
        }
        if self._storm.toss():
            body['duration'] = self._storm.pick((60, 1799, 3600))
        if not self._storm.below(3):
            body['requirements'] = [['cpus', '>=', self._storm.pick((8, 64))]]
        if self._storm.below(6):
            body['min_reclaim_notice'] = self._storm.pick((0, 0, 60))
        if not self._storm.below(4):
            body['resource_class'] = self._storm.pick(('large', 'small'))
        body = self._world.changes.or_else(body)
        self._create('bids', self._storm.pick(RENTERS), '/v1/bids', body)

    def claim(self):
        renter = self._storm.pick(RENTERS)
        offer = self._one('offers', renter)
        if not offer:
            return
        body = {'min_reclaim_notice': 0} if self._storm.below(6) else {}
        if self._storm.toss():
            body['end_time'] = self.time(self._storm.pick((1, 90, 600)))
        self._create('contracts', renter, f'/v1/offers/{offer["uuid"]}/claim', body)

    def change_bid(self):
        renter, bid = self._mine('bids', RENTERS)
        if bid:
            body = self._storm.pick(
                ({'price': '5'}, {'price': '0.5'}, {'end_time': self.time(2000)})
            )
            self.ask(renter, 'PATCH', f'/v1/bids/{bid["uuid"]}', body)

    def cancel_bid(self):
        renter, bid = self._mine('bids', RENTERS)
        if bid:
            self._remove('bids', renter, f'/v1/bids/{bid["uuid"]}', bid)

    def change_offer(self):
        owner, offer = self._mine('offers', OWNERS)
        if offer:
            body = self._storm.pick(
                (
                    *({'price': '2'}, {'price': '0.1'}, {'end_time': self.time(300)}),
                    *({'reclaim_notice': 60}, {'reclaim_notice': None}),
                )
            )
            body = self._world.changes.changed(body)
            self.ask(owner, 'PATCH', f'/v1/offers/{offer["uuid"]}', body)

    def cancel_offer(self):
        owner, offer = self._mine('offers', OWNERS)
        if offer:
            self._remove('offers', owner, f'/v1/offers/{offer["uuid"]}', offer)

    def release(self):
        renter, contract = self._mine('contracts', RENTERS)
        if contract:
            path = f'/v1/contracts/{contract["uuid"]}'
            self._remove('contracts', renter, path, contract)

    def reclaim(self):
        owner = self._storm.pick(OWNERS)
        contract = self._one('contracts', owner, 'role=owner')
        if contract:
            self.ask(owner, 'POST', f'/v1/contracts/{contract["uuid"]}/reclaim', {})

    def extend(self):
        renter, contract = self._mine('contracts', RENTERS)
        if contract:
            body = {'end_time': self.time(self._storm.pick((2, 61, 1000)))}
            self.ask(renter, 'PATCH', f'/v1/contracts/{contract["uuid"]}', body)

    def usage(self, start, end):
        """What everybody is billed, as the market says it."""
        path = f'/v1/usage?start_time={start}&end_time={end}'
        return self.ask('operator', 'GET', path, role='admin').json

    # How they do it

    def _create(self, kind, who, path, body, service=_MARKET):
        # What is asked once has a name that nothing else has.
        number = next(self._numbers)
        body = {**body, 'name': f'wish-{number}'}
        key = None if not self._storm.below(4) else f'key-{number}'
        answer = self.ask(who, 'POST', path, body, service, key)
        if answer is not None and answer.status_int == 201:
            self.accepted.append(('created', kind, answer.json))

    def _remove(self, kind, who, path, resource):
        answer = self.ask(who, 'DELETE', path)
        if answer is not None and answer.status_int == 204:
            self.accepted.append(('removed', kind, resource))

    def _mine(self, kind, parties):
        who = self._storm.pick(parties)
        return who, self._one(kind, who)

    def _one(self, kind, who, query='status=any'):
        """Some open object that ``who`` sees; of bids and contracts, one of theirs."""
        found = self.seen(who, kind, query)
        return self._storm.pick(found) if found else None

    def seen(self, who, kind, query):
        """All objects that ``who`` sees; none, where nobody answers."""
        answer = self.ask(who, 'GET', f'/v1/{kind}?{query}')
        return answer.json[kind] if answer is not None else []

    def ask(
        self, who, method, path, body=None, service=_MARKET, key=None, role='member'
    ):
        """The answer, or None if nobody knows what became of the request."""
        request_headers = headers(who, role) | ({'Idempotency-Key': key} if key else {})
        for _ in range(8):
            try:
                answer = self._world.request(
                    service, method, path, request_headers, body
                )
            except network.Away:
                answer = None
            if answer is not None and answer.status_int < 500:
                return answer
            if method == 'POST' and not key:
                return None
        return None

    def _window(self, ahead, hours):
        start = self._storm.below(ahead * 60 + 1)
        end = start + self._storm.pick(hours) * 60
        return self.time(start), self.time(end)

    def time(self, minutes):
        """So many minutes from now, as the API takes it."""
        moment = self._world.now + minutes * _HOUR / 60
        return moment.strftime('%Y-%m-%dT%H:%M:%SZ')
