# SPDX-License-Identifier: Apache-2.0
"""All pages on a busy market: what none of them shows, and what each of them asks."""

import datetime
import functools
import re
import threading
from unittest import mock

from django import test
from django.core import cache
from requests import adapters

from benchmarks import busy_market
from flocx_dashboard import events
from flocx_dashboard import formats
from flocx_dashboard.tests import every_page
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


def complaints(page):
    """Pairs of a kind of FORBIDDEN and the words around what a page shows of it."""
    words = every_page.seen(page)
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


class PagesTest(every_page.EveryPageTestCase):
    """Everybody's pages, before and after months of trade."""

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

        with mock.patch.object(adapters.HTTPAdapter, 'send', counting):
            page = self.look(who, view, *args)
        return page, len(asked)

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
                self.assertGreater(len(every_page.seen(page)), 100)
                shown += [(each, *found) for found in complaints(page)]
        self.assertEqual({}, dearer)
        self.assertEqual([], shown)
        for what, view, plant in PLANTED:
            with self.subTest(what), plant():
                page = self.page('umbrella-member', view)
                self.assertIn(what, dict(complaints(page)))


#: How many requests more a page takes at most, where it looks for the names of what is
#: on it, in one request for a hundred, or reads all there is of a kind by the page.
GROWTH = {
    'rounds:health': 1,
    # Once the feed was read, what is new of it is counted.
    'overview:index': 2,
    # The bid was met meanwhile, and its contract is shown.
    'bids:detail': 1,
    # There are two ways to have it, and a quote of each.
    'rent:index?duration=2h&end_time=%2B2d&requirements=cpus>=1': 1,
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
