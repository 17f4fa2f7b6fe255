# SPDX-License-Identifier: Apache-2.0
"""All that people read on the pages can be translated, and is where it has been."""

import collections
import datetime
import html.parser
import pathlib
import re
import tempfile

from django import conf
from django import forms
from django import test
from django.utils import translation
from django.utils.translation import trans_real

from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard.tests import every_page
from tests import pseudo

DASHBOARD = pathlib.Path(__file__).resolve().parents[2]
#: Attributes that people read, or hear.
READ = {'title', 'aria-label', 'placeholder', 'alt', 'data-label'}
READ |= {'data-flocx-moment', 'data-flocx-chosen', 'data-flocx-rows'}


#: What the services say, in English only, where no catalogue of theirs is.
BY_SERVICES = re.compile(
    r'No server on offer meets .*|Alternative 1: Part 1 .*|Contract .* cannot end so .*'
)
#: What Horizon has in no other language.
BY_HORIZON = re.compile(r'Displaying \d+ items?|True|False')
#: Names of what is traded here and by whom; and what has no language: identifiers,
#: addresses, what is typed, units, times, how long something lasts, Ironic's states.
NAMES = re.compile(
    r"""(?x)
    https?://\S+ | rack\d\S* | cpus\ [>]= | weekdays |
    \S*[_=<>]\S* | \b(?:UTC|GiB|vax|no-such|baremetal|of-all)\b |
    \b\d{4}-\d\d-\d\d | \b[0-9a-f]{8}\b | \b\d+[wdhm]\b | Europe/Berlin |
    \b(?:acme|umbrella|initech|operator|service)(?:-\w+)?\b |
    \b(?:bundle|head|workers|telephone|sold-server|sold|available|contract)\b
    """
)


def english(text):
    """The words of a text that are in English."""
    if BY_SERVICES.fullmatch(text) or BY_HORIZON.fullmatch(text):
        return []
    return re.findall('[A-Za-z]{2,}', NAMES.sub('', text))


class Words(html.parser.HTMLParser):
    """What people read of a page: its texts, and those of attributes."""

    #: What is typed or written by programs.
    SKIPPED = 'script', 'style', 'code', 'textarea', 'pre'

    def __init__(self, page):
        super().__init__()
        self.texts, self._within = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.texts += [value for name, value in attrs if name in READ and value]
        if tag in self.SKIPPED:
            self._within.append(tag)

    def handle_endtag(self, tag):
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data):
        if not self._within:
            self.texts.append(data)


def catalogue(folder):
    """Write that of the dashboard in the language that nobody speaks."""
    found = pseudo.messages(DASHBOARD, DASHBOARD / 'babel-django.cfg')
    pseudo.write(found, folder, 'django')
    return found


class TranslatedTest(every_page.EveryPageTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        catalogue(folder.name)
        changed = test.override_settings(LOCALE_PATHS=[folder.name])
        changed.enable()
        cls.addClassCleanup(trans_real._translations.clear)
        cls.addClassCleanup(changed.disable)
        trans_real._translations.clear()
        # Django's own texts and Horizon's have been translated by others.
        for messages in trans_real.translation('de')._catalog._catalogs:
            for key, value in messages.items():
                if key:
                    messages[key] = pseudo.text(value)

    def browser(self, who):
        browser = super().browser(who)
        browser.cookies[conf.settings.LANGUAGE_COOKIE_NAME] = 'de'
        return browser

    def answers(self):
        """Pairs of a view and a page of it, of all that there are."""
        self.trade()
        for who, view, args, given in self.pieces():
            yield view, self.send(who, view, *args, **given)
        for who, view, *args in self.every_page():
            yield view, self.look(who, view, *args)

    def test_no_text_is_left_in_english(self):
        left, seen = collections.defaultdict(set), set()
        for view, answer in self.answers():
            page = answer.content.decode()
            body = page.partition('id="content_body"')[2] or page
            for text in Words(body.partition('id="footer"')[0]).texts:
                text = ' '.join(text.split())
                seen.add(text)
                if english(text):
                    left[text].add(view)
        mechanisms = self.matcher('operator-admin').get('/v1/mechanisms').json()
        for each in mechanisms['allocations'] + mechanisms['pricings']:
            for known in (each['name'], each['description']):
                left.pop(known, None)
        self.assertEqual({}, left)
        self.assertIn(pseudo.text('Rent Servers'), seen)
        self.assertIn(pseudo.text('Marketplace'), page)

    def test_english_is_found(self):
        for text in ('No bid is open.', f'{pseudo.text("Bid")} matched'):
            self.assertTrue(english(text))
        self.assertFalse(
            english(f'{pseudo.text("Bid")} 1b4e28ba, 2027-01-05 09:00 UTC')
        )


class WrittenTest(test.SimpleTestCase):
    """Numbers and days are written as the language of the user does it."""

    def test_numbers(self):
        for language, text in (('en', '1,234.50'), ('de', '1.234,50')):
            with translation.override(language):
                self.assertEqual(text, formats.money('1234.5'))
                self.assertEqual('1234.50', formats.editable_money('1234.5'))

    def test_days(self):
        when = datetime.datetime(2027, 10, 5, tzinfo=datetime.UTC)
        with translation.override('en'):
            self.assertEqual('Tue 05 Oct', formats.day(when))
        with translation.override('de'):
            self.assertEqual('Di 05 Okt', formats.day(when))

    def test_prices_are_read_as_they_are_written(self):
        with translation.override('de'):
            for text in ('1,25', '1.25'):
                self.assertEqual('1.25', fields.Price().clean(text))
        with translation.override('en'):
            self.assertRaises(forms.ValidationError, fields.Price().clean, '1,25')
