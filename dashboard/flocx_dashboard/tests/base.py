# SPDX-License-Identifier: Apache-2.0
"""What the tests of the panels share."""

import datetime
import re
from unittest import mock

from django import test
from django import urls

from tests.functional import base


class DashboardTestCase(base.MarketplaceTestCase):
    """A marketplace, and browsers without scripts that are logged in to it."""

    # Sessions are of today; at noon, no month ends within any test.
    BEGIN = datetime.datetime.now(datetime.UTC).replace(
        hour=12, minute=0, second=0, microsecond=400000
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        changed = test.override_settings(
            OPENSTACK_KEYSTONE_URL=f'{cls.marketplace.identity}/v3'
        )
        changed.enable()
        cls.addClassCleanup(changed.disable)
        # The dashboard looks at the clock of the market.
        looks = mock.patch('django.utils.timezone.now', cls.clock)
        looks.start()
        cls.addClassCleanup(looks.stop)
        cls._browsers = {}

    def browser(self, who):
        """A browser in which ``who`` has logged in."""
        if who not in self._browsers:
            client = test.Client()
            answer = client.post(
                urls.reverse('login'),
                {
                    'username': who,
                    'password': who,
                    'region': 'default',
                    'auth_type': 'credentials',
                },
            )
            if answer.status_code != 302:
                raise base.Refused(answer.content.decode())
            self._browsers[who] = client
        return self._browsers[who]

    def page(self, who, view, *args, **query):
        """The page of a view, which has to be there."""
        answer = self.browser(who).get(self.url(view, *args), query)
        self.assertEqual(200, answer.status_code, answer.get('Location'))
        return answer

    def send(self, who, view, *args, **data):
        """What a form answers."""
        return self.browser(who).post(self.url(view, *args), data)

    def sent(self, who, view, *args, **data):
        """Send a form that has to be taken; what the next page says of it."""
        answer = self.send(who, view, *args, **data)
        if answer.status_code != 302:
            raise base.Refused(dict(answer.context['form'].errors))
        return answer

    def act(self, who, view, action, *uuids):
        """Press a button of a table, for rows that are on its first page."""
        data = {'action': action}
        if uuids:
            data['object_ids'] = uuids
        answer = self.browser(who).post(self.url(view), data, follow=True)
        self.assertEqual(200, answer.status_code)
        return answer

    def assertContains(self, answer, given):
        self.assertEqual(200, answer.status_code)
        self.assertIn(given, answer.content.decode())

    def assertNotContains(self, answer, given):
        self.assertEqual(200, answer.status_code)
        self.assertNotIn(given, answer.content.decode())

    @staticmethod
    def url(view, *args):
        return urls.reverse(f'horizon:project:market_{view}', args=args)

    def cells(self, answer, table='table'):
        """The rows of a table, each {column: text}."""
        return [
            {
                name: text(str(cell.value))
                for name, cell in row.cells.items()
                if name not in ('multi_select', 'actions')
            }
            for row in answer.context[table].get_rows()
        ]


def text(html):
    """HTML without its tags."""
    return re.sub(r'<[^>]*>', '', html).strip()
