# SPDX-License-Identifier: Apache-2.0
"""Who is told what the projects are called that they have to do with."""

from market import departures
from tests.functional import base
from tests.functional import test_client

NAMES = {'acme': 'Acme Physics', 'umbrella': 'Umbrella Group', 'initech': 'Initech'}


class ProjectNamesTest(base.MarketplaceTestCase):
    VERSION = 'latest'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketplace.keystone.names.update(NAMES)

    def told(self, who, query=''):
        """{id: name} of what somebody is told."""
        answer = self.good(self.market(who).get(f'/v1/projects{query}'), 200)
        return {each['uuid']: each['name'] for each in answer['projects']}

    def test_those_with_whom_one_trades_or_could(self):
        self.assertEqual({}, self.told('acme-reader'))
        self.offer(who='acme-member', lessee_id='acme-lab')
        self.assertEqual({'acme': 'Acme Physics'}, self.told('acme-reader'))
        # Nobody else sees anything of them yet.
        self.assertEqual({}, self.told('umbrella-reader'))
        self.assertEqual({'acme': 'Acme Physics'}, self.told('acme-lab-reader'))
        offer = self.offer(who='acme-member')
        self.assertEqual({'acme': 'Acme Physics'}, self.told('umbrella-reader'))
        self.good(
            self.market('umbrella-member').post(f'/v1/offers/{offer["uuid"]}/claim')
        )
        both = {name: NAMES[name] for name in ('acme', 'umbrella')}
        self.assertEqual(both, self.told('acme-reader'))
        self.assertEqual(both, self.told('umbrella-reader'))
        # Who rents it, nobody else is told.
        self.assertEqual({'acme': 'Acme Physics'}, self.told('initech-reader'))
        self.assertEqual(both, self.told('operator-admin'))
        self.assertEqual(
            {'umbrella': 'Umbrella Group'},
            self.told('acme-reader', '?name=Umbrella%20Group'),
        )
        self.assertEqual(
            {'acme': 'Acme Physics'},
            self.told('umbrella-reader', '?sort_key=name&limit=1'),
        )

    def test_who_never_asked_and_who_has_another_name_now(self):
        offer = self.offer(who='acme-member', lessee_id='initech')
        body = {'end_time': self.time(2)}
        self.good(
            self.market('initech-member').post(
                f'/v1/offers/{offer["uuid"]}/claim', body
            )
        )
        self.assertEqual('Initech', self.told('acme-reader')['initech'])
        # Keystone is asked what became of projects, and so what they are called.
        self.marketplace.keystone.names['initech'] = 'Initech Research'
        departures.Departures(
            self.marketplace.conf,
            self.marketplace.database,
            departures.Keystone(self.marketplace.conf),
        ).run(self.clock())
        self.assertEqual('Initech Research', self.told('acme-reader')['initech'])


class HostileNameTest(base.MarketplaceTestCase):
    VERSION = 'latest'

    def test_a_name_does_nothing_to_who_reads_it(self):
        names = self.marketplace.keystone.names
        names['acme-web'] = 'web\x1b[2J\n\u202e' + 'é' * 300
        self.offer(who='acme-web-member')
        found = self.good(self.market('umbrella-reader').get('/v1/projects'), 200)
        named = [each['name'] for each in found['projects']]
        self.assertEqual(['web?[2J??' + 'é' * 246], named)


class CommandTest(test_client.ClientTestCase):
    def test_an_owner_reads_the_name_of_who_rents(self):
        """Keystone tells members of other projects nothing of it."""
        offer = self.offer(who='acme-member', node=self.add_node())
        self.marketplace.keystone.names.update(NAMES)
        claim = ('offer', 'claim', offer['uuid'], '--end-time', '+2h')
        self.run_json('umbrella-member', *claim)
        for words in (('contract', 'list', '--long'), ('project', 'list')):
            done = self.run_command('acme-reader', *words, '--fit-width')
            self.assertIn('Umbrella Group', done.out, done.err)
        (listed,) = self.run_json('acme-reader', 'contract', 'list', '--long')
        self.assertEqual('umbrella', listed['Project ID'])
