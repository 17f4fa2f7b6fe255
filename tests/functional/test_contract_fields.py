# SPDX-License-Identifier: Apache-2.0
"""What each party sees of a contract."""

import pathlib
import re

from tests.functional import market_rules


def who_sees_what():
    """{field of a contract: {reader: yes or no}}, as the page on trading says it."""
    page = pathlib.Path(__file__).parents[2] / 'doc/source/user/trading.rst'
    _, _, rest = page.read_text().partition(':name: who-sees-what\n')
    rows = []
    for line in rest.splitlines():
        if found := re.fullmatch(r'   (\*| ) - (\w+)', line):
            if found[1] == '*':
                rows.append([])
            rows[-1].append(found[2])
        elif rows and line and not line.startswith(' '):
            break
    (_, *readers), *rows = rows
    return {field: dict(zip(readers, cells, strict=True)) for field, *cells in rows}


class WhoSeesWhatTest(market_rules.RulesTestCase):
    """Line s: an owner learns what they need of a contract, and no more."""

    def setUp(self):
        super().setUp()
        self.kind = self.getUniqueString()
        self.offer(node=self.add_node(resource_class=self.kind))
        bid = self.bid(
            purpose='secret', resource_class=self.kind, name=f'b-{self.kind}'
        )
        self.round()
        self.bid_uuid = bid['uuid']
        self.uuid = self.show('bids', bid['uuid'])['contract_uuid']

    def test_s_an_owner_sees_neither_purpose_nor_bid(self):
        seen = self.show('contracts', self.uuid, 'acme-reader')
        self.assertFalse({'purpose', 'bid_uuid'} & seen.keys(), seen)
        for who in ('umbrella-reader', 'operator-admin'):
            seen = self.show('contracts', self.uuid, who)
            self.assertEqual(
                ('secret', self.bid_uuid), (seen['purpose'], seen['bid_uuid'])
            )

    def test_s_the_page_says_what_each_sees(self):
        readers = {
            'renter': 'umbrella-reader',
            'owner': 'acme-reader',
            'provider': 'service-service',
            'operator': 'operator-admin',
        }
        table = who_sees_what()
        for reader, who in readers.items():
            seen = self.show('contracts', self.uuid, who)
            told = {field for field, row in table.items() if row[reader] == 'yes'}
            self.assertEqual(told, set(seen), reader)

    def test_s_no_filter_finds_what_is_not_shown(self):
        for name, value in (('purpose', 'secret'), ('bid_uuid', self.bid_uuid)):
            for who, found in (('acme-reader', False), ('umbrella-reader', True)):
                answer = self.market(who).get('/v1/contracts', **{name: value})
                listed = self.good(answer, 200)['contracts']
                self.assertEqual(found, self.uuid in str(listed), (who, name))

    def test_s_nor_does_the_feed_or_the_provider_tell_it(self):
        for who in ('acme-reader', 'service-service'):
            events = self.market(who).get('/v1/events', object_uuid=self.uuid)
            self.assertNotIn('secret', events.text)
            self.assertNotIn(self.bid_uuid, events.text)
        seen = self.show('contracts', self.uuid, 'service-service')
        self.assertNotIn('purpose', seen)
