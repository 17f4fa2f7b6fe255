# SPDX-License-Identifier: Apache-2.0
"""The lease service beside esi-leap itself, asked the same; and what is taken over."""

import argparse
import contextlib
import datetime
import io
import json
import os
import random

from market import import_commands
from tests import profiles
from tests.functional import base
from tests.integration import esi_leap

#: How many requests are sent to both, and from which seed they are drawn.
REQUESTS = profiles.number('FLOCX_ESI_LEAP_REQUESTS', 60, 1000)
SEED = profiles.number('FLOCX_ESI_LEAP_SEED', 1, 1)
NODES = 4
only_nightly = profiles.only_nightly(
    'installs esi-leap', unless='FLOCX_ESI_LEAP_REQUESTS' in os.environ
)
#: What is not compared: what only one of them has, or what is another time with each
#: request.
_APART = {
    *('uuid', 'offer_uuid', 'resource', 'availabilities', 'expire_time'),
    *('parent_lease_uuid', 'fulfill_time'),
}


class EsiLeapTestCase(base.MarketplaceTestCase):
    REAL_TIME = True

    def setUp(self):
        super().setUp()
        self.esi_leap = self.useFixture(esi_leap.EsiLeap(self.marketplace))
        self.random = random.Random(SEED)
        self.nodes = []
        for _ in range(NODES):
            node = self.marketplace.node(self.add_node()).uuid
            self.esi_leap.add_node(node, 'acme')
            self.nodes.append(node)
        #: Pairs of uuids, there and here.
        self.offers, self.leases = [], []
        self.begun = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        self.log = []

    def ask(self, who, method, path, here=None, **kwargs):
        """What esi-leap answers, and what the lease service does."""
        urls = self.esi_leap.url, self.marketplace.catalog['lease']
        paths = path, here or path
        answers = [
            base.Caller(url, who).request(method, each, **kwargs)
            for url, each in zip(urls, paths, strict=True)
        ]
        self.log.append((who, method, path, kwargs, [a.status_code for a in answers]))
        return answers

    def period(self):
        """Some hours that begin later than now, as both take them."""
        start = self.random.randint(2, 20)
        end = start + self.random.randint(1, 12)
        return {
            name: (self.begun + hours * base.HOUR).replace(tzinfo=None).isoformat()
            for name, hours in (('start_time', start), ('end_time', end))
        }

    def pick(self, pairs):
        return self.random.choice(pairs) if pairs else ('nothing', 'nothing')

    # What people do, at random

    def offer(self):
        body = {'resource_uuid': self.random.choice(self.nodes), **self.period()}
        body['resource_type'] = 'dummy_node'
        if self.random.random() < 0.3:
            body['lessee_id'] = self.random.choice(['umbrella', 'initech'])
        if self.random.random() < 0.2:
            del body['end_time']
        return self.ask('owen', 'POST', '/v1/offers', json=body), self.offers

    def claim(self):
        there, here = self.pick(self.offers)
        who = self.random.choice(['lea', 'ina'])
        body = {**self.period(), 'purpose': 'course'}
        path = '/v1/offers/{}/claim'
        asked = self.ask(who, 'POST', path.format(there), path.format(here), json=body)
        return asked, self.leases

    def give(self):
        body = {
            'resource_uuid': self.random.choice(self.nodes),
            'resource_type': 'dummy_node',
            'project_id': self.random.choice(['umbrella', 'initech']),
            **self.period(),
        }
        return self.ask('owen', 'POST', '/v1/leases', json=body), self.leases

    def delete_offer(self):
        there, here = self.pick(self.offers)
        who = self.random.choice(['owen', 'owen', 'ada', 'lea'])
        path = '/v1/offers/{}'
        return self.ask(who, 'DELETE', path.format(there), path.format(here)), None

    def delete_lease(self):
        there, here = self.pick(self.leases)
        who = self.random.choice(['owen', 'lea', 'ina', 'ada'])
        path = '/v1/leases/{}'
        return self.ask(who, 'DELETE', path.format(there), path.format(here)), None

    def show(self):
        kind, pairs = self.random.choice(
            [('offers', self.offers), ('leases', self.leases)]
        )
        there, here = self.pick(pairs)
        who = self.random.choice(list(esi_leap.PEOPLE))
        path = f'/v1/{kind}/{{}}'
        return self.ask(who, 'GET', path.format(there), path.format(here)), None

    def list(self):
        kind, who = self.random.choice(
            [
                ('offers', 'owen'),
                ('offers', 'lea'),
                ('offers', 'ina'),
                ('leases', 'owen'),
                ('leases', 'lea'),
                ('leases', 'ina'),
            ]
        )
        period = self.period()
        params = self.random.choice(
            [
                {},
                {'resource_uuid': self.random.choice(self.nodes)},
                {'project_id': 'acme'} if kind == 'offers' else {'owner_id': 'acme'},
                period,
                {f'available_{name}': period[name] for name in period}
                if kind == 'offers'
                else {'status': 'deleted'},
                {'status': 'any'}
                if who == 'owen'
                else {'status': 'created'}
                if kind == 'leases'
                else {'status': 'available'},
            ]
        )
        if 'resource_uuid' in params:
            params['resource_type'] = 'dummy_node'
        return self.ask(who, 'GET', f'/v1/{kind}', params=params), None

    def act(self):
        """One request to both, drawn at random: the answers, and where uuids belong."""
        actions = (
            *(self.offer, self.offer, self.claim, self.claim, self.claim, self.give),
            *(self.delete_offer, self.delete_lease, self.show, self.list, self.list),
        )
        return self.random.choice(actions)()

    def plain(self, document):
        """What is the same at both of an answer."""
        if document is None:
            return None
        for kind in ('offers', 'leases'):
            if kind in document:
                found = [self.plain(each) for each in document[kind]]
                return sorted(found, key=json.dumps)
        return {
            name: value
            for name, value in sorted(document.items())
            if name not in _APART
        }


@only_nightly
class SameAnswersTest(EsiLeapTestCase):
    def test_the_same_requests_have_the_same_answers(self):
        """Or those that the table in doc/source/admin/esi.rst has."""
        counted = {True: 0, False: 0}
        for _ in range(REQUESTS):
            (there, here), pairs = self.act()
            if self.is_known_difference(there, here):
                continue
            self.assertEqual(there.ok, here.ok, self.told(there, here))
            counted[here.ok] += 1
            if here.ok:
                theirs, ours = there.json(), self.without_given(here.json())
                self.assertEqual(
                    self.plain(theirs), self.plain(ours), self.told(there, here)
                )
                if pairs is not None:
                    pairs.append((theirs['uuid'], ours['uuid']))
        # It was about something.
        self.assertGreater(min(counted.values()), REQUESTS // 10)

    def without_given(self, document):
        """An answer without the closed offers that are behind given leases."""
        if document and 'offers' in document:
            known = {here for _, here in self.offers}
            document['offers'] = [
                each
                for each in document['offers']
                if each['uuid'] in known or each['status'] != 'deleted'
            ]
        return document

    def is_known_difference(self, there, here):
        """Whether it is one of the table; what was done at one of them is undone."""
        method, path = here.request.method, here.request.path_url
        if (method, path) == ('POST', '/v1/offers') and here.ok and not there.ok:
            # What is leased may be offered; the leased time is left out.
            uuid = here.json()['uuid']
            base.Caller(self.marketplace.catalog['lease'], 'owen').delete(
                f'/v1/offers/{uuid}'
            )
            return 'Time conflict' in there.text
        if method == 'GET' and there.ok and here.status_code == 404:
            # Closed offers are for their owners to see.
            return there.json()['status'] == 'deleted' and '/offers/' in path
        return False

    def told(self, there, here):
        last = '\n'.join(map(str, self.log[-12:]))
        return f'{last}\nthere: {there.text}\nhere: {here.text}'


@only_nightly
class TakenOverTest(EsiLeapTestCase):
    def ask(self, who, method, path, here=None, **kwargs):
        """Only esi-leap is asked."""
        there = base.Caller(self.esi_leap.url, who).request(method, path, **kwargs)
        return there, there

    def test_what_is_taken_over_is_what_there_was(self):
        for _ in range(REQUESTS):
            (there, _), pairs = self.act()
            if there.ok and pairs is not None:
                pairs.append((there.json()['uuid'],) * 2)
        self.assertTrue(self.offers and self.leases)
        parser = argparse.ArgumentParser()
        import_commands.add(parser.add_subparsers())
        words = ['import', 'esi-leap', '--url', self.esi_leap.database]
        command = parser.parse_args([*words, '--provider', 'service-service'])
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            command.run(self.marketplace.database, command)
        report = json.loads(out.getvalue())
        for kind, pairs in (('offers', self.offers), ('leases', self.leases)):
            self.assertEqual([], report[kind]['refused'])
            self.assertEqual(len(pairs), report[kind]['taken'])
            params = {'status': 'any', **({'view': 'all'} if kind == 'leases' else {})}
            theirs, ours = (
                self.good(base.Caller(url, 'ada').get(f'/v1/{kind}', **params), 200)
                for url in (self.esi_leap.url, self.marketplace.catalog['lease'])
            )
            uuids = {uuid for uuid, _ in pairs}
            ours[kind] = [each for each in ours[kind] if each['uuid'] in uuids]
            self.assertEqual(uuids, {each['uuid'] for each in ours[kind]})
            self.assertEqual(self.plain(theirs), self.plain(ours))
