# SPDX-License-Identifier: Apache-2.0
"""Where all pages are, and what has to be done before there is something on each."""

import re
from urllib import parse

from django import urls

from flocx_dashboard.tests import base

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


class EveryPageTestCase(base.DashboardTestCase):
    """A market on which something is on every page."""

    # The calendar asks the engine.
    WORKERS = True

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

    def look(self, who, view, *args):
        """The page of a view, with what is asked for there."""
        view, _, query = view.partition('?')
        return self.page(who, view, *args, **dict(parse.parse_qsl(query)))

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


def _named(pattern, panel=None):
    """The names of the views of the panels of the market below a pattern."""
    panel = getattr(pattern, 'namespace', None) or panel
    for each in getattr(pattern, 'url_patterns', ()):
        yield from _named(each, panel)
    if getattr(pattern, 'name', None) and (panel or '').startswith('market_'):
        yield f'{panel.removeprefix("market_")}:{pattern.name}'
