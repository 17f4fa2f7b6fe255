# SPDX-License-Identifier: Apache-2.0
"""Owners take servers back with the notice that was agreed, and never with less."""

import datetime
import decimal

import sqlalchemy as sa

from flocx.core import money
from provider import fulfilment
from tests.functional import base

RENTER, OWNER, THIRD = 'umbrella-member', 'acme-member', 'initech-member'
HOUR = 3600


class ReclaimTestCase(base.MarketplaceTestCase):
    VERSION = '1.1'
    OPTIONS = (('provider', 'quarantine_wait', '0'),)

    def setUp(self):
        super().setUp()
        self.kind = f'kind-{self.id().rpartition(".")[2]}'[:60]
        provider = self.marketplace.provider
        self.delivering = fulfilment.Fulfilment(
            self.marketplace.conf,
            provider.nodes,
            provider.marketplace,
            clock=self.clock,
        )

    def sell(self, who=OWNER, notice=HOUR, **values):
        node = self.add_node(owner=who.rpartition('-')[0], resource_class=self.kind)
        terms = {} if notice is None else {'reclaim_notice': notice}
        return self.offer(who, node, hours=24, **terms, **values)

    def claim(self, *offers, who=RENTER, least=0, **said):
        first, *others = (each['uuid'] for each in offers)
        body = {'offers': others, 'min_reclaim_notice': least, **said}
        contract = self.good(self.market(who).post(f'/v1/offers/{first}/claim', body))
        return contract['uuid']

    def bought(self, **said):
        bid = self.bid(resource_class=self.kind, hours=20, **said)
        self.round()
        return self.show('bids', bid['uuid'])['contract_uuid']

    def reclaim(self, contract, who=OWNER, status=200, **body):
        answer = self.market(who).post(f'/v1/contracts/{contract}/reclaim', body)
        return self.good(answer, status)

    def refused(self, contract, who=OWNER, **body):
        answer = self.market(who).post(f'/v1/contracts/{contract}/reclaim', body)
        return answer.status_code, base.error(answer)['code']

    def lines(self, contract):
        return self.show('contracts', contract)['lines']

    def pass_time(self, seconds):
        """Let so much time pass, with a pass of the fulfiller at the end of it."""
        self.clock.advance(seconds=seconds)
        for _ in range(3):
            self.delivering.run(self.clock())

    def told(self, who, contract):
        found = self.market(who).get('/v1/events', object_uuid=contract)
        return [event['type'] for event in self.good(found, 200)['events']]

    def billed(self, line, who=RENTER):
        """(seconds, amount) of a line as ``who`` is billed."""
        usage = self.good(self.market(who).newest('/v1/usage'), 200)['usage']
        rows = [
            row
            for each in usage
            for row in each['lines']
            if row['line_uuid'] == line['uuid']
        ]
        return (
            sum(row['server_seconds'] + row['notice_seconds'] for row in rows),
            f'{sum((decimal.Decimal(row["amount"]) for row in rows), 0):.6f}',
        )

    def assertBilled(self, line, start, end):
        """The line is billed from ``start`` to ``end`` to both, to the last digit."""
        seconds = int((base.parsed(end) - base.parsed(start)).total_seconds())
        amount = money.text(money.amount(decimal.Decimal(line['price']), seconds))
        for who in (RENTER, f'{line["owner_id"]}-member'):
            self.assertEqual((seconds, amount), self.billed(line, who))


class ReclaimTest(ReclaimTestCase):
    def test_it_is_paid_to_the_deadline_and_not_after(self):
        contract = self.claim(self.sell(price='1.333333'))
        self.pass_time(600)
        asked = self.clock()
        said = self.reclaim(contract)
        (line,) = said['lines']
        deadline = base.parsed(line['reclaim_deadline'])
        late = deadline - asked - datetime.timedelta(seconds=HOUR)
        self.assertTrue(
            datetime.timedelta(0) < late < datetime.timedelta(seconds=5), late
        )
        self.assertEqual(
            ('active', 'reclaimed', line['reclaim_deadline']),
            (line['status'], line['reason'], line['end_time']),
        )
        self.assertEqual(line['end_time'], said['end_time'])
        self.assertEqual(HOUR, line['reclaim_notice'])
        for who in (RENTER, OWNER):
            self.assertEqual('contract.reclaiming', self.told(who, contract)[-1])
        # The owner can do nothing to have it earlier.
        self.pass_time(60)
        again = self.reclaim(contract)
        self.assertEqual(line, again['lines'][0])
        market = self.market(OWNER)
        path = f'/v1/contracts/{contract}'
        soon = {'end_time': self.time(0.5)}
        self.assertEqual(403, market.patch(path, soon).status_code)
        self.assertEqual(403, market.delete(path).status_code)
        change = {'reclaim_notice': 0}
        self.good(market.patch(f'/v1/offers/{line["offer_uuid"]}', change), 200)
        self.assertEqual(line, self.reclaim(contract)['lines'][0])
        # Nor the renter to have it for longer.
        longer = self.market(RENTER).patch(path, {'end_time': self.time(9)})
        self.assertEqual(409, longer.status_code)
        self.assertEqual('flocx.conflict.reclaimed', base.error(longer)['code'])
        self.pass_time(3000)
        self.assertEqual('active', self.lines(contract)[0]['status'])
        self.pass_time(1200)
        (line,) = self.lines(contract)
        self.assertEqual(('ended', 'reclaimed'), (line['status'], line['reason']))
        self.assertBilled(line, line['fulfill_time'], line['reclaim_deadline'])
        self.assertEqual(line, self.reclaim(contract)['lines'][0])

    def test_there_is_nothing_to_reclaim_of_what_ends_before_the_notice(self):
        for end in (0.5, 1):
            contract = self.claim(self.sell(), end_time=self.time(end))
            self.assertEqual((409, 'flocx.conflict'), self.refused(contract))

    def test_who_leaves_earlier_pays_what_they_had(self):
        contract = self.claim(self.sell())
        self.pass_time(600)
        self.reclaim(contract)
        self.pass_time(300)
        path = f'/v1/contracts/{contract}'
        self.good(self.market(RENTER).delete(path), 204)
        (line,) = self.lines(contract)
        self.assertLess(line['end_time'], line['reclaim_deadline'])
        self.pass_time(60)
        (line,) = self.lines(contract)
        self.assertEqual(('ended', 'released'), (line['status'], line['reason']))
        had = base.parsed(line['end_time']) - base.parsed(line['fulfill_time'])
        self.assertTrue(290 < had.total_seconds() < 960, had)
        self.assertBilled(line, line['fulfill_time'], line['end_time'])

    def test_one_line_of_several(self):
        bid = self.bid(resource_class=self.kind, hours=20, quantity=3, min_quantity=2)
        bid['min'] = self.good(
            self.market(RENTER).patch(
                f'/v1/bids/{bid["uuid"]}', {'min_reclaim_notice': HOUR}
            ),
            200,
        )['min_reclaim_notice']
        self.assertEqual(HOUR, bid['min'])
        for who in (OWNER, OWNER, THIRD):
            self.sell(who)
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.pass_time(60)
        one, two, other = sorted(
            self.lines(contract), key=lambda line: line['owner_id']
        )
        # Nobody reclaims what is somebody else's, nor learns whether it is there.
        self.assertEqual(
            (404, 'flocx.not_found'), self.refused(contract, lines=[other['uuid']])
        )
        self.assertEqual((403, 'flocx.forbidden'), self.refused(contract, RENTER))
        said = self.reclaim(contract, lines=[one['uuid']])
        self.assertEqual(2, len(said['lines']))
        after = {line['uuid']: line for line in self.lines(contract)}
        self.assertIsNotNone(after[one['uuid']]['reclaim_deadline'])
        self.assertEqual(two, after[two['uuid']])
        self.assertEqual(other, after[other['uuid']])
        whole = self.show('contracts', contract)
        self.assertEqual(two['end_time'], whole['end_time'])
        # The other servers can be had for longer, that one cannot.
        path = f'/v1/contracts/{contract}'
        later = {'end_time': self.time(22)}
        self.good(self.market(RENTER).patch(path, later), 200)
        ends = {line['uuid']: line['end_time'] for line in self.lines(contract)}
        self.assertEqual(later['end_time'], ends[two['uuid']])
        self.assertEqual(after[one['uuid']]['reclaim_deadline'], ends[one['uuid']])
        # That server alone can be left, and costs nothing from then on.
        for line, expected in ((two, 409), (one, 204)):
            left = self.market(RENTER).delete(f'{path}/lines/{line["uuid"]}')
            self.assertEqual(expected, left.status_code, left.text)
        self.pass_time(60)
        after = {line['uuid']: line for line in self.lines(contract)}
        self.assertEqual('ended', after[one['uuid']]['status'])
        self.assertEqual('active', after[two['uuid']]['status'])
        line = after[one['uuid']]
        self.assertBilled(line, line['fulfill_time'], line['end_time'])

    def test_a_contract_that_is_no_use_any_more_is_left_without_notice(self):
        contract = self.claim(self.sell(), self.sell(THIRD))
        self.pass_time(60)
        self.reclaim(contract)
        self.pass_time(60)
        self.good(self.market(RENTER).delete(f'/v1/contracts/{contract}'), 204)
        ends = {line['end_time'] for line in self.lines(contract)}
        (end,) = ends
        self.assertLessEqual(base.parsed(end), self.clock())

    def test_without_a_notice_it_is_never_reclaimed(self):
        offer = self.sell(notice=None)
        contract = self.claim(offer)
        change = {'reclaim_notice': 60}
        changed = self.market(OWNER).patch(f'/v1/offers/{offer["uuid"]}', change)
        self.assertEqual(60, self.good(changed, 200)['reclaim_notice'])
        self.assertEqual(
            (409, 'flocx.conflict.not_reclaimable'), self.refused(contract)
        )
        (line,) = self.lines(contract)
        self.assertIsNone(line['reclaim_notice'])

    def test_what_would_begin_after_the_deadline_is_cancelled_for_nothing(self):
        contract = self.claim(self.sell(), start_time=self.time(3))
        self.reclaim(contract)
        (line,) = self.lines(contract)
        self.assertEqual(('cancelled', 'reclaimed'), (line['status'], line['reason']))
        self.assertEqual((0, '0.000000'), self.billed(line))
        with self.marketplace.database.reader() as session:
            counted = session.execute(
                sa.text('SELECT count(*) FROM cancellations WHERE line_uuid = :u'),
                {'u': line['uuid']},
            ).scalar()
        self.assertEqual(0, counted)

    def test_another_server_is_looked_for(self):
        self.sell(price='1')
        bid = self.bid(
            resource_class=self.kind, hours=20, price='2', min_reclaim_notice=600
        )
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.pass_time(60)
        # What is too dear, or can be taken back too soon, is none.
        self.sell(THIRD, notice=599, price='0.5')
        self.sell(THIRD, notice=None, price='3')
        good = self.sell(THIRD, notice=600, price='0.8')
        self.reclaim(contract)
        old, new = self.lines(contract)
        self.assertEqual(good['uuid'], new['offer_uuid'])
        self.assertEqual(
            (old['reclaim_deadline'], old['price'], 'replacement', 600),
            (new['start_time'], new['price'], new['price_rule'], new['reclaim_notice']),
        )
        self.assertEqual(self.time(20), new['end_time'])
        self.assertEqual(self.time(20), self.show('contracts', contract)['end_time'])
        self.assertEqual(
            ['contract.reclaiming', 'contract.replaced'],
            self.told(RENTER, contract)[-2:],
        )
        self.pass_time(HOUR + 60)
        old, new = self.lines(contract)
        self.assertEqual(('ended', 'active'), (old['status'], new['status']))
        self.assertBilled(old, old['fulfill_time'], old['reclaim_deadline'])

    def test_who_does_not_want_the_other_server_pays_nothing_for_it(self):
        self.sell()
        bid = self.bid(resource_class=self.kind, hours=20, min_reclaim_notice=0)
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        self.pass_time(60)
        self.sell(THIRD)
        self.reclaim(contract)
        self.pass_time(60)
        # Before the other one begins.
        soon = {'end_time': self.time(0.5)}
        self.good(self.market(RENTER).patch(f'/v1/contracts/{contract}', soon), 200)
        old, new = self.lines(contract)
        self.assertEqual(('active', soon['end_time']), (old['status'], old['end_time']))
        self.assertEqual(('cancelled', 0), (new['status'], new['notice_seconds']))
        self.pass_time(HOUR)
        old, new = self.lines(contract)
        self.assertEqual((0, '0.000000'), self.billed(new))
        self.assertBilled(old, old['fulfill_time'], soon['end_time'])


class MatchingTest(ReclaimTestCase):
    """A bid gets no server with a shorter notice than it asks for."""

    def test_a_notice_that_is_too_short(self):
        offer = self.sell(notice=HOUR)
        for least, told in ((None, 'never reclaimed'), (HOUR + 1, '3601 seconds')):
            bid = self.bid(
                resource_class=self.kind,
                **({} if least is None else {'min_reclaim_notice': least}),
            )
            self.round()
            bid = self.show('bids', bid['uuid'], RENTER)
            self.assertEqual('available', bid['status'])
            outlook = bid['outlook']
            self.assertEqual('notice', outlook['reason'])
            self.assertIn('Notice too short', outlook['detail'])
            self.assertIn('3600 seconds at most', outlook['detail'])
            self.assertIn(told, outlook['detail'])
            path = f'/v1/offers/{offer["uuid"]}/claim'
            said = {} if least is None else {'min_reclaim_notice': least}
            refused = self.market(RENTER).post(path, said)
            self.assertEqual(409, refused.status_code)
            self.assertEqual('flocx.conflict.notice', base.error(refused)['code'])
            self.assertIn('notice too short', base.error(refused)['detail'])
            self.good(self.market(RENTER).delete(f'/v1/bids/{bid["uuid"]}'), 204)
        bid = self.bid(resource_class=self.kind, min_reclaim_notice=HOUR)
        self.round()
        self.assertEqual('matched', self.show('bids', bid['uuid'])['status'])

    def test_who_speaks_an_earlier_version_gets_nothing_that_is_reclaimed(self):
        self.sell(notice=HOUR)
        self.VERSION = None
        bid = self.bid(resource_class=self.kind)
        self.round()
        self.assertEqual('available', self.show('bids', bid['uuid'])['status'])


class SubletTest(ReclaimTestCase):
    def sublet(self, contract, **said):
        """An offer of the renter's, of the server of ``contract``."""
        (line,) = self.lines(contract)
        terms = {'end_time': self.time(9), 'price': '3', **said}
        return self.provider(RENTER).post(
            '/v1/offers', {'resource_uuid': line['resource_uuid'], **terms}
        )

    def test_what_is_sub_let_goes_back_by_the_same_deadline(self):
        contract = self.claim(self.sell())
        self.pass_time(60)
        longer = self.sublet(contract, reclaim_notice=HOUR + 1)
        self.assertEqual(409, longer.status_code)
        self.assertIn('reclaim_notice', base.error(longer)['detail'])
        offer = self.good(self.sublet(contract))
        # Nothing was said, and so it has the notice of what it is made of.
        self.assertEqual(HOUR, offer['reclaim_notice'])
        for notice, expected in ((None, HOUR), (HOUR + 1, 409), (600, 600)):
            changed = self.market(RENTER).patch(
                f'/v1/offers/{offer["uuid"]}', {'reclaim_notice': notice}
            )
            found = changed.json().get('reclaim_notice', changed.status_code)
            self.assertEqual(expected, found, notice)
        sub = self.claim(offer, who=THIRD, end_time=self.time(8))
        self.pass_time(60)
        self.reclaim(contract)
        (line,), (below,) = self.lines(contract), self.lines(sub)
        self.assertEqual(
            (line['reclaim_deadline'], line['reclaim_deadline'], 'reclaimed'),
            (below['reclaim_deadline'], below['end_time'], below['reason']),
        )
        self.assertEqual('contract.reclaiming', self.told(THIRD, sub)[-1])
        # Their lessee has the notice that they were promised, and so they stay.
        left = self.market(RENTER).delete(f'/v1/contracts/{contract}')
        self.assertEqual(409, left.status_code)
        self.good(self.market(THIRD).delete(f'/v1/contracts/{sub}'), 204)
        self.pass_time(120)
        (below,) = self.lines(sub)
        self.assertEqual('ended', below['status'])
        self.good(self.market(RENTER).delete(f'/v1/contracts/{contract}'), 204)
        self.pass_time(120)
        self.assertEqual('ended', self.lines(contract)[0]['status'])

    def test_what_is_reclaimed_is_not_sub_let(self):
        contract = self.claim(self.sell())
        self.pass_time(60)
        self.reclaim(contract)
        refused = self.sublet(contract, end_time=self.time(0.5))
        self.assertEqual(409, refused.status_code)
        self.assertEqual('flocx.conflict.sublet', base.error(refused)['code'])
        self.assertIn('reclaimed', base.error(refused)['detail'])
