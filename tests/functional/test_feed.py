# SPDX-License-Identifier: Apache-2.0
"""The feed of events: ordered, without gaps, for those whom it concerns."""

from concurrent import futures
import itertools
import threading

from tests.functional import base


class FeedTest(base.MarketplaceTestCase):
    def events(self, who='umbrella-reader', **params):
        found = self.market(who).get('/v1/events', **params)
        return self.good(found, 200)['events']

    def last(self):
        """The id of the newest event."""
        seen = self.events('operator-admin', after=self.seen)
        self.seen = seen[-1]['id'] if seen else self.seen
        return self.seen

    def setUp(self):
        super().setUp()
        self.seen = 0
        self.last()

    def test_a_follower_misses_nothing_that_many_write_at_once(self):
        after, writing, followed = self.last(), threading.Event(), []

        def write(number):
            who = ('umbrella-member', 'initech-member')[number % 2]
            bid = self.bid(who, hours=2, name=f'w{number}')
            self.market(who).delete(f'/v1/bids/{bid["uuid"]}')
            return bid['uuid']

        def follow():
            cursor = after
            while True:
                ended = not writing.is_set()
                found = self.events('operator-admin', after=cursor, limit=3)
                followed.extend(found)
                if found:
                    cursor = found[-1]['id']
                elif ended:
                    return

        writing.set()
        with futures.ThreadPoolExecutor(6) as executor:
            follower = executor.submit(follow)
            uuids = list(executor.map(write, range(20)))
            writing.clear()
            follower.result()
        ids = [each['id'] for each in followed]
        self.assertEqual(list(range(after + 1, after + 41)), ids)
        for uuid in uuids:
            self.assertEqual(
                ['bid.placed', 'bid.cancelled'],
                [each['type'] for each in followed if each['object_uuid'] == uuid],
            )

    def test_the_newest_come_first_where_that_is_asked_for(self):
        after = self.last()
        bids = [self.bid(name=f'newest-{number}')['uuid'] for number in range(3)]
        caller = self.market('umbrella-reader')
        found = self.good(caller.newest('/v1/events', sort_dir='desc', limit=2), 200)
        self.assertEqual(bids[:0:-1], [each['object_uuid'] for each in found['events']])
        self.assertEqual(after + 3, found['last'])
        lowest = min(each['id'] for each in found['events'])
        query = {'sort_dir': 'desc', 'limit': 1, 'before': lowest}
        earlier = self.good(caller.newest('/v1/events', **query), 200)
        self.assertEqual(bids[:1], [each['object_uuid'] for each in earlier['events']])
        refused = caller.get('/v1/events', sort_dir='desc')
        self.assertEqual(400, refused.status_code)

    def test_a_wait_ends_with_the_first_event(self):
        after = self.last()
        with futures.ThreadPoolExecutor(1) as executor:
            waiting = executor.submit(self.events, after=after, wait=30)
            self.eventually(False, waiting.done, seconds=0.3)
            bid = self.bid()
            (event,) = waiting.result(timeout=20)
        self.assertEqual(bid['uuid'], event['object_uuid'])

    def test_nobody_waits_for_what_does_not_concern_him(self):
        after = self.last()
        self.bid()
        self.assertEqual([], self.events('initech-reader', after=after, wait=1))

    def test_filters(self):
        after = self.last()
        offer = self.offer()
        bid = self.bid(hours=2)
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(3)}
            )
        )
        everything = self.events('operator-admin', after=after)
        # The parties of a contract are told apart.
        self.assertEqual(4, len(everything))
        for asked, uuids in (
            ({'type': 'bid.placed'}, {bid['uuid']}),
            ({'type': 'in:bid.placed,offer.published'}, {bid['uuid'], offer['uuid']}),
            ({'object_type': 'contract'}, {contract['uuid']}),
            ({'object_type': 'neq:contract'}, {bid['uuid'], offer['uuid']}),
            ({'object_uuid': offer['uuid']}, {offer['uuid']}),
            ({'project_id': 'umbrella'}, {bid['uuid'], contract['uuid']}),
            ({'owner_id': 'acme'}, {offer['uuid'], contract['uuid']}),
            (
                {'resource_uuid': offer['resource_uuid']},
                {offer['uuid'], contract['uuid']},
            ),
            (
                {'resource_uuid': f'in:{offer["resource_uuid"]},x', 'type': 'in:a,b'},
                set(),
            ),
            (
                {'resource_type': offer['resource_type']},
                {offer['uuid'], contract['uuid']},
            ),
            ({'resource_type': 'other'}, set()),
            ({'time': f'gte:{everything[0]["time"]}'}, None),
            ({'time': f'lt:{everything[0]["time"]}'}, set()),
        ):
            found = self.events('operator-admin', after=after, **asked)
            expected = (
                {e['object_uuid'] for e in everything} if uuids is None else uuids
            )
            self.assertEqual(expected, {each['object_uuid'] for each in found}, asked)

    def test_each_party_reads_its_own_side_only(self):
        after = self.last()
        offers = [self.offer('acme-member'), self.offer('initech-member')]
        self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offers[0]["uuid"]}/claim',
                {'offers': [offers[1]['uuid']], 'end_time': self.time(3)},
            )
        )
        for who, servers in (
            ('acme-reader', {offers[0]['resource_uuid']}),
            ('initech-reader', {offers[1]['resource_uuid']}),
            ('umbrella-reader', {each['resource_uuid'] for each in offers}),
            ('acme-lab-reader', None),
        ):
            found = self.events(who, after=after, type='contract.created')
            told = [
                line['resource_uuid'] for e in found for line in e['payload']['lines']
            ]
            self.assertEqual(len(servers or ()), len(told), who)
            self.assertEqual(servers or set(), set(told), who)

    def test_a_server_of_another_owner_leads_to_nothing(self):
        after = self.last()
        mine, other = self.offer('acme-member'), self.offer('initech-member')
        self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{mine["uuid"]}/claim',
                {'offers': [other['uuid']], 'end_time': self.time(3)},
            )
        )
        for who, offer, types in (
            ('acme-reader', mine, ['offer.published', 'contract.created']),
            ('acme-reader', other, []),
            ('umbrella-reader', other, ['contract.created']),
            ('acme-lab-reader', mine, []),
        ):
            found = self.events(who, after=after, resource_uuid=offer['resource_uuid'])
            self.assertEqual(types, [each['type'] for each in found], who)

    def test_what_makes_no_sense_is_refused(self):
        for asked in (
            {'after': 'gt:3'},
            {'wait': '61'},
            {'wait': '-1'},
            {'limit': '0'},
            {'marker': '3'},
            {'sort_key': 'id'},
            {'time': 'yesterday'},
        ):
            refused = self.market('umbrella-reader').get('/v1/events', **asked)
            self.assertEqual(400, refused.status_code, asked)
            (name,) = asked
            self.assertTrue(base.error(refused)['detail'].startswith(name), asked)


class WaitingTest(base.MarketplaceTestCase):
    """Those who wait for events leave the server to others."""

    def follow(self, executor, who, count):
        """So many requests that wait, at once."""
        caller = self.market(who)
        last = self.good(caller.get('/v1/events', after='latest'), 200)['last']
        return [
            executor.submit(caller.get, '/v1/events', after=last, wait=60)
            for _ in range(count)
        ]

    def refused(self, waiting, count):
        """So many of these requests are refused, and the others wait."""
        done = futures.as_completed(waiting, timeout=60)
        for answer in itertools.islice(done, count):
            error = base.error(answer.result())
            self.assertEqual(
                (503, 'flocx.unavailable.waits'), (error['status'], error['code'])
            )
        return [each for each in waiting if not each.done()]

    def test_a_reader_who_waits_many_times_keeps_nobody_else_waiting(self):
        with futures.ThreadPoolExecutor(20) as executor:
            own = self.refused(self.follow(executor, 'umbrella-member', 8), 6)
            # All threads of the server would be taken.
            self.assertEqual(200, self.market(None).get('/healthcheck').status_code)
            others = self.refused(self.follow(executor, 'initech-member', 8), 6)
            # As many wait now as may in one process.
            self.refused(self.follow(executor, 'acme-member', 1), 1)
            self.bid('umbrella-member', price='0.5')
            self.bid('initech-member', price='0.5')
            for waiting in own + others:
                answer = self.good(waiting.result(timeout=60), 200)
                self.assertEqual('bid.placed', answer['events'][0]['type'])
            # There is room again.
            (waiting,) = self.follow(executor, 'acme-member', 1)
            self.offer('acme-member')
            self.assertTrue(self.good(waiting.result(timeout=60), 200)['events'])
