# SPDX-License-Identifier: Apache-2.0
"""What is always said of an error is said in the language of who asks."""

import pathlib
import tempfile
import unittest

import fixtures
import testtools
import webob
from webob import exc

from flocx import exceptions
from flocx.api import errors
from tests import pseudo

SERVICES = pathlib.Path(__file__).resolve().parents[2] / 'flocx'
DETAIL = 'price: missing'


def application(environ, start_response):
    if environ['PATH_INFO'] == '/known':
        raise exceptions.Invalid(DETAIL)
    return exc.HTTPNotFound()(environ, start_response)


class TranslatedTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        pseudo.write(pseudo.messages(SERVICES), folder, 'flocx')
        self.useFixture(fixtures.EnvironmentVariable('FLOCX_LOCALEDIR', folder))

    def ask(self, path, language=None):
        """The error that comes of a request, and the answer."""
        headers = {'Accept-Language': language} if language else {}
        request = webob.Request.blank(path, headers=headers)
        answer = request.get_response(errors.Errors(application))
        return answer.json['errors'][0], answer

    def test_every_meaning_is_translated(self):
        for code, (status, meaning) in errors.PUBLISHED.items():
            request = webob.Request.blank('/', headers={'Accept-Language': 'de'})
            document = errors.document(request, status or 418, DETAIL, code)
            self.assertEqual(pseudo.text(meaning), document['errors'][0]['title'])
            self.assertNotEqual(meaning, pseudo.text(meaning))

    def test_what_is_always_the_same_is_translated(self):
        for wanted in ('de', 'de-CH,de;q=0.8,en;q=0.5', 'fr, de;q=0.1'):
            error, answer = self.ask('/elsewhere', wanted)
            self.assertEqual(pseudo.text(errors.DETAILS[404]), error['detail'])
            self.assertIn('Accept-Language', answer.vary)

    def test_details_of_one_request_are_not(self):
        error, _ = self.ask('/known', 'de')
        self.assertEqual(DETAIL, error['detail'])
        self.assertEqual('flocx.invalid', error['code'])

    def test_english_stays_as_it_is(self):
        for wanted in (None, 'en', 'en, de;q=0.5', 'fr', '*'):
            error, _ = self.ask('/elsewhere', wanted)
            self.assertEqual('Not Found', error['title'], wanted)


class NoCatalogueTest(unittest.TestCase):
    def test_nothing_is_said_of_languages(self):
        with tempfile.TemporaryDirectory() as folder:
            with fixtures.EnvironmentVariable('FLOCX_LOCALEDIR', folder):
                request = webob.Request.blank('/', headers={'Accept-Language': 'de'})
                answer = request.get_response(errors.Errors(application))
        self.assertEqual('Not Found', answer.json['errors'][0]['title'])
        self.assertIsNone(answer.vary)
