# SPDX-License-Identifier: Apache-2.0
"""Offering many servers in one request, each of which succeeds or not by itself."""

from concurrent import futures
from unittest import mock

from provider import publishing
from tests.functional import base
from tests.functional import test_client


class PublishingTest(base.MarketplaceTestCase):
    def publish(self, who='acme-member', key=None, status=201, **fields):
        terms = {'end_time': self.time(24), 'price': '1', **fields}
        answer = self.provider(who).post(
            '/v1/offers', terms, headers={'Idempotency-Key': key} if key else {}
        )
        return self.good(answer, status)['publications']

    def refused(self, who='acme-member', **fields):
        terms = {'end_time': self.time(24), 'price': '1', **fields}
        answer = self.provider(who).post('/v1/offers', terms)
        return answer.status_code, base.error(answer)['detail']

    def test_each_server_has_an_answer_of_its_own(self):
        fine = [self.add_node(), self.add_node()]
        broken = self.add_node(maintenance=True)
        other = self.add_node(owner='umbrella')
        sold = self.offer(node=self.add_node(name='sold-already'))
        done = self.publish(nodes=[*fine, broken, other, 'nothing', 'sold-already'])
        self.assertEqual(
            [None, None, 409, 404, 404, 409],
            [each['error'] and each['error']['status'] for each in done],
        )
        self.assertEqual(
            'flocx.conflict.node flocx.not_found flocx.not_found '
            'flocx.conflict.overlap',
            ' '.join(each['error']['code'] for each in done[2:]),
        )
        self.assertIn('is in maintenance', done[2]['error']['detail'])
        self.assertIn(sold['uuid'], done[5]['error']['detail'])
        self.assertEqual(fine, [each['name'] for each in done[:2]])
        for each in done[:2]:
            offer = self.show('offers', each['offer_uuid'], 'acme-member')
            self.assertEqual(each['resource_uuid'], offer['resource_uuid'])
            self.assertEqual(64, offer['properties']['cpus'])
            self.assertEqual('available', offer['status'])

    def test_a_query_finds_the_servers_of_the_caller_and_no_others(self):
        like = {'resource_class': 'found', 'traits': ['CUSTOM_A', 'CUSTOM_B']}
        wanted = self.add_node(**like)
        self.add_node(**{**like, 'owner': 'umbrella', 'lessee': 'acme'})
        self.add_node(**{**like, 'traits': ['CUSTOM_A']})
        self.add_node(**{**like, 'properties': {'cpus': 2}})
        self.add_node(**{**like, 'resource_class': 'another'})
        done = self.publish(
            query={
                'resource_class': 'found',
                'traits': ['CUSTOM_A', 'CUSTOM_B'],
                'requirements': [['cpus', '>=', 64]],
            }
        )
        self.assertEqual([wanted], [each['name'] for each in done])
        self.assertEqual(
            [], self.publish(query={'resource_class': 'there is none such'})
        )

    def test_what_cannot_be_understood_offers_nothing(self):
        node = self.add_node(resource_class='untouched')
        for given, start in (
            ({}, 'resource_uuid: exactly one'),
            ({'nodes': [node], 'resource_uuid': node}, 'resource_uuid and nodes: '),
            ({'nodes': []}, 'nodes: names no server'),
            ({'nodes': 'n'}, 'nodes: "n" is not a JSON list'),
            ({'query': {}}, 'query: names no server'),
            ({'query': 5}, 'query: 5 is not a JSON object'),
            ({'query': {'traits': 'GPU'}}, 'query.traits: "GPU" is not a JSON list'),
            ({'nodes': ['n'] * 1001}, 'nodes: 1001 servers'),
            (
                {'query': {'requirements': [['cpus', 'like', 3]]}},
                'query.requirements',
            ),
            ({'nodes': [node], 'end_time': '2020-01-01T00:00:00'}, 'end_time: '),
        ):
            status, detail = self.refused(**given)
            self.assertEqual(400, status, detail)
            self.assertTrue(detail.startswith(start), detail)
        found = self.market('acme-member').get(
            '/v1/offers', resource_class='untouched', status='any'
        )
        self.assertEqual([], found.json()['offers'])

    def test_a_request_that_is_sent_again_offers_nothing_twice(self):
        names = [self.add_node() for _ in range(3)]
        broken = self.add_node(maintenance=True)
        first = self.publish(nodes=[*names, broken], key='again')
        self.marketplace.provider.nodes._change(broken, maintenance=False)
        # A larger memory was put in meanwhile; that is no other request.
        self.marketplace.provider.nodes._change(names[0], properties={'cpus': 65})
        second = self.publish(nodes=[*names, broken], key='again')
        self.assertEqual(first[:3], second[:3])
        self.assertEqual(409, first[3]['error']['status'])
        self.assertIsNone(second[3]['error'])
        other = self.publish(nodes=names, key='again', price='2')
        self.assertEqual([422] * 3, [each['error']['status'] for each in other])

    def test_requests_at_the_same_time_offer_each_server_once(self):
        names = [self.add_node() for _ in range(20)]
        for key in ('at the same time', None):
            with futures.ThreadPoolExecutor(4) as executor:
                answers = list(
                    executor.map(
                        lambda _, key=key: self.publish(nodes=names, key=key), range(4)
                    )
                )
            for place in range(len(names)):
                made = {a[place]['offer_uuid'] for a in answers} - {None}
                self.assertEqual(1 if key else 0, len(made), (key, place))

    def test_a_quota_is_of_all_of_them(self):
        names = [self.add_node(owner='initech') for _ in range(3)]
        quota = self.marketplace.conf.quota
        self.addCleanup(self.marketplace.conf.clear_override, 'open_offers', 'quota')
        self.marketplace.conf.set_override('open_offers', 2, 'quota')
        self.assertEqual(2, quota.open_offers)
        done = self.publish('initech-member', nodes=names)
        self.assertEqual(['flocx.quota'] * 3, [each['error']['code'] for each in done])

    def test_what_was_offered_stands_when_the_market_goes_away(self):
        names = [self.add_node() for _ in range(4)]
        provider = self.marketplace.provider
        publish_all, asked = provider.marketplace.publish_all, []

        def once(*args):
            asked.append(args)
            if len(asked) > 1:
                provider.marketplace._own.endpoint_override = 'http://127.0.0.1:1'
            return publish_all(*args)

        with (
            mock.patch.object(publishing, '_REQUEST_LENGTH', 1000),
            mock.patch.object(provider.marketplace, 'publish_all', once),
        ):
            done = self.publish(nodes=names, key='outage')
        provider.marketplace._own.endpoint_override = None
        self.assertGreater(len(asked), 1)
        errors = [each['error'] and each['error']['code'] for each in done]
        self.assertIsNone(errors[0])
        self.assertEqual('flocx.unavailable', errors[-1])
        again = self.publish(nodes=names, key='outage')
        self.assertEqual([None] * 4, [each['error'] for each in again])
        self.assertEqual(done[0]['offer_uuid'], again[0]['offer_uuid'])

    def test_a_thousand_servers_in_one_request(self):
        names = [
            self.add_node(f'thousand-{number:04d}', resource_class='thousand')
            for number in range(1000)
        ]
        done = self.publish(query={'resource_class': 'thousand'}, key='thousand')
        self.assertEqual(names, sorted(each['name'] for each in done))
        self.assertEqual([], [each for each in done if each['error']])
        again = self.publish(nodes=names, key='thousand')
        self.assertEqual(
            {each['offer_uuid'] for each in done},
            {each['offer_uuid'] for each in again},
        )


class CommandTest(test_client.ClientTestCase):
    WORKERS = False

    def test_many_servers_are_offered_by_a_command(self):
        names = [self.add_node(resource_class='bulk') for _ in range(3)]
        self.add_node('unfit', maintenance=True)
        terms = ('--price', '1', '--end-time', '+1d', '-f', 'json')
        done = self.run_command(
            'acme-member',
            *('offer', 'create', '--node', names[0], '--node', 'unfit', *terms),
        )
        self.assertEqual(1, done.code)
        self.assertEqual((1, 1), (done.json['published'], done.json['refused']))
        self.assertIn('is in maintenance', done.json['errors']['unfit'])
        self.assertEqual([names[0]], list(done.json['offers']))
        done = self.run_command(
            'acme-member',
            *('offer', 'create', '--resource-class', 'bulk', *terms),
        )
        self.assertEqual((2, 1), (done.json['published'], done.json['refused']))
        none = self.run_command(
            'acme-member',
            *('offer', 'create', '--resource-class', 'bulk'),
            *('--require', 'cpus>=1000', *terms),
        )
        self.assertEqual((0, 0), (none.code, none.json['published']))
        rented = self.add_node(owner='umbrella', lessee='acme', resource_class='bulk')
        done = self.run_command('acme-member', *('offer', 'create', '--rented', *terms))
        self.assertEqual([rented], list(done.json['errors']))

    def test_a_command_that_names_servers_in_two_ways_does_nothing(self):
        for words in (
            ('n1', '--node', 'n2'),
            ('--node', 'n1', '--resource-class', 'x'),
            (),
        ):
            done = self.run_command(
                'acme-member',
                *('offer', 'create', *words, '--price', '1', '--end-time', '+1d'),
            )
            self.assertEqual(1, done.code)
            self.assertIn('name one server, or several', done.err)

    def test_it_tells_how_far_it_is(self):
        names = [self.add_node() for _ in range(3)]
        words = [word for name in names for word in ('--node', name)]
        with mock.patch('flocxclient.osc.publications.TOGETHER', 2):
            done = self.run_command(
                'acme-member',
                *('offer', 'create', *words, '--price', '1', '--end-time', '+1d'),
            )
        self.assertEqual(0, done.code, done.err)
        self.assertIn('2 of 3 servers\n3 of 3 servers\n', done.err)


class ProvidingTest(base.MarketplaceTestCase):
    """A server is given to a project that has not asked for it."""

    VERSION = 'latest'

    def give(self, node, who='acme-member', key=None, **values):
        body = {
            'resource_uuid': node,
            'project_id': 'umbrella',
            'end_time': self.time(5),
            **values,
        }
        headers = {'Idempotency-Key': key} if key else {}
        return self.provider(who).post('/v1/contracts', body, headers=headers)

    def test_it_is_theirs_for_the_time_and_costs_nothing(self):
        node = self.add_node()
        given = self.good(self.give(node, name='thesis', purpose='gpu', key='once'))
        self.assertEqual(
            given, self.good(self.give(node, name='thesis', purpose='gpu', key='once'))
        )
        (line,) = given['lines']
        self.assertEqual(
            ('umbrella', 'thesis', self.time(5)),
            tuple(given[name] for name in ('project_id', 'name', 'end_time')),
        )
        self.assertEqual(('0.000000', 0), (line['price'], line['reclaim_notice']))
        seen = self.show('contracts', 'thesis', 'umbrella-reader')
        self.assertEqual((given['uuid'], 'gpu'), (seen['uuid'], seen['purpose']))
        offer = self.show('offers', line['offer_uuid'], 'acme-reader')
        self.assertEqual(
            ('cancelled', 'umbrella'), (offer['status'], offer['lessee_id'])
        )
        self.fulfil()
        self.assertEqual('umbrella', self.marketplace.node(node).lessee)
        path = f'/v1/contracts/{given["uuid"]}/reclaim'
        self.good(self.market('acme-member').post(path), 200)
        self.clock.advance(seconds=1)
        self.fulfil(5)
        self.assertIsNone(self.marketplace.node(node).lessee)

    def test_what_cannot_be_given_changes_nothing(self):
        node = self.add_node()
        self.offer(node=node, hours=9)
        free = self.add_node()
        for status, text, answer in (
            (409, 'has', self.give(node)),
            (409, 'themselves', self.give(free, project_id='acme')),
            (404, 'not found', self.give(free, 'initech-member')),
            (400, 'end_time', self.give(free, end_time=self.time(-1))),
            (400, 'project_id', self.give(free, project_id=None)),
        ):
            self.assertEqual(status, answer.status_code, answer.text)
            self.assertIn(text, base.error(answer)['detail'])
        found = self.market('acme-member').get(
            '/v1/offers', status='any', resource_uuid=self.marketplace.node(free).uuid
        )
        self.assertEqual([], self.good(found, 200)['offers'])
        priced = {
            'resource_type': 'dummy_node',
            'resource_uuid': 'invented',
            'properties': {},
            'end_time': self.time(5),
            'price': '1',
            'lessee_id': 'umbrella',
        }
        market = self.at('marketplace', 'acme-member', 'service-service')
        for name, value in (('price', '1'), ('lessee_id', None)):
            body = {**priced, 'price': '0', name: value}
            answer = market.post('/v1/contracts', {'offer': body})
            self.assertEqual(400, answer.status_code)
            self.assertIn(name, base.error(answer)['detail'])
