# SPDX-License-Identifier: Apache-2.0
"""Requests that come twice, at the same time, or after something has changed."""

from concurrent import futures
import threading

from tests.functional import base


def together(count, call):
    """What ``call`` gives to so many threads that begin at the same moment."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        return call(number)

    with futures.ThreadPoolExecutor(count) as executor:
        return list(executor.map(run, range(count)))


class IdempotencyTest(base.MarketplaceTestCase):
    def place(self, key, who='umbrella-member', **fields):
        terms = {'price': '1', 'end_time': self.time(4), **fields}
        return self.market(who).post(
            '/v1/bids', terms, headers={'Idempotency-Key': key}
        )

    def test_the_same_request_has_the_same_answer(self):
        first, second = self.place('same', name='s'), self.place('same', name='s')
        self.assertEqual(201, second.status_code)
        self.assertEqual(first.json(), second.json())
        for header in ('Location', 'ETag'):
            self.assertEqual(first.headers[header], second.headers[header])

    def test_another_body_is_refused(self):
        self.good(self.place('other', name='a'))
        refused = self.place('other', name='b')
        self.assertEqual(422, refused.status_code)
        self.assertEqual('flocx.unprocessable', base.error(refused)['code'])

    def test_another_resource_is_refused(self):
        self.good(self.place('elsewhere'))
        refused = self.market('umbrella-member').post(
            f'/v1/offers/{self.offer()["uuid"]}/claim',
            headers={'Idempotency-Key': 'elsewhere'},
        )
        self.assertEqual(422, refused.status_code)

    def test_a_key_is_its_project_s(self):
        first = self.good(self.place('common'))
        second = self.good(self.place('common', 'initech-member'))
        self.assertNotEqual(first['uuid'], second['uuid'])

    def test_a_refused_request_leaves_its_key_free(self):
        self.assertEqual(400, self.place('refused', quantity=0).status_code)
        self.good(self.place('refused', quantity=1))

    def test_requests_at_the_same_time_make_one_bid(self):
        answers = together(6, lambda _: self.place('race', name='race'))
        self.assertEqual({201}, {each.status_code for each in answers})
        self.assertEqual(1, len({each.json()['uuid'] for each in answers}))
        found = self.market('umbrella-member').get('/v1/bids', name='race').json()
        self.assertEqual(1, len(found['bids']))

    def test_claims_at_the_same_time_make_one_contract(self):
        path = f'/v1/offers/{self.offer()["uuid"]}/claim'
        answers = together(
            6,
            lambda _: self.market('umbrella-member').post(
                path, headers={'Idempotency-Key': 'claim'}
            ),
        )
        self.assertEqual({201}, {each.status_code for each in answers})
        self.assertEqual(1, len({each.json()['uuid'] for each in answers}))

    def test_offers_are_published_once_through_the_provider(self):
        terms = {
            'resource_uuid': self.add_node(),
            'price': '1',
            'start_time': self.time(1),
            'end_time': self.time(2),
        }
        owner, key = self.provider('acme-member'), {'Idempotency-Key': 'publish'}
        first = self.good(owner.post('/v1/offers', terms, headers=key))
        again = self.good(owner.post('/v1/offers', terms, headers=key))
        self.assertEqual(first['uuid'], again['uuid'])
        refused = owner.post('/v1/offers', {**terms, 'price': '2'}, headers=key)
        self.assertEqual(422, refused.status_code)


class GenerationTest(base.MarketplaceTestCase):
    def test_every_answer_with_a_generation_names_it_in_the_etag(self):
        offer, bid = self.offer(), self.bid()
        claimed = self.market('umbrella-member').post(
            f'/v1/offers/{offer["uuid"]}/claim'
        )
        self.assertEqual('"1"', claimed.headers['ETag'])
        for kind, uuid, who, generation in (
            ('offers', offer['uuid'], 'acme-member', 2),
            ('bids', bid['uuid'], 'umbrella-member', 1),
            ('contracts', claimed.json()['uuid'], 'umbrella-member', 1),
        ):
            shown = self.market(who).get(f'/v1/{kind}/{uuid}')
            self.assertEqual(f'"{generation}"', shown.headers['ETag'], kind)
            self.assertEqual(generation, shown.json()['generation'], kind)

    def test_a_stranger_sees_no_generation(self):
        shown = self.market('umbrella-member').get(f'/v1/offers/{self.offer()["uuid"]}')
        self.assertNotIn('generation', shown.json())

    def test_what_rests_on_another_generation_says_what_changed(self):
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{self.offer()["uuid"]}/claim',
                {'start_time': self.time(1), 'end_time': self.time(4)},
            )
        )
        for kind, resource, who, change in (
            ('offers', self.offer(name='o'), 'acme-member', {'price': '3'}),
            ('bids', self.bid(name='b'), 'umbrella-member', {'price': '3'}),
            (
                'contracts',
                contract,
                'umbrella-member',
                {'end_time': self.time(3)},
            ),
        ):
            market, path = self.market(who), f'/v1/{kind}/{resource["uuid"]}'
            changed = self.good(market.patch(path, {**change, 'generation': 1}), 200)
            self.assertEqual(2, changed['generation'])
            for refused in (
                market.patch(path, {**change, 'generation': 1}),
                market.request('PATCH', path, {'If-Match': '"1"'}, json=change),
                market.request('DELETE', path, {'If-Match': 'W/"1"'}),
            ):
                self.assertEqual(409, refused.status_code)
                answer = base.error(refused)
                self.assertEqual('flocx.conflict.generation', answer['code'])
                self.assertIn('is at generation 2, not 1', answer['detail'])
                self.assertIn(f'end_time {changed["end_time"]}', answer['detail'])
                if kind != 'contracts':
                    self.assertIn('price 3.000000', answer['detail'])
            done = market.request('DELETE', path, {'If-Match': '"2"'})
            self.assertEqual(204, done.status_code)

    def test_the_provider_passes_it_on(self):
        offer, owner = self.offer(), self.provider('acme-member')
        path = f'/v1/offers/{offer["uuid"]}'
        refused = owner.request('DELETE', path, {'If-Match': '"7"'})
        self.assertEqual('flocx.conflict.generation', base.error(refused)['code'])
        done = owner.request('DELETE', path, {'If-Match': '"1"'})
        self.assertEqual(204, done.status_code)

    def test_of_changes_at_the_same_time_each_is_made_or_refused(self):
        path = f'/v1/bids/{self.bid()["uuid"]}'
        answers = together(
            6,
            lambda number: self.market('umbrella-member').patch(
                path, {'price': str(number), 'generation': 1}
            ),
        )
        statuses = sorted(each.status_code for each in answers)
        self.assertEqual([200] + [409] * 5, statuses)


class SeveralTest(base.MarketplaceTestCase):
    """Several servers in one claim, all or nothing."""

    def claim(self, *offers, **fields):
        first, *others = (each['uuid'] for each in offers)
        return self.market('umbrella-member').post(
            f'/v1/offers/{first}/claim', {'offers': others, **fields}
        )

    def free(self, offer):
        return self.show('offers', offer['uuid'])['availabilities']

    def test_several_servers_are_one_contract(self):
        offers = [self.offer(price='1'), self.offer(price='2')]
        contract = self.good(self.claim(*offers, end_time=self.time(4)))
        self.assertEqual(
            {'1.000000', '2.000000'}, {line['price'] for line in contract['lines']}
        )
        self.assertEqual(
            {each['uuid'] for each in offers},
            {line['offer_uuid'] for line in contract['lines']},
        )

    def test_they_begin_when_all_are_free(self):
        offers = [self.offer(), self.offer(start_time=self.time(3), hours=8)]
        contract = self.good(self.claim(*offers))
        self.assertEqual(self.time(3), contract['start_time'])
        self.assertEqual(self.time(8), contract['end_time'])

    def test_an_end_that_is_past_is_named(self):
        offer = self.offer(start_time=self.time(1))
        for times in (
            {'end_time': self.time(-1)},
            {'start_time': self.time(-3), 'end_time': self.time(-1)},
        ):
            refused = self.claim(offer, **times)
            self.assertEqual(400, refused.status_code)
            detail = base.error(refused)['detail']
            self.assertEqual(f'end_time: {times["end_time"]} is past', detail)
        self.assertEqual([[self.time(1), offer['end_time']]], self.free(offer))

    def test_one_that_is_taken_spoils_all(self):
        free, taken = self.offer(), self.offer()
        self.good(self.claim(taken, end_time=self.time(6)))
        before = self.free(free)
        refused = self.claim(free, taken, end_time=self.time(2))
        self.assertEqual(409, refused.status_code)
        self.assertIn(taken['uuid'], base.error(refused)['detail'])
        self.assertEqual(before[0][1], self.free(free)[0][1])

    def test_so_does_one_that_is_not_there_or_ones_own(self):
        offer = self.offer()
        self.assertEqual(404, self.claim(offer, {'uuid': 'nothing'}).status_code)
        own = self.offer('umbrella-member')
        refused = self.claim(offer, own)
        self.assertEqual('flocx.conflict.self_trade', base.error(refused)['code'])

    def test_one_named_twice_is_one(self):
        offer = self.offer(name='twice')
        contract = self.good(self.claim(offer, offer, {'uuid': 'twice'}))
        self.assertEqual(1, len(contract['lines']))

    def test_of_claims_that_cross_none_gets_half(self):
        offers = [self.offer() for _ in range(3)]
        pairs = [(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)]
        # Without an end, one that asked a second earlier could have that second.
        end = self.time(4)
        answers = together(
            len(pairs),
            lambda number: self.claim(
                *(offers[i] for i in pairs[number]), end_time=end
            ),
        )
        done = [each.json() for each in answers if each.status_code == 201]
        self.assertEqual(1, len(done))
        self.assertEqual(2, len(done[0]['lines']))
        self.assertEqual({201, 409}, {each.status_code for each in answers})
