# SPDX-License-Identifier: Apache-2.0
"""What may be a name, and what is made of one that was."""

import unittest
import urllib.parse
import uuid

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from flocx.core import names

_HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from(list('/\\%?#;. \n\t\0+&=:-é\u2028'))),
    max_size=300,
)


class NameTest(unittest.TestCase):
    def test_what_may_be_one(self):
        for text in (
            'a',
            'a b',
            'Träumerei № 7',
            'a.b',
            '...',
            'eq:z',
            'a+b',
            'x' * 255,
        ):
            self.assertTrue(names.identifies(text), text)
            self.assertEqual(text, names.name(text, 'name'))
            self.assertEqual(text, names.identifier(text, 'node'))

    def test_what_may_not(self):
        for text in (
            *('', ' ', ' a', 'a ', '.', '..', 'a/b', '/a', 'a%2Fb', 'a?b', 'a#b'),
            *('a;b', 'a\\b', 'a\nb', 'a\0', '\u00a0', '\ud800', 'x' * 256),
        ):
            self.assertFalse(names.identifies(text), ascii(text))
            for check in (names.name, names.identifier):
                with self.assertRaisesRegex(exceptions.Invalid, '^name: '):
                    check(text, 'name')
        for value in (5, None, ['a']):
            with self.assertRaisesRegex(exceptions.Invalid, '^name: '):
                names.name(value, 'name')

    def test_a_uuid_is_no_name(self):
        text = str(uuid.uuid4())
        for each in (text, text.upper()):
            self.assertTrue(names.identifies(each))
            self.assertEqual(each, names.identifier(each, 'node'))
            with self.assertRaisesRegex(exceptions.Invalid, '^name: .* uuid'):
                names.name(each, 'name')
        self.assertFalse(names.is_uuid(text.replace('-', '')))

    @hypothesis.given(_HOSTILE)
    def test_a_name_is_one_part_of_a_url(self, text):
        if not names.identifies(text):
            return
        quoted = urllib.parse.quote(text, safe='')
        url = urllib.parse.urljoin('http://market/v1/bids/', quoted)
        self.assertEqual(f'http://market/v1/bids/{quoted}', url)
        path = urllib.parse.urlsplit(url).path
        self.assertEqual(
            ['', 'v1', 'bids', text], [urllib.parse.unquote(p) for p in path.split('/')]
        )

    @hypothesis.given(_HOSTILE)
    def test_what_is_repaired_is_a_name(self, text):
        repaired = names.repaired(text, 'fc92b1d0')
        self.assertEqual(repaired, names.name(repaired, 'name'))
        self.assertEqual(repaired, names.repaired(repaired, 'another'))
        if names.identifies(text) and not names.is_uuid(text):
            self.assertEqual(text, repaired)

    def test_what_a_uuid_becomes(self):
        text = str(uuid.uuid4())
        self.assertEqual(f'{text}-fc92b1d0', names.repaired(text, 'fc92b1d0'))


if __name__ == '__main__':
    unittest.main()
