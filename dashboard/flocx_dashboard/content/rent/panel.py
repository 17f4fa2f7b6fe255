# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Rent(horizon.Panel):
    name = _('Rent Servers')
    slug = 'market_rent'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Rent)
