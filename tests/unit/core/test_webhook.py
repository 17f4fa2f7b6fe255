# SPDX-License-Identifier: Apache-2.0
"""Webhooks: what they want, how they are signed, and when they are tried again."""

import base64
import datetime

import hypothesis
from hypothesis import strategies as st
import testtools

from flocx import exceptions
from flocx.core import webhook

_NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


def hook(**values):
    return webhook.Webhook(
        **{
            'uuid': 'one',
            'project_id': 'acme',
            'url': 'https://example.org/',
            'last_event_id': 0,
            'created_at': _NOW,
            'updated_at': _NOW,
            **values,
        }
    )


class WebhookTest(testtools.TestCase):
    def test_which_events_are_wanted(self):
        self.assertTrue(hook().wants('offer.published', 'x'))
        some = hook(event_types=['contract.*', 'bid.placed'])
        for expected, event_type in (
            (True, 'contract.active'),
            (True, 'bid.placed'),
            (False, 'bid.cancelled'),
            (False, 'contracts.active'),
        ):
            self.assertEqual(expected, some.wants(event_type, 'x'), event_type)
        self.assertTrue(some.wants(webhook.TEST, 'one'))
        self.assertFalse(hook().wants(webhook.TEST, 'other'))
        self.assertTrue(hook(url='mailto:ops@example.org').is_mail)
        self.assertFalse(hook().is_mail)

    def test_what_is_no_type(self):
        webhook.require_types(None)
        webhook.require_types(['contract.*', 'bid.placed'])
        for wrong in ('', 'contract', '*', '*.active', 'contract.**', 'a.b\n'):
            self.assertRaises(exceptions.Invalid, webhook.require_types, [wrong])

    def test_a_signature_is_that_of_standard_webhooks(self):
        """The example of its specification."""
        self.assertEqual(
            'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
            webhook.signature(
                'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
                'msg_p5jXN8AQM9LWM0D4loKWxJek',
                1614265330,
                b'{"test": 2432232314}',
            ),
        )

    @hypothesis.given(st.binary(min_size=20, max_size=70), st.booleans())
    def test_a_secret_has_enough_bytes(self, random, named):
        secret = webhook.PREFIX * named + base64.b64encode(random).decode()
        if named and 24 <= len(random) <= 64:
            self.assertEqual(random, webhook.key(secret))
            return
        error = self.assertRaises(exceptions.Invalid, webhook.key, secret)
        self.assertNotIn(secret, str(error))

    def test_what_is_no_base64_is_no_secret(self):
        for wrong in ('whsec_!', 'whsec_', '', 'whsec_äöü'):
            self.assertRaises(exceptions.Invalid, webhook.key, wrong)

    @hypothesis.given(st.integers(1, 10**6), st.floats(0, 1))
    def test_each_pause_is_longer_up_to_a_limit(self, attempts, draw):
        seconds = webhook.pause(attempts, 5, 3600, draw)
        whole = min(3600, 5 * 2 ** min(attempts - 1, 30))
        self.assertTrue(whole / 2 <= seconds <= whole)
