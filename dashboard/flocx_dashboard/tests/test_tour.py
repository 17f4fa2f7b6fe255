# SPDX-License-Identifier: Apache-2.0
"""The whole tour in a real browser: two organisations at a real Horizon.

Keystone, Ironic and FLOCX are those of tools/quickstart, in a folder of their own that
is kept from run to run. What is seen on the way is kept in ``.test/screenshots``.
"""

import datetime
import os
import pathlib
import sys
import unittest

from horizon import themes
from horizon.utils import scss_filter
from selenium.webdriver.common import keys

from benchmarks import busy_market
from flocx import db
from flocx_dashboard.tests import browser
from tests import profiles
from tools.lab import accounts
from tools.lab import bringup
from tools.lab import horizon as lab_horizon
from tools.lab import install

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / '.test' / 'tour'
# Installed once for these tests and those of the quickstart.
VENV = ROOT / '.test' / 'quickstart' / 'venv'
PICTURES = pathlib.Path(
    os.environ.get('FLOCX_TEST_SCREENSHOTS', ROOT / '.test' / 'screenshots')
)
OFFERS = '/project/market_offers/'
BIDS = '/project/market_bids/'
CONTRACTS = '/project/market_contracts/'
MARKET = '/project/market_market/'
STYLES = """
@import "/dashboard/scss/themes.scss";
@import "/flocx_dashboard/market.scss";
"""
RENT = '/project/market_rent/'
OVERVIEW = '/project/market_overview/'
MONEY = '/project/market_money/'
MODAL = '.modal-content'
#: How wide the pages are looked at: a large screen, a laptop, a telephone.
WIDTHS = (1440, 1280, 400)
LAPTOP = WIDTHS[1:2]
#: The pages that are looked through for barriers.
OF_OWNERS = (
    *(OVERVIEW, f'{OVERVIEW}agenda/', f'{OVERVIEW}notifications/'),
    *(f'{OFFERS}servers/', f'{OFFERS}file/', CONTRACTS, MONEY),
)
OF_RENTERS = (
    *(OFFERS, f'{BIDS}create/', f'{RENT}?duration=2h&end_time=%2B2d'),
    f'{RENT}?duration=2h&requirements=cpus%3E%3D9999',
    f'{MARKET}calendar/?start_time=tomorrow',
)


def compiled(theme):
    """Horizon's styles and ours, as they are where this is the theme."""
    themes._local.theme = theme
    try:
        return scss_filter.ScssFilter(STYLES).input()
    finally:
        del themes._local.theme


@unittest.skipIf(browser.missing(), browser.missing())
class TourTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        FOLDER.parent.mkdir(exist_ok=True)
        lab = bringup.Lab(FOLDER, VENV, dashboard=True, horizon=sys.prefix)
        lab.folder.create()
        install.ensure(lab.folder)
        cls.addClassCleanup(lab.down)
        lab.down()
        lab.folder.forget_data()
        lab.up()
        cls.lab = lab

    def at_a_desk(self, user, project):
        """A browser in which that user has logged in, and chosen a project."""
        url = lab_horizon.url(self.lab.ports)
        person = browser.Browser(url, PICTURES)
        self.addCleanup(person.close)
        person.log_in(user, self.lab.folder.password)
        person.work_in(project)
        self.addCleanup(self.assertClean, person, url)
        return person

    def assertClean(self, person, url):
        """Nothing broke, violated the policy of content, or came from elsewhere."""
        self.assertEqual([], person.complaints())
        elsewhere = [
            each
            for each in person.asked()
            if each.startswith('http') and not each.startswith(url)
        ]
        self.assertEqual([], elsewhere)

    def test_two_members_trade(self):
        owner = self.at_a_desk('acme-owner', 'acme')
        renter = self.at_a_desk('umbrella-owner', 'umbrella')
        owner.see('.flocx-cards')
        self.offer(owner, 'acme-01', 'tour-sale', '1.25')
        self.offer(owner, 'acme-02', 'tour-claim', '1.00')
        self.browse(renter)
        self.bid(renter)
        self.contract(owner, renter)
        self.claim(renter)
        self.rent(renter)
        self.calendar(renter)
        self.file(owner)
        self.fill()
        self.look(owner, renter)
        self.wear(owner)
        self.release(renter)

    def offer(self, owner, server, name, price):
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

    def browse(self, renter):
        renter.open(OFFERS)
        renter.fill('.flocx-filter', requirements='cpus>=16\ncpu_arch=x86_64')
        renter.click('.flocx-filter .btn', 'Filter')
        renter.see('#offers td', 'tour-sale')
        renter.picture('offers')
        renter.fill('.flocx-filter', requirements='cpus>=100000')
        renter.click('.flocx-filter .btn', 'Filter')
        renter.see('#offers td', 'No offer meets this')

    def bid(self, renter):
        renter.open(BIDS)
        renter.click('#bids__action_create')
        renter.fill(MODAL, price='2', end_time='+3h', duration='1h', name='tour-bid')
        renter.fill(MODAL, requirements='cpus>=16', resource_class='baremetal.small')
        # Nobody has pressed anything: it is told while one types.
        renter.see('.flocx-quote strong', '1 server')
        renter.picture('bid', height=1250)
        renter.click(f'{MODAL} .btn-primary')
        renter.see('#bids td', 'tour-bid')
        # The row looks by itself whether the engine has matched it.
        renter.see('#bids td', 'Matched')
        renter.picture('bids')

    def contract(self, owner, renter):
        renter.click('#bids a[href*=market_contracts]')
        page = renter.path
        renter.see_again(page, 'dd .flocx-status-active', 'Active')
        renter.click('a.btn', 'Extend or Shorten')
        renter.fill(MODAL, by='90m')
        renter.click(f'{MODAL} .btn-primary')
        renter.see('.alert-success', 'now ends')
        renter.open(page)
        renter.see('.flocx-events td', 'Contract changed')
        renter.picture('contract', height=1000)
        owner.open(page)
        owner.see('dd', 'Owner')
        self.assertIsNone(owner.find('a.btn', 'Release'))
        self.contract_page = page

    def claim(self, renter):
        renter.open(OFFERS)
        renter.click('tr[data-display="tour-claim"] a', 'Claim')
        renter.fill(MODAL, end_time='+5h', name='tour-claimed')
        renter.picture('claim')
        renter.click(f'{MODAL} .btn-primary')
        renter.see('#contracts td', 'tour-claimed')
        renter.picture('contracts')

    def rent(self, renter):
        """From what is needed to a bid, with what it comes to said before."""
        renter.open(RENT)
        renter.fill('.flocx-filter', duration='1h', end_time='+2d', price='0.25')
        renter.press('.flocx-filter [name=name]', 'tour-rent', keys.Keys.ENTER)
        renter.see('.flocx-choice', 'Bid and wait')
        renter.see('svg.flocx-heat')
        renter.picture('rent', height=1100)
        renter.click('.flocx-choice .btn', 'Place Bid')
        renter.see('#bids td', 'tour-rent')

    def calendar(self, renter):
        """A time is chosen by the keyboard alone, and again by the mouse."""
        renter.open(f'{MARKET}calendar/?start_time=tomorrow')
        calendar = 'svg[data-flocx-calendar]'
        renter.press(calendar, keys.Keys.ARROW_RIGHT, keys.Keys.ARROW_RIGHT)
        renter.press(calendar, keys.Keys.SHIFT + keys.Keys.ARROW_RIGHT)
        by_keys = renter.value('#window-start'), renter.value('#window-end')
        self.assertTrue(all(by_keys), by_keys)
        cells = f'{calendar} .flocx-cell:nth-of-type'
        renter.drag(f'{cells}(2)', f'{cells}(3)')
        self.assertEqual(
            by_keys, (renter.value('#window-start'), renter.value('#window-end'))
        )
        renter.picture('calendar')
        renter.press(calendar, keys.Keys.ENTER)
        renter.see('.flocx-choice', 'Bid and wait')

    def fill(self):
        """Months of trade, so that pages look as they do on a busy market."""
        projects = accounts.projects(self.lab.folder, self.lab.ports)
        market = busy_market.Market(
            [projects['acme'], projects['umbrella']],
            [projects['umbrella'], projects['acme']],
            'elsewhere',
            datetime.datetime.now(datetime.UTC),
            busy_market.Size(),
        )
        path = self.lab.folder.data / 'flocx.sqlite'
        busy_market.fill(db.Database(f'sqlite:///{path}'), market)

    def look(self, owner, renter):
        owner.open('/project/market_overview/')
        owner.see('#agenda td', 'servers of yours come back')
        owner.picture('overview', height=1100)
        for path, name in (
            (f'{MARKET}?interval=hour&start_time=1d ago', 'prices'),
            (f'{MARKET}book/', 'book'),
            (f'{MARKET}timeline/', 'timeline'),
        ):
            renter.open(path)
            renter.see('svg.flocx-chart')
            renter.picture(name)

    def wear(self, owner):
        """Whatever theme somebody has chosen, they can read it."""
        pages = {
            'overview': '/project/market_overview/',
            'offers': OFFERS,
            'my-offers': f'{OFFERS}mine/',
            'contract': self.contract_page,
            'prices': f'{MARKET}?interval=week&start_time=60d ago',
            'book': f'{MARKET}book/?resource_class=gpu.a100',
            'timeline': f'{MARKET}timeline/',
            'calendar': f'{MARKET}calendar/?start_time=%2B2d&resource_class=gpu.a100',
            'rent': f'{RENT}?duration=12h&end_time=%2B3d&resource_class=gpu.a100',
            'contracts': CONTRACTS,
            'money': MONEY,
            'agenda': f'{OVERVIEW}agenda/',
            'file': f'{OFFERS}file/',
        }
        faint, hidden = [], []
        for theme in ('default', 'material', 'dark'):
            styles = compiled(theme)
            for name, path in pages.items():
                owner.open(path)
                owner.wear(styles)
                owner.see('#content_body')
                # Pictures are for people to look at, a few each time and all at night.
                widths = WIDTHS if profiles.NIGHTLY and theme != 'material' else LAPTOP
                for width in widths:
                    picture = f'{theme}-{name}-{width}'
                    if owner.picture(picture, width=width):
                        hidden.append(picture)
                faint += [(theme, name, *each) for each in owner.faint()]
        self.assertEqual([], faint)
        self.assertEqual([], hidden, 'wider than the window')

    def file(self, owner):
        """Offers from a file, row by row, while one looks on."""
        owner.open(f'{OFFERS}file/')
        rows = 'server,price,end_time\nacme-03,1.40,+3d\nacme-04,,+3d\nno-such,1,+3d'
        owner.fill('.flocx-upload', text=rows, price='1.60')
        owner.click('.flocx-upload .btn', 'Check')
        owner.see('#file-rows td', 'none that is called no-such')
        owner.picture('file')
        owner.click('#content_body .btn-primary', 'Offer 2')
        owner.see('#file-outcome', '2 of 2')
        owner.see('#file-rows td', 'is offered')

    def release(self, renter):
        renter.open(self.contract_page)
        renter.click('a.btn', 'Release')
        renter.click(f'{MODAL} .btn-primary')
        renter.see('.alert-success', 'is released')
        renter.see_again(f'{CONTRACTS}?status=ended', '#contracts td', 'tour-bid')

    @profiles.only_nightly('does by the keyboard what the tour does by the mouse')
    def test_all_of_it_goes_without_a_mouse(self):
        enter, tab = keys.Keys.ENTER, keys.Keys.TAB
        owner = self.at_a_desk('acme-owner', 'acme')
        owner.open(f'{OFFERS}servers/')
        owner.type_at('tr[data-display="acme-05"] a', enter, text='Offer')
        owner.see(f'{MODAL} [name=name]')
        owner.type_at(f'{MODAL} [name=price]', '0.90')
        owner.type_at(f'{MODAL} [name=end_time]', '+2d')
        owner.type_at(f'{MODAL} [name=name]', 'by-keys', enter)
        owner.see('#my_offers td', 'by-keys')
        owner.open(f'{OVERVIEW}agenda/')
        owner.type_at('#agenda-name', 'telephone', enter)
        owner.see('#agenda-address', 'http')
        owner.type_at('#agendas button', enter, text='Delete')
        owner.open(f'{OVERVIEW}notifications/')
        owner.type_at('#webhook-url', 'https://hooks.example.org', enter)
        owner.see('#webhooks td', 'hooks.example.org')
        owner.open(MONEY)
        owner.type_at('[name=by]', 'Server', tab, enter)
        owner.see('#money-caption', 'by server')
        owner.open(f'{OFFERS}file/')
        owner.type_at('.flocx-upload textarea', 'server,price\nno-such,1')
        owner.type_at('.flocx-upload .btn', enter, text='Check')
        owner.see('#file-rows td', 'no-such')
        self.rent_by_keys(self.at_a_desk('umbrella-owner', 'umbrella'))

    def rent_by_keys(self, renter):
        enter = keys.Keys.ENTER
        renter.open(OFFERS)
        renter.type_at('[name=available_start_time]', 'now')
        renter.type_at('[name=available_end_time]', '+1h', enter)
        renter.type_at('tr[data-display="by-keys"] a', enter, text='Claim')
        renter.see(f'{MODAL} [name=end_time]')
        renter.type_at(f'{MODAL} [name=end_time]', '+5h')
        renter.type_at(f'{MODAL} [name=name]', 'claimed-by-keys', enter)
        renter.see('#contracts td', 'claimed-by-keys')
        renter.type_at('#contracts td a', enter, text='claimed-by-keys')
        renter.see('h1', 'claimed-by-keys')
        page = renter.path
        renter.see_again(page, 'dd .flocx-status-active', 'Active')
        renter.type_at('a.btn', enter, text='Extend or Shorten')
        renter.see(f'{MODAL} [name=by]')
        renter.type_at(f'{MODAL} [name=by]', '90m', enter)
        renter.see('.alert-success', 'now ends')
        renter.open(RENT)
        renter.type_at('.flocx-filter [name=duration]', '1h')
        renter.type_at('.flocx-filter [name=end_time]', '+2d')
        renter.type_at('.flocx-filter [name=name]', 'bid-by-keys', enter)
        renter.see('.flocx-choice', 'Bid and wait')
        renter.type_at('#bid-price', '0.10')
        renter.type_at('.flocx-choice .btn', enter, text='Place Bid')
        renter.see('#bids td', 'bid-by-keys')
        renter.open(f'{MARKET}calendar/?start_time=tomorrow')
        renter.type_at('svg[data-flocx-calendar]', keys.Keys.ARROW_RIGHT, enter)
        renter.see('.flocx-choice', 'Bid and wait')
        renter.open(page)
        renter.type_at('a.btn', enter, text='Release')
        renter.see(f'{MODAL} .btn-primary')
        renter.type_at(f'{MODAL} .btn-primary', enter)
        renter.see('.alert-success', 'is released')

    @unittest.skipUnless(
        browser.NPM, 'npm, from which axe-core comes, is not installed'
    )
    def test_whoever_reads_meets_no_serious_barrier(self):
        script, found = browser.axe(ROOT / '.test' / 'axe'), []
        for user, project, pages in (
            ('acme-owner', 'acme', OF_OWNERS),
            ('umbrella-owner', 'umbrella', OF_RENTERS),
        ):
            person = self.at_a_desk(user, project)
            for path in pages:
                person.open(path)
                person.see('#content_body')
                found += [f'{path} {each}' for each in person.barriers(script)]
        self.assertEqual('', '\n'.join(found))

    def test_the_policy_forbids_scripts_in_pages(self):
        """So that it proves something that no page of the tours violates it."""
        stranger = browser.Browser(lab_horizon.url(self.lab.ports), PICTURES)
        self.addCleanup(stranger.close)
        stranger.open('/auth/login/')
        self.assertEqual([], stranger.complaints())
        stranger.slip_in('document.title = "slipped in"')
        (complaint,) = stranger.complaints()
        self.assertIn('Content Security Policy', complaint)
        self.assertNotEqual('slipped in', stranger.title)

    def test_the_operator_looks_into_the_engine(self):
        operator = self.at_a_desk('admin', 'admin')
        operator.open('/project/market_rounds/')
        operator.click('button', 'Run a Round Now')
        operator.see('.alert-success', 'contracts')
        operator.picture('rounds')
        operator.open('/project/market_rounds/health/')
        operator.see('#services td', 'Well')
        operator.picture('health')
