# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Overview(horizon.Panel):
    name = _('Overview')
    slug = 'market_overview'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Overview)
