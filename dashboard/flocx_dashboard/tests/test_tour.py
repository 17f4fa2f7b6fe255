# SPDX-License-Identifier: Apache-2.0
"""The whole tour in a real browser: two organisations at a real Horizon.

Keystone, Ironic and FLOCX are those of tools/quickstart, in a folder of their own that
is kept from run to run, and there were months of trade before. What is seen on the way
is kept in ``.test/screenshots``.
"""

import datetime
import os
import pathlib
import sys
import unittest

from horizon import themes
from horizon.utils import scss_filter

from benchmarks import busy_market
from flocx import db
from flocx_dashboard.tests import browser
from flocx_dashboard.tests import keyboard
from flocx_dashboard.tests import tour
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
STYLES = """
@import "/dashboard/scss/themes.scss";
@import "/flocx_dashboard/market.scss";
"""
#: How much there is on the market: at night as much as pages have to bear, and else
#: enough for several pages of each list.
BUSY = (
    busy_market.Size()
    if profiles.NIGHTLY
    else busy_market.Size(servers=60, offers=300, contracts=100, bids=50, events=2000)
)
#: How wide the pages are looked at: a large screen, a laptop, a telephone.
WIDTHS = (1440, 1280, 400)
LAPTOP = WIDTHS[1:2]
#: The pages that there are, by what their pictures are called. Those of one object are
#: found by a link on another page.
OF_OWNERS = {
    'overview': tour.OVERVIEW,
    'agenda': f'{tour.OVERVIEW}agenda/',
    'events': f'{tour.OVERVIEW}events/',
    'notifications': f'{tour.OVERVIEW}notifications/',
    'usage': f'{tour.OVERVIEW}usage/',
    'servers': f'{tour.OFFERS}servers/',
    'my-offers': f'{tour.OFFERS}mine/',
    'file': f'{tour.OFFERS}file/',
    'contracts': tour.CONTRACTS,
    'money': tour.MONEY,
    'timeline': f'{tour.MARKET}timeline/',
}
OF_RENTERS = {
    'offers': tour.OFFERS,
    'hardware': f'{tour.OFFERS}hardware/',
    'bids': tour.BIDS,
    'bid-form': f'{tour.BIDS}create/',
    'standing': f'{tour.BIDS}standing/',
    'rent': f'{tour.RENT}?duration=12h&end_time=%2B3d&resource_class={tour.BUSY}',
    'rent-none': f'{tour.RENT}?duration=2h&requirements=cpus%3E%3D9999',
    'calendar': (f'{tour.MARKET}calendar/?start_time=%2B2d&resource_class={tour.BUSY}'),
    'prices': f'{tour.MARKET}?interval=week&start_time=60d ago',
    'book': f'{tour.MARKET}book/?resource_class={tour.BUSY}',
}
OF_OPERATORS = {
    'rounds': tour.ROUNDS,
    'health': f'{tour.ROUNDS}health/',
    'audit': f'{tour.ROUNDS}audit/',
}
#: The name of the picture of one object's page: a list, and the link that leads there.
OF_OBJECTS = {
    'contract': (tour.CONTRACTS, '#contracts tbody td a'),
    'server': (f'{tour.OFFERS}servers/', '#servers tbody td a'),
    'offer': (f'{tour.OFFERS}mine/', '#my_offers tbody td a'),
    'bid': (tour.BIDS, '#bids tbody td a'),
    'claim': (
        f'{tour.OFFERS}?available_start_time=%2B2d&available_end_time=%2B3d',
        '#offers a[href*=claim]',
    ),
    'offer-form': (f'{tour.OFFERS}servers/', '#servers a[href$="offer/"]'),
}
#: Of these there are pictures in each run, in all themes.
OFTEN = (
    *('overview', 'offers', 'contract', 'calendar', 'rent', 'prices', 'book'),
    *('timeline', 'money'),
)
#: These are looked through for barriers in each run, and all at night.
LOOKED_THROUGH = (
    *('overview', 'agenda', 'notifications', 'servers', 'file', 'contracts', 'money'),
    *('offers', 'bid-form', 'rent', 'rent-none', 'calendar'),
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
    maxDiff = None

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
        #: By user and kind, the browsers that are open.
        cls.lab, cls.people = lab, {}
        cls.fill()

    @classmethod
    def fill(cls):
        """Months of trade, so that all is done on a busy market."""
        projects = accounts.projects(cls.lab.folder, cls.lab.ports)
        names = 'acme', 'umbrella'
        market = busy_market.Market(
            [projects[name] for name in names],
            # Several, so that none of them has all that it may have.
            [projects[f'{name}{of}'] for name in names for of in ('', '-renter')],
            'elsewhere',
            datetime.datetime.now(datetime.UTC),
            BUSY,
        )
        path = cls.lab.folder.data / 'flocx.sqlite'
        busy_market.fill(db.Database(f'sqlite:///{path}'), market)

    def at_a_desk(self, user, project, sit=browser.Browser):
        """A browser in which that user has logged in, and chosen a project.

        Whoever comes back finds it as they have left it: a browser takes as long to
        open as a dozen pages.

        :param sit: opens it.
        """
        url = lab_horizon.url(self.lab.ports)
        person = self.people.get((user, sit))
        if not person:
            person = self.people[user, sit] = sit(url, PICTURES)
            self.addClassCleanup(person.close)
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

    def tour(self, cast, sit):
        """A Tour with two people and an operator.

        :param sit: opens the browser that they have.
        """
        people = [
            self.at_a_desk(user, project, sit)
            for user, project in (
                (f'{cast.owner}-owner', cast.owner),
                (f'{cast.renter}-owner', cast.renter),
                ('admin', 'admin'),
            )
        ]
        return tour.Tour(self, cast, *people)

    def test_two_members_trade(self):
        self.go_through(tour.BY_MOUSE, browser.Browser)

    @profiles.only_nightly('does by the keyboard what the tour does by the mouse')
    def test_all_of_it_goes_without_a_mouse(self):
        self.go_through(tour.BY_KEYS, keyboard.Browser)

    def go_through(self, cast, sit):
        through = self.tour(cast, sit)
        through.trade()
        through.look_around()
        through.release()

    def test_whatever_theme_somebody_has_chosen_they_can_read_it(self):
        """Nor is a page wider than the window, whatever that is."""
        faint, hidden, failed = [], [], []
        styles = {theme: compiled(theme) for theme in ('default', 'material', 'dark')}
        for person, name, path in self.pages(OFTEN):
            for theme, style in styles.items():
                person.open(path)
                person.wear(style)
                person.see('#content_body')
                if person.find('.alert-danger'):
                    failed.append((name, person.find('.alert-danger').text))
                # Pictures are for people to look at, a few each time and all at night.
                widths = WIDTHS if profiles.NIGHTLY and theme != 'material' else LAPTOP
                for width in widths:
                    picture = f'{theme}-{name}-{width}'
                    if person.picture(picture, width=width):
                        hidden.append(picture)
                faint += [(theme, name, *each) for each in person.faint()]
        self.assertEqual([], failed)
        self.assertEqual([], faint)
        self.assertEqual([], hidden, 'wider than the window')

    def pages(self, often):
        """All pages, or those ``often``, as (browser, name, path)."""

        def chosen(names):
            return [each for each in names if profiles.NIGHTLY or each in often]

        for user, project, pages, objects in (
            ('acme-owner', 'acme', OF_OWNERS, OF_OBJECTS),
            ('umbrella-owner', 'umbrella', OF_RENTERS, {}),
            ('admin', 'admin', OF_OPERATORS, {}),
        ):
            if not chosen(pages):
                continue
            person = self.at_a_desk(user, project)
            yield from ((person, name, pages[name]) for name in chosen(pages))
            for name in chosen(objects):
                path, link = objects[name]
                person.open(path)
                yield person, name, person.address(link)

    @unittest.skipUnless(
        browser.NPM, 'npm, from which axe-core comes, is not installed'
    )
    def test_whoever_reads_meets_no_serious_barrier(self):
        script, found = browser.axe(ROOT / '.test' / 'axe'), []
        for person, _name, path in self.pages(LOOKED_THROUGH):
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
