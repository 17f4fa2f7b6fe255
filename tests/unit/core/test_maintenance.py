# SPDX-License-Identifier: Apache-2.0
"""A planned outage is of one server and for one window."""

import datetime
import unittest

from flocx.core import maintenance as core
from flocx.core import window

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


class MaintenanceTest(unittest.TestCase):
    def test_server_and_window(self):
        outage = core.Maintenance(
            uuid='m',
            project_id='acme',
            provider_id='p',
            resource_type='ironic_node',
            resource_uuid='n',
            start_time=NOON,
            end_time=NOON + HOUR,
            created_at=NOON,
            updated_at=NOON,
        )
        self.assertEqual(('p', 'ironic_node', 'n'), outage.server)
        self.assertEqual(window.Window(NOON, NOON + HOUR), outage.window)
