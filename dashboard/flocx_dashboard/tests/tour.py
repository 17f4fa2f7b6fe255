# SPDX-License-Identifier: Apache-2.0
"""What an owner and a renter do on a busy market, task by task.

Each step is done by whichever browser the two sit at: by the mouse, or by keys alone.
"""

import dataclasses

from selenium.webdriver.common import keys

RENT = '/project/market_rent/'
OVERVIEW = '/project/market_overview/'
OFFERS = '/project/market_offers/'
BIDS = '/project/market_bids/'
CONTRACTS = '/project/market_contracts/'
MARKET = '/project/market_market/'
MONEY = '/project/market_money/'
ROUNDS = '/project/market_rounds/'
MODAL = '.modal-content'
CALENDAR = 'svg[data-flocx-calendar]'
ENTER = keys.Keys.ENTER
#: A class that the busy market has, and nobody can deliver.
BUSY = 'gpu.a100'


@dataclasses.dataclass(frozen=True)
class Cast:
    """Who takes part in a tour, and with which servers; no two tours share one.

    :param name: what the names of all begin with that is made on this tour.
    :param servers: of the owner: to bid for, to claim, and two for a file.
    :param classes: those of the first two.
    """

    name: str
    owner: str
    renter: str
    servers: tuple
    classes: tuple


BY_MOUSE = Cast(
    'tour',
    'acme',
    'umbrella',
    ('acme-01', 'acme-02', 'acme-03', 'acme-04'),
    ('baremetal.small', 'baremetal.large'),
)
BY_KEYS = Cast(
    'keys',
    'umbrella',
    'acme',
    ('umbrella-01', 'umbrella-03', 'umbrella-02', 'umbrella-05'),
    ('baremetal.gpu', 'baremetal.large'),
)


class Tour:
    """One tour, of an owner, a renter and an operator.

    :param test: the test that it is part of.
    """

    def __init__(self, test, cast, owner, renter, operator):
        self._test, self._cast = test, cast
        self._owner, self._renter, self._operator = owner, renter, operator
        #: The page of the contract that the bid has led to.
        self.contract_page = None

    def named(self, what):
        return f'{self._cast.name}-{what}'

    def trade(self):
        """From offers to a contract, its extension and a claim."""
        bid_for, claimed = self._cast.servers[:2]
        self._owner.open(OVERVIEW)
        self._owner.see('.flocx-cards')
        self.read_the_feed(self._owner)
        self.offer(bid_for, self.named('sale'), '1.25')
        self.offer(claimed, self.named('claim'), '1.00')
        self.browse()
        self.bid()
        self.extend()
        self.claim()

    def look_around(self):
        """What people want to know, and do with what they have found out."""
        self.find_who_has_it()
        self.rent()
        self.find_what_is_nearest()
        self.ask_why_it_waits()
        self.calendar()
        self.calendar_of_a_server()
        self.file()
        self.read_what_is_new(self._owner)
        self.count_money(self._owner)
        self.subscribe(self._owner)
        self.be_told(self._owner)
        self.operate()

    def offer(self, server, name, price):
        owner = self._owner
        owner.open(f'{OFFERS}servers/')
        owner.picture('servers')
        owner.click(f'tr[data-display="{server}"] a', 'Offer')
        owner.fill(MODAL, price='much', end_time='+2d', name=name)
        owner.click(f'{MODAL} .btn-primary')
        owner.see(f'{MODAL} .has-error', 'is not a price')
        owner.fill(MODAL, price=price)
        owner.picture('offer')
        owner.click(f'{MODAL} .btn-primary')
        owner.see('#my_offers td', name)
        owner.picture('my-offers')

    def browse(self):
        """What is free in a window, of a class; the address says what was asked."""
        renter, sale = self._renter, self.named('sale')
        renter.open(OFFERS)
        renter.fill(
            '.flocx-filter',
            resource_class=self._cast.classes[0],
            available_start_time='now',
            available_end_time='+3h',
            requirements='cpus>=16\ncpu_arch=x86_64',
        )
        renter.click('.flocx-filter .btn', 'Filter')
        renter.see('#offers td', sale)
        self._test.assertIn('available_end_time=%2B3h', renter.path)
        self._test.assertIn('Offers', renter.title)
        renter.picture('offers')
        # Who is sent the address sees the same.
        renter.open(renter.path)
        renter.see('#offers td', sale)
        renter.fill('.flocx-filter', requirements='cpus>=100000')
        renter.click('.flocx-filter .btn', 'Filter')
        renter.see('#offers td', 'No offer meets this')

    def bid(self):
        renter, name = self._renter, self.named('bid')
        renter.open(BIDS)
        renter.click('#bids__action_create')
        renter.fill(MODAL, end_time='+3h', duration='1h', name=name)
        renter.fill(
            MODAL, requirements='cpus>=16', resource_class=self._cast.classes[0]
        )
        # Nobody has pressed anything or named a price: it is told while one types.
        renter.see('.flocx-quote strong', '1 server')
        renter.see('.flocx-quote-sum', '1.25 credits')
        renter.fill(MODAL, price='2')
        renter.picture('bid', height=1250)
        renter.click(f'{MODAL} .btn-primary')
        renter.see('#bids td', name)
        # The row looks by itself whether the engine has matched it.
        renter.see(f'tr[data-display="{name}"] td', 'Matched')
        renter.picture('bids')

    def extend(self):
        """How far is possible and for how much is said before, and if it is not."""
        renter, owner = self._renter, self._owner
        renter.click(
            f'tr[data-display="{self.named("bid")}"] a[href*=market_contracts]'
        )
        renter.see('.flocx-facts dd', 'Renter')
        self.contract_page = page = renter.path
        renter.see_again(page, 'dd .flocx-status-active', 'Active')
        renter.click('a.btn', 'Extend or Shorten')
        renter.see('#longest', 'At the latest it can end')
        renter.fill(MODAL, by='90d')
        renter.see('.flocx-total', 'at the latest')
        renter.click(f'{MODAL} .btn-primary')
        renter.see(f'{MODAL} .alert-danger', 'at the latest')
        renter.fill(MODAL, by='90m')
        renter.see('.flocx-total', '1.88 credits')
        renter.picture('extend')
        renter.click(f'{MODAL} .btn-primary')
        renter.see('.alert-success', 'now ends')
        renter.open(page)
        renter.see('.flocx-events td', 'Contract changed')
        renter.picture('contract', height=1000)
        owner.open(page)
        owner.see('dd', 'Owner')
        owner.see('td', self._cast.servers[0])
        self._test.assertIsNone(owner.find('a.btn', 'Release'))

    def claim(self):
        """What it comes to is said before."""
        renter, name = self._renter, self.named('claimed')
        renter.open(f'{OFFERS}?resource_class={self._cast.classes[1]}')
        renter.click(f'tr[data-display="{self.named("claim")}"] a', 'Claim')
        renter.fill(MODAL, end_time='+5h', name=name)
        renter.see('.flocx-total', 'credits in all')
        renter.picture('claim')
        renter.click(f'{MODAL} .btn-primary')
        renter.see('.alert-success', name)
        renter.fill('.flocx-filter', name=name)
        renter.click('.flocx-filter .btn', 'Filter')
        renter.see('#contracts td', name)
        renter.see('#contracts tfoot td', 'On this page')
        renter.picture('contracts')

    def find_who_has_it(self):
        """Who has a server, until when, and when it is free again."""
        owner, server = self._owner, self._cast.servers[0]
        owner.open(f'{OFFERS}servers/')
        owner.click(f'tr[data-display="{server}"] a', server)
        owner.see('dd', 'until')
        owner.see('dt', 'Free again')
        owner.see('#server-contracts td', self.named('bid'))
        owner.see('#server-offers td', self.named('sale'))
        owner.see('svg.flocx-chart')
        self._test.assertIn(server, owner.title)
        owner.picture('server', height=1100)
        # Of several, such as those of a rack, the timeline tells.
        owner.open(f'{MARKET}timeline/')
        owner.fill('.flocx-filter', name=server[:-1])
        owner.click('.flocx-filter .btn', 'Filter')
        owner.see('svg.flocx-chart')
        owner.unfold('.flocx-details summary')
        owner.see('#timeline-table td', self.named('bid'))

    def rent(self):
        """From what is needed to a bid, with what it comes to said before."""
        renter = self._renter
        renter.open(RENT)
        renter.fill('.flocx-filter', resource_class=BUSY, duration='1h')
        renter.fill('.flocx-filter', start_time='tomorrow 18:00', end_time='+2d')
        renter.fill('.flocx-filter', price='0.25')
        renter.press('.flocx-filter [name=name]', self.named('rent'), ENTER)
        renter.see('.flocx-choice', 'The cheapest')
        renter.see('.flocx-choice .btn', 'Claim for')
        renter.see('.flocx-choice', '0.25 credits at most')
        renter.see('svg.flocx-heat')
        renter.picture('rent', height=1100)
        renter.click('.flocx-choice .btn', 'Place Bid')
        renter.see('#bids td', self.named('rent'))

    def find_what_is_nearest(self):
        renter = self._renter
        renter.open(RENT)
        renter.fill('.flocx-filter', resource_class=BUSY, duration='1h')
        renter.fill('.flocx-filter', requirements='cpus>=9999', end_time='+2d')
        renter.click('.flocx-filter .btn', 'Find')
        renter.see('#rent-reason', 'cpus >= 9999')
        renter.click('#rent-alternatives a', 'Without cpus')
        renter.see('.flocx-choice .btn', 'Claim for')

    def ask_why_it_waits(self):
        renter = self._renter
        renter.open(f'{BIDS}?status=available')
        renter.click('#bids td a', self.named('rent'))
        page = renter.path
        renter.see_again(page, 'dt', 'Why it waits')
        renter.see('dd', 'at least')

    def calendar(self):
        """A window of a class is chosen where it is cheap, and a bid placed for it."""
        renter = self._renter
        renter.open(f'{MARKET}calendar/')
        renter.fill('.flocx-filter', resource_class=BUSY, start_time='+2d')
        renter.click('.flocx-filter .btn', 'Filter')
        renter.see(CALENDAR)
        renter.choose_cells(CALENDAR, 1, 2)
        start, end = renter.value('#window-start'), renter.value('#window-end')
        self._test.assertRegex(f'{start}, {end}', r'^[0-9-]+ 0?\d+:00, [0-9-]+ \d+:00$')
        renter.see('[data-flocx-chosen]', 'UTC')
        renter.picture('calendar')
        renter.unfold('.flocx-details summary')
        renter.see('#calendar-table td', 'free')
        renter.click('.flocx-window .btn', 'See What It Costs')
        renter.see('.flocx-choice', 'Bid and wait')
        renter.see('.flocx-choice .btn', 'Claim for')
        renter.open(f'{MARKET}calendar/?resource_class={BUSY}&start_time=%2B2d')
        renter.choose_cells(CALENDAR, 1, 2)
        renter.click('.flocx-window .btn', 'Place Bid')
        renter.fill('#create_form', price='0.05', name=self.named('window'))
        self._test.assertEqual(start, renter.value('#create_form [name=start_time]'))
        renter.click('#create_form .btn-primary')
        renter.see('#bids td', self.named('window'))

    def calendar_of_a_server(self):
        """Time that is not on offer is chosen in a server's own calendar."""
        owner, server = self._owner, self._cast.servers[0]
        owner.open(f'{OFFERS}servers/?name={server}')
        owner.click(f'tr[data-display="{server}"] a', server)
        owner.click('a.btn', 'Calendar')
        owner.see('.flocx-cell-let')
        owner.fill('.flocx-filter', show='month', start_time='+40d')
        owner.click('.flocx-filter .btn', 'Filter')
        owner.see(CALENDAR)
        owner.choose_cells(CALENDAR, 20, 22)
        owner.click('.flocx-window .btn', 'Offer It')
        owner.fill('#create_form', price='0.70', name=self.named('later'))
        owner.click('#create_form .btn-primary')
        owner.see('#my_offers td', self.named('later'))

    def file(self):
        """Offers from a file, row by row, while one looks on."""
        owner, (one, two) = self._owner, self._cast.servers[2:]
        owner.open(f'{OFFERS}file/')
        rows = f'server,price,end_time\n{one},1.40,+3d\n{two},,+3d\nno-such,1,+3d'
        owner.fill('.flocx-upload', text=rows, price='1.60')
        owner.click('.flocx-upload .btn', 'Check')
        owner.see('#file-rows td', 'none that is called no-such')
        owner.picture('file')
        owner.click('#content_body .btn-primary', 'Offer 2')
        owner.see('#file-outcome', '2 of 2')
        owner.see('#file-rows td', 'is offered')

    def read_the_feed(self, person):
        """What has happened last, so that what comes is new."""
        person.open(f'{OVERVIEW}events/')
        person.see('.flocx-events td')

    def read_what_is_new(self, person):
        person.open(OVERVIEW)
        person.click('a.flocx-new', 'new')
        person.see('.flocx-events .flocx-new')
        person.see('.flocx-events td', self.named('sale'))
        person.see_again(OVERVIEW, '#content_body', 'What happened')
        self._test.assertIsNone(person.find('a.flocx-new'))

    def count_money(self, person):
        """What was earned and spent in a month, by class, project and server."""
        person.open(MONEY)
        for by, words in (('partner', 'by project'), ('server', 'by server')):
            person.fill('.flocx-filter', by=by)
            person.click('.flocx-filter .btn', 'Filter')
            person.see('#money-caption', words)
        person.see('#money-table td', self._cast.servers[0])
        person.see('#money-caption a', 'CSV')
        person.see('#money-table .summation', 'Earned in all')
        month = person.find('.flocx-filter [name=month]').get_property('value')
        earlier = _month_before(month)
        person.fill('.flocx-filter', by='class', month=earlier)
        person.click('.flocx-filter .btn', 'Filter')
        person.see('#money-caption', f'{earlier} by class')
        person.see('#money-table td', BUSY)
        person.see('svg.flocx-chart')

    def subscribe(self, person):
        """The agenda in a calendar program, by an address that can be revoked."""
        person.open(f'{OVERVIEW}agenda/')
        person.see('#agenda td', 'servers of yours come back')
        person.unfold('#agenda-subscribe summary')
        person.fill(name='telephone')
        person.click('.btn', 'Make an address')
        person.see('#agenda-address', 'http')
        self.delete(person, '#agendas button', 'telephone')
        person.until(lambda: person.find('#agendas') is None)

    def be_told(self, person):
        """By a program at a URL, or by e-mail."""
        person.open(f'{OVERVIEW}notifications/')
        person.fill(url='https://hooks.example.org', kind='contract.*')
        person.click('.btn', 'Add')
        person.see('#webhooks td', 'hooks.example.org')
        person.see('#webhook-secret')
        person.see('#webhooks td', 'Enabled')
        self.delete(person, '#webhooks button', 'https://hooks.example.org')
        person.see('#webhooks td', 'Nobody is told')

    @staticmethod
    def delete(person, button, what):
        """Delete something, which is named before it is done."""
        person.click(button, 'Delete')
        person.see('.modal-body', what)
        person.click('.modal-footer .btn-danger', 'Delete')

    def operate(self):
        """The engine's rounds, the health of the services, and what looks odd."""
        operator = self._operator
        operator.open(ROUNDS)
        operator.click('button', 'Run a Round Now')
        operator.see('.alert-success', 'contracts')
        operator.see('svg.flocx-chart')
        operator.picture('rounds')
        operator.click('#rounds td a')
        operator.see('dt', 'Welfare')
        operator.open(f'{ROUNDS}health/')
        operator.see('#services td', 'Well')
        operator.picture('health')
        operator.click('.flocx-sections a', 'What looks odd')
        operator.see('#audit')

    def release(self):
        """What was taken is given back."""
        renter = self._renter
        for page, name in self._mine():
            renter.open(page)
            renter.click('a.btn', 'Release')
            renter.click(f'{MODAL} .btn-primary')
            renter.see('.alert-success', f'Contract {name} is released')
        name = self.named('bid')
        ended = f'{CONTRACTS}?status=ended&name={name}'
        renter.see_again(ended, '#contracts td', name)

    def _mine(self):
        yield self.contract_page, self.named('bid')
        name = self.named('claimed')
        self._renter.open(f'{CONTRACTS}?name={name}')
        yield self._renter.address('#contracts td a', name), name


def _month_before(month):
    year, number = map(int, month.split('-'))
    return f'{year - (number == 1)}-{(number - 2) % 12 + 1:02d}'
