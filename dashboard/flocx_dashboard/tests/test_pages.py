# SPDX-License-Identifier: Apache-2.0
"""All pages on a busy market: what none of them shows, and what each of them asks."""

import datetime
import functools
import re
import threading
from unittest import mock
from urllib import parse

from django import test
from django import urls
from django.core import cache
from requests import adapters

from benchmarks import busy_market
from flocx_dashboard import events
from flocx_dashboard import formats
from flocx_dashboard.tests import base
from flocxclient.osc import columns
from tests import profiles

#: What no page shows to people, outside of code and details.
FORBIDDEN = {
    'a failure': r'HTTP 5\d\d',
    'a bare uuid': r'\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b',
    'raw HTML': r'&lt;/?[a-z]+[ >&]',
    'a repr of Python': (
        r"\bNone\b|\bTrue\b|\bFalse\b|[\[{(](?:'|&#x27;)|&#x27;[\])}]|Decimal\(|datetime\.|"
        r'&lt;\w+ object|OrderedDict'
    ),
    'an event type': (
        r'\b(?:offer|bid|contract|account|dispute|standing_demand)\.[a-z_]+\b'
    ),
    'a time without its zone': (
        r'\b\d{4}-\d\d-\d\d \d\d:\d\d\b(?!:?\d* (?:[A-Z]{3,5}|[+-]\d\d))|'
        r'\d{4}-\d\d-\d\dT\d\d:\d\d'
    ),
}
#: Who looks at what takes no object in its address; with what is asked for there.
PAGES = {
    'umbrella-member': (
        *('overview:index', 'overview:usage', 'overview:events', 'overview:agenda'),
        *(
            'overview:webhooks',
            'rent:index',
            'rent:index?duration=2h&end_time=%2B2d&requirements=cpus>=1',
            'rent:index?duration=2h&requirements=cpus>=999&group_by=cpu_arch',
            'offers:index',
            'offers:index?available_start_time=now&available_end_time=%2B1h',
            'offers:hardware',
            'bids:index',
        ),
        *(
            'bids:index?status=matched',
            'bids:create',
            'bids:standing',
            'contracts:index',
            'contracts:index?status=any',
            'market:index',
            'market:calendar',
            'market:calendar?show=month',
        ),
        *('market:book', 'market:timeline', 'money:index', 'money:index?by=partner'),
    ),
    'acme-member': (
        *('overview:index', 'offers:mine', 'offers:servers', 'offers:file'),
        *('money:index', 'money:index?by=server', 'money:index?by=contract'),
    ),
    'operator-admin': (
        *('overview:index', 'contracts:index', 'rounds:index', 'rounds:health'),
        'rounds:audit',
    ),
}


#: What answers a form with a piece of a page, and what is said there by programs.

FILES = {'overview:usage_csv', 'money:statement_csv', 'money:groups_csv'}
#: What only takes what another page sends.
TAKES = {'rent:claim'}


def seen(page):
    """The text of a page's content, without code, details and what is typed."""
    text = page.content.decode()
    body = text.partition('id="content_body"')[2] or text
    hidden = r'<(script|style|code|details|textarea|select).*?</\1>'
    helps = r'<(td) class="[^"]*hide.*?</td>|<span class="help-block".*?</span>'
    for pattern in (hidden, helps):
        body = re.sub(pattern, ' ', body, flags=re.S)
    return re.sub(r'<[^>]*>', ' ', body.partition('id="footer"')[0])


def complaints(page):
    """Pairs of a kind of FORBIDDEN and the words around what a page shows of it."""
    words = seen(page)
    for what, pattern in FORBIDDEN.items():
        found = re.search(f'.{{0,80}}(?:{pattern}).{{0,40}}', words)
        if found:
            yield what, found[0]


def _planted(name, shown):
    """What makes the function ``name`` of formats return ``shown``."""
    return functools.partial(
        mock.patch.object, formats, name, lambda *_args: shown, spec=None
    )


#: A mistake of each kind in what pages are made of, and a page that then shows it.
PLANTED = (
    (
        'a bare uuid',
        'bids:index',
        _planted('title', '1b4e28ba-2fa1-41d2-883f-0016d3cca427'),
    ),
    ('raw HTML', 'bids:index', _planted('money', '<time class="flocx-time">')),
    ('a failure', 'bids:index', _planted('title', '(HTTP 500, request 7)')),
    ('a repr of Python', 'bids:index', _planted('duration', "[('a', 1)]")),
    (
        'an event type',
        'overview:events',
        functools.partial(mock.patch.dict, events.TITLES, clear=True),
    ),
    (
        'a time without its zone',
        'bids:index',
        _planted('moment', '2027-01-05 09:00'),
    ),
)

#: More than any page shows of a kind, and at night months of trade.
SIZE = {
    'servers': profiles.number('FLOCX_PAGES_SERVERS', 50, 200),
    'offers': profiles.number('FLOCX_PAGES_OFFERS', 500, 5000),
    'contracts': profiles.number('FLOCX_PAGES_CONTRACTS', 150, 500),
    'bids': profiles.number('FLOCX_PAGES_BIDS', 100, 200),
    'events': profiles.number('FLOCX_PAGES_EVENTS', 1000, 20000),
}


class PagesTest(base.DashboardTestCase):
    """Everybody's pages, before and after months of trade."""

    # The calendar asks the engine.
    WORKERS = True

    def fill(self, **size):
        now = datetime.datetime.now(datetime.UTC)
        uuids = [self.marketplace.add_node(f'busy-{n}') for n in range(20)]
        market = busy_market.Market(
            *(['acme'], ['umbrella', 'initech'], 'elsewhere', now),
            busy_market.Size(**size),
            uuids,
        )
        busy_market.fill(self.marketplace.database, market)
        return market

    def requests(self, who, view, *args):
        """A page, and how many requests to the services it took to make it."""
        cache.cache.clear()
        services = tuple(
            url
            for kind, url in self.marketplace.catalog.items()
            if kind.startswith('marketplace')
        )
        asked, here = [], threading.get_ident()
        send = adapters.HTTPAdapter.send

        def counting(adapter, request, **kwargs):
            # The services in this process ask each other in threads of their own.
            if threading.get_ident() == here and request.url.startswith(services):
                asked.append(request.url)
            return send(adapter, request, **kwargs)

        view, _, query = view.partition('?')
        query = dict(parse.parse_qsl(query))
        with mock.patch.object(adapters.HTTPAdapter, 'send', counting):
            page = self.page(who, view, *args, **query)
        return page, len(asked)

    def objects(self):
        """The pages of one object of each kind, as (who, view, uuid)."""
        contract = self.traded
        detail = self.show('contracts', contract)
        (line,) = detail['lines']
        return [
            ('umbrella-member', 'contracts:detail', contract),
            ('acme-member', 'contracts:detail', contract),
            ('umbrella-member', 'bids:detail', detail['bid_uuid']),
            ('umbrella-member', 'bids:detail', self.waiting),
            ('umbrella-member', 'bids:detail', self.bundle),
            ('umbrella-member', 'bids:change', self.waiting),
            ('operator-admin', 'rounds:detail', self.recorded),
            ('acme-member', f'market:calendar?server={line["resource_uuid"]}'),
            ('acme-member', 'offers:outage', line['offer_uuid']),
            ('acme-member', 'contracts:reclaim', contract),
            ('umbrella-member', 'contracts:go_on', contract),
            ('acme-member', 'offers:detail', line['offer_uuid']),
            ('acme-member', 'offers:server', line['resource_uuid']),
            ('acme-member', 'offers:create', line['resource_uuid']),
            ('acme-member', 'offers:change', line['offer_uuid']),
            ('umbrella-member', 'offers:claim', line['offer_uuid']),
            ('umbrella-member', 'contracts:end', contract),
            ('umbrella-member', 'contracts:release', contract),
        ]

    def trade(self):
        """A contract that is handed over, a round, and a bid that waits."""
        self.offer(price='1', name='sold', node=self.add_node('sold-server'))
        bid = self.bid(price='3', hours=6)
        wanted = [['cpus', '>=', 64], ['cpu_arch', 'eq', 'vax']]
        self.waiting = self.bid(price='0.01', requirements=wanted)['uuid']
        self.eventually('matched', lambda: self.show('bids', bid['uuid'])['status'])
        self.traded = self.show('bids', bid['uuid'])['contract_uuid']
        self.eventually('active', lambda: self.show('contracts', self.traded)['status'])
        rounds = self.matcher('operator-admin').get('/v1/rounds').json()['rounds']
        self.recorded = rounds[0]['uuid']

    def say_more(self):
        """A bundle with other terms, servers to hold, and who is told of what."""
        bundle = {
            **{'name': 'bundle', 'price': '1', 'end_time': '+9h', 'duration': '4h'},
            'parts': 'name=head\nname=workers,quantity=70,offset=1h,require=cpus>=1',
            **{'alternatives': 'price=1.20,end_time=+12h', 'quantity': '1'},
        }
        self.sent('umbrella-member', 'bids:create', **bundle)
        page = self.page('umbrella-member', 'bids:index', name='bundle')
        self.bundle = page.context['table'].data[0].uuid
        for view, given in (
            ('bids:standing', {'max_price': '1', 'duration': '1d', 'quantity': '70'}),
            ('overview:webhooks', {'url': 'who@example.org', 'kind': 'bid.*'}),
            ('overview:webhooks', {'url': 'https://192.0.2.1/x', 'kind': ''}),
            ('overview:agenda', {'name': 'telephone'}),
        ):
            yield 'umbrella-member', view, (), {'name': 'of-all', **given}

    def pieces(self):
        """What is posted and answered with a page, as (who, view, args, fields)."""
        yield from self.say_more()
        (line,) = self.show('contracts', self.traded)['lines']
        until = {'end_time': '+5h', 'price': '2'}
        yield 'umbrella-member', 'bids:quote', (), {**until, 'quantity': '1'}
        impossible = {**until, 'quantity': '9', 'requirements': 'cpus>=999'}
        yield 'umbrella-member', 'bids:quote', (), impossible
        yield 'umbrella-member', 'offers:claim_total', (line['offer_uuid'],), until
        for by in ('1h', '900d'):
            given = {'by': by, 'generation': '1'}
            yield 'umbrella-member', 'contracts:end_total', (self.traded,), given
        rows = {'text': 'server,price\nsold-server,1\nno-such,1', 'end_time': '+9d'}
        yield 'acme-member', 'offers:file', (), rows

    @staticmethod
    def views():
        """All views that the panels have, but those that answer no person."""
        found = set()
        for each in urls.get_resolver('openstack_dashboard.urls').url_patterns:
            found |= set(_named(each))
        return found - FILES - TAKES

    def visited(self, posted):
        """The views that are looked at."""
        looked_at = {each[1].partition('?')[0] for each in self.every_page()}
        return looked_at | {view for _who, view, *_ in posted}

    def every_page(self):
        for who, views in PAGES.items():
            yield from ((who, view) for view in views)
        yield from self.objects()

    def test_they_are_for_people_and_ask_no_more_of_a_busy_market(self):
        self.trade()
        posted = list(self.pieces())
        wrong = [
            (view, *each)
            for who, view, args, given in posted
            for each in complaints(self.send(who, view, *args, **given))
        ]
        self.assertEqual([], wrong)
        self.assertEqual(self.views(), self.visited(posted))
        few = {each: self.requests(*each)[1] for each in self.every_page()}
        self.fill(**SIZE)
        dearer, shown = {}, []
        with test.override_settings(API_RESULT_PAGE_SIZE=50):
            for each in self.every_page():
                page, count = self.requests(*each)
                if count > few[each] + GROWTH.get(each[1], 0):
                    dearer[each] = f'{few[each]} -> {count}'
                self.assertRegex(page.content.decode(), r'<title>\s*\w')
                self.assertGreater(len(seen(page)), 100)
                shown += [(each, *found) for found in complaints(page)]
        self.assertEqual({}, dearer)
        self.assertEqual([], shown)
        for what, view, plant in PLANTED:
            with self.subTest(what), plant():
                page = self.page('umbrella-member', view)
                self.assertIn(what, dict(complaints(page)))


def _named(pattern, panel=None):
    """The names of the views of the panels of the market below a pattern."""
    panel = getattr(pattern, 'namespace', None) or panel
    for each in getattr(pattern, 'url_patterns', ()):
        yield from _named(each, panel)
    if getattr(pattern, 'name', None) and (panel or '').startswith('market_'):
        yield f'{panel.removeprefix("market_")}:{pattern.name}'


#: How many requests more a page takes at most, where it looks for the names of what is
#: on it, in one request for a hundred, or reads all there is of a kind by the page.
GROWTH = {
    'rounds:health': 1,
    # Once the feed was read, what is new of it is counted.
    'overview:index': 2,
}


class ForbiddenTest(test.SimpleTestCase):
    def test_what_is_looked_for_is_found(self):
        for what, text in (
            ('a bare uuid', 'server 1b4e28ba-2fa1-41d2-883f-0016d3cca427'),
            ('raw HTML', '&lt;time class=&quot;x&quot;&gt;'),
            ('a repr of Python', "['cpus', '&gt;=', 3]"),
            ('a repr of Python', '[(&#x27;cpus&#x27;, 3)]'),
            ('a repr of Python', 'until None'),
            ('an event type', 'contract.wait_end'),
            ('a time without its zone', '2027-01-05 09:00, then'),
            ('a time without its zone', '2027-01-05T09:00:00Z'),
        ):
            self.assertRegex(text, FORBIDDEN[what])
        for fine in ('2027-01-05 09:00 UTC', 'flocx.example', 'Nonesuch'):
            for pattern in FORBIDDEN.values():
                self.assertNotRegex(fine, pattern)


class EventTest(test.SimpleTestCase):
    def test_what_the_command_line_has_words_for_the_dashboard_has_too(self):
        self.assertEqual(set(), columns.EVENTS.keys() - events.TITLES.keys())
