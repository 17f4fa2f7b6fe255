# SPDX-License-Identifier: Apache-2.0
"""Where webhooks may lead, and what e-mails say."""

import ipaddress
import unittest

import hypothesis
from hypothesis import strategies as st

from flocx import exceptions
from market.webhooks import addresses
from market.webhooks import urls
from market.webhooks import wording

_OF_NAT64 = ipaddress.ip_network('64:ff9b::/96')


def allowed(text, **networks):
    conf = {'allowed_networks': [], 'forbidden_networks': [], **networks}
    try:
        addresses.Addresses(conf).require_allowed(text)
    except exceptions.Forbidden:
        return False
    return True


class AddressesTest(unittest.TestCase):
    def test_what_is_not_public_is_refused(self):
        for text in (
            '127.0.0.1',
            '127.8.9.10',
            '10.1.2.3',
            '172.16.0.1',
            '192.168.1.1',
            '169.254.169.254',
            '100.64.0.1',
            # Refused, and not listened on, which is what the rule is about.
            '0.0.0.0',  # noqa: S104
            '224.0.0.1',
            '255.255.255.255',
            '::',
            '::1',
            'fe80::1',
            'fe80::1%eth0',
            'fc00::1',
            'ff02::1',
            '::ffff:10.0.0.1',
            '2002:7f00:1::',
            '2001:0:7f00:1::',
            '64:ff9b::a00:1',
            # A prefix of the site's own, whatever it leads to.
            '64:ff9b:1::5db8:d70e',
            # IPv4 that was once written so.
            '::7f00:1',
            '2606:2800:21f::5efe:a00:1',
            '2606:2800:21f::200:5efe:7f00:1',
            # Given to nobody, or for documentation, relays and protocols.
            'fec0::1',
            '4000::1',
            '5f00::1',
            '3fff::1',
            '192.0.0.8',
            '192.88.99.1',
            '198.18.0.1',
            'fd00:ec2::254',
        ):
            self.assertFalse(allowed(text), text)
        for text in (
            '93.184.215.14',
            '2606:2800:21f::1',
            '::ffff:93.184.215.14',
            '64:ff9b::5db8:d70e',
        ):
            self.assertTrue(allowed(text), text)

    @hypothesis.given(st.ip_addresses(v=4))
    def test_an_address_within_another_is_the_same(self, address):
        inside = (
            ipaddress.ip_address(f'::ffff:{address}'),
            ipaddress.ip_address(int(_OF_NAT64[0]) + int(address)),
        )
        for each in inside:
            self.assertLessEqual(allowed(str(each)), allowed(str(address)))

    def test_an_operator_has_the_last_word(self):
        site = {
            'allowed_networks': ['10.20.0.0/16'],
            'forbidden_networks': ['10.20.1.1'],
        }
        self.assertTrue(allowed('10.20.0.5', **site))
        self.assertTrue(allowed('::ffff:10.20.0.5', **site))
        self.assertFalse(allowed('10.20.1.1', **site))
        self.assertFalse(allowed('10.21.0.5', **site))
        self.assertFalse(allowed('8.8.8.8', forbidden_networks=['8.8.0.0/16']))
        for wrong in ('10.20.0.1/16', 'lan'):
            with self.assertRaises(exceptions.Invalid) as caught:
                allowed('8.8.8.8', allowed_networks=[wrong])
            self.assertIn('[webhooks] allowed_networks', str(caught.exception))


class UrlsTest(unittest.TestCase):
    def test_what_is_no_url(self):
        for url in (
            'https://example.org/hook?a=b',
            'https://[2001:db8::1]:8443',
            'mailto:o.p+s@example.org',
        ):
            urls.require(url, ('https', 'mailto'))
        for url in (
            'http://example.org/',
            'https://',
            'https:///path',
            'https://user:secret@example.org/',
            'https://example.org/#part',
            'https://example.org:0/',
            'https://example.org:99999/',
            'https://example.org/ ',
            'https://exämple.org/',
            'https://[::1',
            'https://example.org/' + 'x' * 1024,
            'https://example.org/\r\nX: y',
            'mailto:ops',
            'mailto:ops@example.org?bcc=all@example.org',
            'mailto:ops@example.org,all@example.org',
            'file:///etc/passwd',
        ):
            self.assertRaises(
                exceptions.Invalid, urls.require, url, ('https', 'mailto')
            )


def event(event_type, **values):
    return {
        'id': 7,
        'type': event_type,
        'time': '2027-01-31T18:00:00Z',
        'object_type': event_type.partition('.')[0],
        'object_uuid': 'uuid-1',
        'project_id': None,
        'owner_id': None,
        'payload': {},
        **values,
    }


class WordingTest(unittest.TestCase):
    def test_who_reads_it_is_meant(self):
        line = {'resource_uuid': 's1', 'end_time': '2027-02-01T00:00:00Z'}
        payload = {'lines': [line], 'start_time': '2027-01-31T18:00:00Z'}
        subject, body = wording.text(
            event('contract.created', project_id='lab', payload=payload),
            {'s1': 'rack-7'},
        )
        self.assertEqual(
            'You have rented rack-7 from 2027-01-31 18:00:00 UTC to '
            '2027-02-01 00:00:00 UTC.',
            subject,
        )
        self.assertIn('Event 7, contract.created, at 2027-01-31 18:00:00 UTC', body)
        subject, _ = wording.text(
            event(
                'contract.error',
                owner_id='acme',
                payload={'lines': [{**line, 'reason': 'clean_failed'}]},
            ),
            {},
        )
        self.assertEqual('Your s1 needs its operator: clean_failed.', subject)

    def test_many_servers_are_not_all_named(self):
        lines = [
            {'resource_uuid': f's{number}', 'end_time': None} for number in range(9)
        ]
        subject, _ = wording.text(
            event('contract.ended', project_id='lab', payload={'lines': lines}), {}
        )
        self.assertEqual(
            'The contract for s0, s1, s2, s3 and 5 more has ended.', subject
        )

    @hypothesis.given(
        st.sampled_from(
            [*(f'contract.{each}' for each in wording._CONTRACTS), *wording._OTHERS]
        )
        | st.from_regex(r'[a-z]{1,9}\.[a-z_]{1,9}', fullmatch=True),
        st.text(),
        st.booleans(),
    )
    def test_whatever_it_is_it_is_one_line_and_a_text(self, event_type, name, own):
        payload = {'name': name, 'resource_uuid': 's1', 'reason': name}
        subject, body = wording.text(
            event(event_type, project_id='lab' if own else None, payload=payload),
            {'s1': name},
        )
        self.assertTrue(subject)
        self.assertEqual(1, len(subject.splitlines()), subject)
        self.assertIn('uuid-1', body)
