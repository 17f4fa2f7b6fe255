# SPDX-License-Identifier: Apache-2.0
"""The lease service beside esi-leap itself, asked the same; and what is taken over."""

import argparse
import collections
import contextlib
import datetime
import io
import json
import os
import random
import sys
import unittest

from market import export_commands
from market import import_commands
from tests import profiles
from tests.functional import base
from tests.integration import esi_leap
from tests.integration import esi_leap_differences
from tests.integration import esi_leap_requests

#: How many requests one long sequence has, and how many short ones there are.
REQUESTS = profiles.number('FLOCX_ESI_LEAP_REQUESTS', 60, 1000)
SEQUENCES = profiles.number('FLOCX_ESI_LEAP_SEQUENCES', 10, 1000, quick=3)
#: From which seed they are drawn.
SEED = profiles.number('FLOCX_ESI_LEAP_SEED', 1, 1)
#: How many requests a short sequence has, at least and at most.
SHORT = (10, 15)
#: After how many short sequences it is said how far it is.
TOLD = 20
#: How many servers a sequence has.
NODES, FEW_NODES = 4, 2
_NAMED = {'FLOCX_ESI_LEAP_REQUESTS', 'FLOCX_ESI_LEAP_SEQUENCES'} & set(os.environ)
unless_quick = profiles.only_nightly(
    'installs esi-leap', unless=_NAMED or not profiles.QUICK
)
#: What is not compared: names that files have not, and when somebody asked.
_APART = {'resource', 'expire_time', 'fulfill_time', 'id', 'event_time'}


class EsiLeapTestCase(esi_leap_requests.Requests, base.MarketplaceTestCase):
    REAL_TIME = True

    def setUp(self):
        super().setUp()
        self.esi_leap = self.useFixture(esi_leap.EsiLeap(self.marketplace))
        self.begin(SEED, NODES)
        #: How many there were, by what the table says that they are about.
        self.differences = collections.Counter()

    def begin(self, seed, nodes):
        """Go on as if there was nothing yet, with servers and names of its own."""
        self.random = random.Random(seed)
        self.nodes = []
        for _ in range(nodes):
            node = self.marketplace.node(self.add_node()).uuid
            self.esi_leap.add_node(node, 'acme')
            self.nodes.append(node)
        self.names = [f'course {seed} {number}' for number in range(3)]
        #: Pairs of uuids, there and here.
        self.offers, self.leases = [], []
        self.begun = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        self.log = [f'seed {seed}']

    def ask(self, who, method, path, here=None, **kwargs):
        """What esi-leap answers, and what the lease service does."""
        answers = [
            self.ask_there(who, method, path, **kwargs),
            self.ask_here(who, method, here or path, **kwargs),
        ]
        self.log.append((who, method, path, kwargs, [a.status_code for a in answers]))
        return answers

    def ask_there(self, who, method, path, **kwargs):
        return base.Caller(self.esi_leap.url, who).request(method, path, **kwargs)

    def ask_here(self, who, method, path, **kwargs):
        url = self.marketplace.catalog['lease']
        return base.Caller(url, who).request(method, path, **kwargs)

    def plain(self, document):
        """What is the same at both of an answer."""
        if document is None:
            return None
        for kind in ('offers', 'leases', 'events'):
            if kind in document:
                found = [self.plain(each) for each in document[kind]]
                return sorted(found, key=json.dumps)
        return {
            name: self.same(name, value)
            for name, value in sorted(document.items())
            if name not in _APART
        }

    def same(self, name, value):
        """A field without what each of them chooses by itself."""
        if name == 'availabilities':
            soon = (self.begun + base.HOUR).replace(tzinfo=None).isoformat()
            return [[max(start, soon), end] for start, end in value]
        if name.endswith('uuid') and name != 'resource_uuid':
            # Offers that are behind what was given have no place in esi-leap.
            return self.numbers.get(value)
        return value

    @property
    def numbers(self):
        """{uuid, there or here: which it is of all}."""
        pairs = enumerate([*self.offers, *self.leases])
        return {uuid: number for number, pair in pairs for uuid in pair}


@unless_quick
class SameAnswersTest(EsiLeapTestCase):
    def test_the_same_requests_have_the_same_answers(self):
        """Or those that the table in doc/source/admin/esi.rst has."""
        counted = self.compare(REQUESTS)
        # It was about something.
        self.assertGreater(min(counted.values()), REQUESTS // 10)

    def test_so_have_those_of_many_short_sequences(self):
        """Each has its own servers; all that is open is deleted when it is over.

        So each is about what it has made itself, but both know of more and more.
        """
        counted = collections.Counter()
        for number in range(SEQUENCES):
            self.begin(f'{SEED} {number}', FEW_NODES)
            counted.update(self.compare(self.random.randint(*SHORT)))
            self.end()
            if number % TOLD == TOLD - 1:
                print(f'{number + 1} of {SEQUENCES} sequences', file=sys.stderr)
        self.assertGreater(min(counted.values()), SEQUENCES)

    def compare(self, requests):
        """Send so many to both: how many both took (True), and both refused (False)."""
        counted = {True: 0, False: 0}
        for _ in range(requests):
            (there, here), pairs = self.act()
            about = esi_leap_differences.known(self, there, here)
            if about is None:
                self.compare_answers(there, here, pairs)
                counted[here.ok] += 1
            else:
                self.differences[about] += 1
        return counted

    def compare_answers(self, there, here, pairs):
        self.assertEqual(there.ok, here.ok, self.told(there, here))
        if here.ok:
            theirs, ours = there.json(), self.without_given(here.json())
            if pairs is not None:
                pairs.append((theirs['uuid'], ours['uuid']))
            self.assertEqual(
                self.plain(theirs), self.plain(ours), self.told(there, here)
            )

    def end(self):
        """Delete all that is open, at both; leases that are left, after the offers."""
        for kind, pairs in (('offers', self.offers), ('leases', self.leases)):
            there, here = self.ask('owen', 'GET', f'/v1/{kind}')
            self.compare_answers(there, here, None)
            known = dict(pairs)
            for each in there.json()[kind]:
                answers = self.ask(
                    'owen',
                    'DELETE',
                    f'/v1/{kind}/{each["uuid"]}',
                    f'/v1/{kind}/{known[each["uuid"]]}',
                )
                self.compare_answers(*answers, None)

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

    def told(self, there, here):
        last = '\n'.join(map(str, self.log[-12:]))
        return f'{last}\nthere: {there.text}\nhere: {here.text}'


class TableTest(unittest.TestCase):
    def test_all_differences_are_in_the_table(self):
        table = esi_leap_differences.abouts()
        self.assertGreater(len(table), 20)
        self.assertLessEqual(set(esi_leap_differences.ROWS), set(table))


@unless_quick
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
        report = self.manage(import_commands, 'import')
        for kind, pairs in (('offers', self.offers), ('leases', self.leases)):
            self.assertEqual([], report[kind]['refused'])
            self.assertEqual(len(pairs), report[kind]['taken'])
        self.assertEqual(*self.lists())
        self.go_on()
        self.assertNotEqual(*self.lists())
        # And back again.
        counted = self.manage(export_commands, 'export')
        for kind in ('offers', 'leases'):
            self.assertLess(0, counted[kind]['added'])
            self.assertEqual(report[kind]['taken'], counted[kind]['changed'])
        self.assertEqual(*self.lists())

    def go_on(self):
        """At ours: delete what is open, and lease a server."""
        for kind in ('offers', 'leases'):
            found = self.ask_here('owen', 'GET', f'/v1/{kind}').json()[kind]
            for each in found:
                self.ask_here('owen', 'DELETE', f'/v1/{kind}/{each["uuid"]}')
        node = self.marketplace.node(self.add_node()).uuid
        self.esi_leap.add_node(node, 'acme')
        body = {'resource_uuid': node, **self.period()}
        offer = self.good(self.ask_here('owen', 'POST', '/v1/offers', json=body), 201)
        path = f'/v1/offers/{offer["uuid"]}/claim'
        body = {name: offer[name] for name in ('start_time', 'end_time')}
        lease = self.good(self.ask_here('lea', 'POST', path, json=body), 201)
        for each, pairs in ((offer, self.offers), (lease, self.leases)):
            pairs.append((each['uuid'],) * 2)

    def manage(self, commands, *words):
        """What ``flocx-market-manage`` prints of a command about esi-leap."""
        parser = argparse.ArgumentParser()
        commands.add(parser.add_subparsers())
        words = [*words, 'esi-leap', '--url', self.esi_leap.database]
        command = parser.parse_args([*words, '--provider', 'service-service'])
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            command.run(self.marketplace.database, command)
        return json.loads(out.getvalue())

    def lists(self):
        """What both list of all that was made, there and here: {kind: {uuid: it}}."""
        found = {}, {}
        urls = self.esi_leap.url, self.marketplace.catalog['lease']
        for kind, pairs in (('offers', self.offers), ('leases', self.leases)):
            params = {'status': 'any', **({'view': 'all'} if kind == 'leases' else {})}
            uuids = {uuid for uuid, _ in pairs}
            for url, lists in zip(urls, found, strict=True):
                answer = base.Caller(url, 'ada').get(f'/v1/{kind}', **params)
                lists[kind] = {
                    each['uuid']: self.plain(each)
                    for each in self.good(answer, 200)[kind]
                    if each['uuid'] in uuids
                }
        return found
