# SPDX-License-Identifier: Apache-2.0
"""What is due reaches calendar programs, and only those who know the address."""

import logging

import fixtures
import icalendar
import requests

from flocx.core import agenda as core
from flocx.core import contract as contract_core
from flocx.core import window
from market import departures
from tests.functional import market_rules


class AgendaTest(market_rules.RulesTestCase):
    def subscribe(self, who, **body):
        return self.good(self.market(who).post('/v1/agendas', body))

    def read(self, url, status=200):
        """As a calendar program does, which knows nothing of Keystone."""
        answer = requests.get(url, timeout=60)
        self.assertEqual(status, answer.status_code, answer.text)
        return answer

    def entries(self, agenda):
        """{uuid: entry} of a calendar."""
        answer = self.read(agenda['url'])
        self.assertEqual('text/calendar; charset=utf-8', answer.headers['Content-Type'])
        found = icalendar.Calendar.from_ical(answer.content)
        self.assertEqual([], found.errors)
        return {str(each['uid']): each for each in found.walk('VEVENT')}

    def test_each_party_sees_what_is_due_for_them(self):
        self.marketplace.keystone.names['umbrella'] = 'Umbrella Group'
        offer = self.offer('acme-member', name='rack-3')
        other = self.offer('acme-member', name='rack-4')
        outage = self.good(
            self.market('acme-member').post(
                '/v1/maintenances',
                {
                    'offer': other['uuid'],
                    'start_time': self.time(5),
                    'end_time': self.time(6),
                    'reason': 'new firmware',
                },
            )
        )
        contract = self.claim(offer, name='weekend', end_time=self.time(3))
        self.fulfil()
        agendas = {
            who: self.subscribe(f'{who}-member', name=f'of {who}')
            for who in ('acme', 'umbrella', 'initech')
        }
        (line,) = contract['lines']
        owner, renter, neither = map(self.entries, agendas.values())
        self.assertEqual({}, neither)
        self.assertEqual({contract['uuid']}, renter.keys())
        rented = renter[contract['uuid']]
        self.assertEqual(
            f'Rented: 1 x {line["resource_class"]} (weekend)', str(rented['summary'])
        )
        for name, key in (('start_time', 'dtstart'), ('end_time', 'dtend')):
            self.assertEqual(contract[name], window.text(rented[key].dt))
        self.assertIn(': active', str(rented['description']))
        self.assertEqual(
            {offer['uuid'], other['uuid'], line['uuid'], outage['uuid']}, owner.keys()
        )
        self.assertEqual(
            'Rented out to Umbrella Group: rack-3', str(owner[line['uuid']]['summary'])
        )
        self.assertNotIn('weekend', self.read(agendas['acme']['url']).text)
        self.assertIn('new firmware', str(owner[outage['uuid']]['description']))
        self.cancel(contract)
        self.fulfil(3)
        self.clock.advance(days=40)
        self.assertEqual({}, self.entries(agendas['umbrella']))

    def test_only_the_address_opens_it_until_it_is_deleted(self):
        logged = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        agenda = self.subscribe('umbrella-member')
        other = self.subscribe('acme-member')
        url, _, token = agenda['url'].partition('?token=')
        self.entries(agenda)
        wrong = (url, f'{url}?token=', f'{url}?token={token}x', f'{url}?token=%00')
        for address in (*wrong, other['url'].partition('=')[0] + f'={token}'):
            answer = self.read(address, 404)
            self.assertNotIn(token, answer.text)
        market = self.market('umbrella-member')
        path = f'/v1/agendas/{agenda["uuid"]}'
        for shown in (
            self.good(market.get(path), 200),
            *self.good(market.get('/v1/agendas'), 200)['agendas'],
        ):
            self.assertNotIn('url', shown)
            self.assertNotIn('token_hash', shown)
        self.assertNotIn(token, logged.output)
        self.assertIn('token=***', logged.output)
        for who, status in (
            ('acme-member', 404),
            ('umbrella-reader', 403),
            ('umbrella-member', 204),
        ):
            self.assertEqual(status, self.market(who).delete(path).status_code, who)
        self.read(agenda['url'], 404)

    def test_a_project_has_so_many_and_none_when_it_has_departed(self):
        made = [self.subscribe('initech-member') for _ in range(core.MOST)]
        answer = self.market('initech-member').post('/v1/agendas', {})
        self.refused(answer, 409, 'delete one')

        class Keystone:
            def require_trusted(self):
                pass

            def standing(self, project_id):
                gone = contract_core.Reason.PROJECT_DISABLED
                return departures.Standing(gone if project_id == 'initech' else None)

        departures.Departures(
            self.marketplace.conf, self.marketplace.database, Keystone()
        ).run(self.clock())
        self.read(made[0]['url'], 404)
