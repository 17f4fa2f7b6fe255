# SPDX-License-Identifier: Apache-2.0
from flocx_dashboard.tests import base


class OfferTest(base.DashboardTestCase):
    def test_every_page_is_there_and_empty(self):
        for view in (
            'overview:index',
            'overview:usage',
            'overview:events',
            'offers:index',
            'offers:mine',
            'offers:servers',
            'offers:hardware',
            'bids:index',
            'bids:create',
            'contracts:index',
            'market:index',
            'market:book',
            'market:timeline',
        ):
            with self.subTest(view):
                self.page('initech-member', view)
        self.page('operator-admin', 'rounds:index')
