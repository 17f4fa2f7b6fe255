# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Money(horizon.Panel):
    name = _('Money')
    slug = 'market_money'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Money)
