# SPDX-License-Identifier: Apache-2.0
"""A renter sub-lets what they rent, and nobody is handed a running machine."""

import itertools

from provider import reconciliation
from tests.functional import base

#: Who lets, who rents and sub-lets, who rents from them, and who does in the end.
OWNER, LESSEE, SUBLESSEE = 'acme-member', 'umbrella-member', 'initech-member'

_KINDS = itertools.count(1)


class SubletTest(base.MarketplaceTestCase):
    def setUp(self):
        super().setUp()
        self.kind = f'kind-{next(_KINDS)}'
        self.node = self.add_node(resource_class=self.kind)
        offer = self.offer(node=self.node)
        self.parent = self.claim(LESSEE, offer, end_time=self.time(10))
        self.fulfil()
        self.assertEqual(('umbrella', 'active'), (self.lessee(), self.of(self.parent)))
        (self.line,) = self.parent['lines']

    def claim(self, who, offer, **fields):
        path = f'/v1/offers/{offer["uuid"]}/claim'
        return self.good(self.market(who).post(path, fields))

    def sublet(self, start, end, **fields):
        return self.offer(
            LESSEE,
            self.node,
            start_time=self.time(start),
            end_time=self.time(end),
            **fields,
        )

    def refused(self, status, response, *parts):
        self.assertEqual(status, response.status_code, response.text)
        detail = base.error(response)['detail']
        for part in parts:
            self.assertIn(part, detail)

    def read(self):
        return self.marketplace.provider.nodes.get(self.node)

    def change(self, **fields):
        """What somebody does to the server without asking the market."""
        self.marketplace.provider.nodes._change(self.node, **fields)

    def lessee(self):
        return self.read().lessee

    def of(self, contract):
        return self.show('contracts', contract['uuid'])['status']

    def reconcile(self):
        provider = self.marketplace.provider
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace
        ).run(self.clock())

    def pass_by(self, hours, passes=4):
        self.clock.advance(hours=hours)
        for _ in range(passes):
            # So that what had to wait for another is tried again.
            self.clock.advance(seconds=5)
            self.fulfil()
        self.reconcile()

    def test_from_the_owner_to_the_lessee_to_the_sublessee_and_back(self):
        offer = self.sublet(2, 4, price='3')
        self.assertEqual(self.line['uuid'], offer['sublet_of'])
        self.assertEqual('umbrella', offer['project_id'])
        self.assertEqual(1, len(offer['availabilities']))
        seen = self.show('offers', offer['uuid'], SUBLESSEE)
        self.assertNotIn('sublet_of', seen)
        hidden = self.market(SUBLESSEE).get('/v1/offers', sublet_of=self.line['uuid'])
        self.assertEqual([], self.good(hidden, 200)['offers'])
        # The engine sells it like any other.
        bid = self.bid(
            SUBLESSEE,
            start_time=self.time(2),
            end_time=self.time(4),
            duration=7200,
            price='4',
            resource_class=self.kind,
        )
        self.round()
        uuid = self.show('bids', bid['uuid'])['contract_uuid']
        sub = self.show('contracts', uuid)
        (line,) = sub['lines']
        self.assertEqual(
            (self.line['uuid'], 'umbrella'), (line['sublet_of'], line['owner_id'])
        )
        left = self.show('offers', offer['uuid'])['availabilities']
        self.assertEqual([], left)
        self.pass_by(2)
        self.assertEqual('initech', self.lessee())
        self.assertEqual(('active', 'active'), (self.of(self.parent), self.of(sub)))
        # They leave it running: it is clean when the lessee has it again.
        self.change(provision_state='active', power_state='power on')
        self.pass_by(2)
        node = self.read()
        self.assertEqual(
            ('umbrella', 'available', 'power off'),
            (node.lessee, node.provision_state, node.power_state),
        )
        self.assertEqual(('active', 'ended'), (self.of(self.parent), self.of(sub)))
        self.pass_by(7)
        self.assertEqual((None, 'ended'), (self.lessee(), self.of(self.parent)))

    def test_both_end_at_once_and_the_owner_has_it_again(self):
        sub = self.claim(SUBLESSEE, self.sublet(2, 10))
        self.pass_by(2)
        self.assertEqual('initech', self.lessee())
        self.change(provision_state='active')
        self.pass_by(8, passes=6)
        self.assertEqual(('ended', 'ended'), (self.of(self.parent), self.of(sub)))
        node = self.read()
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))

    def test_what_the_lessee_still_runs_is_not_handed_over(self):
        sub = self.claim(SUBLESSEE, self.sublet(2, 4))
        self.change(provision_state='active')
        self.pass_by(2)
        self.assertEqual(('umbrella', 'wait_fulfill'), (self.lessee(), self.of(sub)))
        self.assertEqual('active', self.read().provision_state)
        self.change(provision_state='available')
        self.pass_by(0)
        self.assertEqual(('initech', 'active'), (self.lessee(), self.of(sub)))

    def test_what_is_refused(self):
        offers = self.provider
        terms = {'resource_uuid': self.node, 'price': '1'}
        self.refused(
            409,
            offers(LESSEE).post('/v1/offers', {**terms, 'end_time': self.time(11)}),
            self.line['uuid'],
            'only',
        )
        whole = {**terms, 'end_time': self.time(4), 'start_time': self.time(2)}
        self.refused(404, offers(SUBLESSEE).post('/v1/offers', whole), self.node)
        first = self.sublet(2, 4)
        self.refused(409, offers(LESSEE).post('/v1/offers', whole), first['uuid'])
        many = {'nodes': [self.node], 'price': '1', 'end_time': self.time(3)}
        answer = self.good(offers(LESSEE).post('/v1/offers', many))
        (publication,) = answer['publications']
        self.assertIn(first['uuid'], publication['error']['detail'])
        longer = self.market(LESSEE).patch(
            f'/v1/offers/{first["uuid"]}', {'end_time': self.time(11)}
        )
        self.refused(409, longer, self.line['uuid'])
        # Who rents from a renter does not sub-let again.
        sub = self.claim(SUBLESSEE, first)
        self.pass_by(2)
        self.assertEqual('active', self.of(sub))
        terms['end_time'] = self.time(3)
        again = offers(SUBLESSEE).post('/v1/offers', terms)
        self.refused(409, again, 'cannot be sub-let again')

    def test_the_lessee_keeps_what_they_have_sub_let(self):
        offer, later = self.sublet(2, 4), self.sublet(5, 8)
        sub = self.claim(SUBLESSEE, offer)
        (line,) = sub['lines']
        path = f'/v1/contracts/{self.parent["uuid"]}'
        market = self.market(LESSEE)
        self.refused(409, market.delete(path), line['uuid'])
        earlier = market.patch(path, {'end_time': self.time(3)})
        self.refused(409, earlier, line['uuid'])
        self.assertEqual('available', self.show('offers', later['uuid'])['status'])
        # Shorter, but not too short: what is not sold yet gives way.
        self.good(market.patch(path, {'end_time': self.time(6)}), 200)
        self.assertEqual(self.time(6), self.show('offers', later['uuid'])['end_time'])
        self.good(market.patch(path, {'end_time': self.time(5)}), 200)
        self.assertEqual('cancelled', self.show('offers', later['uuid'])['status'])
        self.good(self.market(SUBLESSEE).delete(f'/v1/contracts/{sub["uuid"]}'), 204)
        self.good(market.delete(path), 204)
        self.assertEqual('cancelled', self.show('offers', offer['uuid'])['status'])

    def test_a_lessee_who_loses_the_server_loses_what_they_sub_let(self):
        offer = self.sublet(2, 4)
        sub = self.claim(SUBLESSEE, offer)
        # The owner takes it: the renter's line is in error, and nothing is promised.
        self.change(lessee=None)
        self.reconcile()
        self.assertEqual('error', self.of(self.parent))
        self.assertEqual('cancelled', self.show('offers', offer['uuid'])['status'])
        self.pass_by(11)
        # Nobody uses it: it is cleaned all the same.
        self.fulfil()
        self.assertEqual(('ended', None), (self.of(self.parent), self.lessee()))
        closed = self.show('contracts', sub['uuid'])
        self.assertIn(closed['status'], ('ended', 'cancelled'))
        self.assertEqual('not_delivered', closed['lines'][0]['reason'])

    def test_a_query_finds_what_is_rented_only_when_it_says_so(self):
        owned = self.add_node(owner='umbrella', resource_class=self.kind)
        # A lessee without a contract has nothing to sub-let.
        stranger = self.add_node(lessee='umbrella', resource_class=self.kind)
        terms = {'price': '1', 'end_time': self.time(2)}

        def published(**query):
            body = {'query': {'resource_class': self.kind, **query}, **terms}
            answer = self.good(self.provider(LESSEE).post('/v1/offers', body))
            return {each['name']: each for each in answer['publications']}

        self.assertEqual({owned}, set(published()))
        found = published(rented=True, traits=None)
        self.assertEqual({self.node, stranger}, set(found))
        self.assertEqual(404, found[stranger]['error']['status'])
        offer = self.show('offers', found[self.node]['offer_uuid'], LESSEE)
        self.assertEqual(self.line['uuid'], offer['sublet_of'])
