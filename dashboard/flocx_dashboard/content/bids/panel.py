# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Bids(horizon.Panel):
    name = _('Bids')
    slug = 'market_bids'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Bids)
