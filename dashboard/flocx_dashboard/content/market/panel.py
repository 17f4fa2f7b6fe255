# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Market(horizon.Panel):
    name = _('Market')
    slug = 'market_market'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Market)
