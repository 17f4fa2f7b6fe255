# SPDX-License-Identifier: Apache-2.0
"""Many who wait for events at one process, which gives no thread to any of them."""

from concurrent import futures
import http.client
import json
import threading
from urllib import parse

from market import feed_server
from market import service as market_service
from tests import waiting
from tests.functional import base

FOLLOWERS = 60


class Follower:
    """A connection with a request that waits; its answer is read when it is wanted."""

    def __init__(self, port, token, query):
        self._connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
        path = f'/v1/events?{parse.urlencode(query)}'
        headers = {'OpenStack-API-Version': 'marketplace latest'}
        headers |= {'X-Auth-Token': token} if token else {}
        self._connection.request('GET', path, headers=headers)

    def answer(self):
        found = self._connection.getresponse()
        return found.status, json.loads(found.read())

    def leave(self):
        self._connection.close()


class FollowersTest(base.MarketplaceTestCase):
    VERSION = 'latest'
    OPTIONS = (
        ('feed', 'port', 0),
        ('feed', 'followers', FOLLOWERS + 10),
        ('feed', 'followers_per_project', FOLLOWERS),
    )

    def setUp(self):
        super().setUp()
        place = self.marketplace
        shared = (place.conf, place.transport, place.database)
        self.server = feed_server.FeedServer(
            place.conf,
            market_service.application(*shared, clock=self.clock),
            place.database,
        )
        self.server.start()
        self.addCleanup(self.server.stop)
        self.last = self.good(
            self.market('operator-admin').get('/v1/events', after='latest'), 200
        )['last']

    def follow(self, who, count=1, **query):
        asked = {'after': self.last, 'wait': 60} | query
        found = [Follower(self.server.port, who, asked) for _ in range(count)]
        for each in found:
            self.addCleanup(each.leave)
        return found

    def wait_for(self, count):
        followers = self.server.followers
        found = waiting.until(lambda: followers.waiting, lambda seen: seen == count)
        self.assertEqual(count, found)

    def test_they_hear_of_what_is_theirs_and_of_nothing_else(self):
        threads = threading.active_count()
        own = self.follow('umbrella-member', FOLLOWERS)
        (other,) = self.follow('initech-member')
        self.wait_for(FOLLOWERS + 1)
        self.assertLess(threading.active_count(), threads + 10)
        bid = self.bid('umbrella-member', price='0.5')
        for each in own:
            status, answer = each.answer()
            self.assertEqual(200, status, answer)
            (event,) = answer['events']
            self.assertEqual(
                ('bid.placed', bid['uuid'], event['id']),
                (event['type'], event['object_uuid'], answer['last']),
            )
        self.wait_for(1)
        other.leave()
        self.wait_for(0)

    def test_it_answers_what_the_api_answers(self):
        """But that it waits, for whoever would not be asked to wait there."""
        self.bid('umbrella-member', price='0.5')
        for who, query in (
            ('umbrella-member', {'after': self.last}),
            ('umbrella-member', {'after': self.last, 'limit': 1, 'sort_dir': 'desc'}),
            ('initech-member', {'after': self.last, 'wait': 0}),
            ('umbrella-member', {'wait': 61}),
            ('umbrella-member', {'wait': -1}),
            ('umbrella-member', {'wait': 'soon'}),
            ('umbrella-member', {'after': 'gt:3', 'wait': 5}),
            (None, {'wait': 5}),
        ):
            wanted = self.market(who).get('/v1/events', **query)
            got = Follower(self.server.port, who, query).answer()
            self.assertEqual(
                (wanted.status_code, self.told(wanted.json())),
                (got[0], self.told(got[1])),
                query,
            )

    @staticmethod
    def told(answer):
        return [
            {name: each[name] for name in sorted(each) if name != 'request_id'}
            for each in answer.get('errors') or answer['events']
        ]

    def test_so_many_may_wait_and_no_more(self):
        self.follow('umbrella-member', FOLLOWERS)
        self.wait_for(FOLLOWERS)
        (refused,) = self.follow('umbrella-member')
        status, answer = refused.answer()
        self.assertEqual(
            (503, 'flocx.unavailable.waits'), (status, answer['errors'][0]['code'])
        )
        (other,) = self.follow('initech-member')
        self.bid('initech-member', price='0.5')
        self.assertTrue(other.answer()[1]['events'])

    def test_who_waits_has_an_answer_when_it_stops(self):
        (own,) = self.follow('umbrella-member')
        self.wait_for(1)
        with futures.ThreadPoolExecutor(1) as pool:
            stopping = pool.submit(self.server.stop)
            status, answer = own.answer()
            self.assertEqual((200, []), (status, answer['events']))
            stopping.result()

    def test_nothing_else_is_served(self):
        for method, path, body, status in (
            ('GET', '/healthcheck', None, 200),
            ('GET', '/v1/offers', None, 404),
            ('POST', '/v1/events', None, 405),
            ('POST', '/v1/events', b'x' * 5000, 413),
            ('GET', '/v1/events/', None, 404),
        ):
            connection = http.client.HTTPConnection('127.0.0.1', self.server.port)
            self.addCleanup(connection.close)
            headers = {'X-Auth-Token': 'umbrella-member'}
            connection.request(method, path, body, headers)
            found = connection.getresponse()
            self.assertEqual(status, found.status, (method, path, found.read()))
