# SPDX-License-Identifier: Apache-2.0
import io
import types
import unittest

from keystoneauth1 import exceptions as auth_exceptions
from osc_lib import exceptions

from flocxclient.osc import waiting


class TestUntil(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.time = 0
        self.out = io.StringIO()

    def sleep(self, seconds):
        self.time += seconds

    def wait(self, *statuses, timeout=60, reason=None):
        """Wait for something that goes through ``statuses``."""
        left = list(statuses)

        def fetch():
            status = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(status, Exception):
                raise status
            return types.SimpleNamespace(status=status, reason=reason)

        return waiting.until(
            fetch,
            ('active',),
            ('error',),
            'contract c',
            timeout,
            self.out,
            clock=lambda: self.time,
            sleep=self.sleep,
        )

    def test_what_is_wanted_is_returned_at_once(self):
        self.assertEqual('active', self.wait('active').status)
        self.assertEqual(0, self.time)

    def test_each_status_is_told_once(self):
        self.wait('created', 'created', 'wait_fulfill', 'active')
        self.assertEqual(
            'contract c: created\ncontract c: wait_fulfill\ncontract c: active\n',
            self.out.getvalue(),
        )

    def test_hopeless_tells_the_reason(self):
        with self.assertRaisesRegex(
            exceptions.CommandError, 'contract c is error: no power'
        ):
            self.wait('created', 'error', reason='no power')

    def test_the_timeout_is_kept(self):
        with self.assertRaisesRegex(
            exceptions.CommandError, 'still created after 60 seconds'
        ):
            self.wait('created')
        self.assertLessEqual(self.time, 60)

    def test_a_connection_that_ends_is_asked_again(self):
        away = auth_exceptions.ConnectFailure('Connection aborted.')
        self.assertEqual('active', self.wait('created', away, away, 'active').status)
        self.assertEqual(1, self.out.getvalue().count('created'))

    def test_a_service_that_is_not_there_is_an_error(self):
        with self.assertRaises(auth_exceptions.ConnectFailure):
            self.wait('created', auth_exceptions.ConnectFailure('refused'))
