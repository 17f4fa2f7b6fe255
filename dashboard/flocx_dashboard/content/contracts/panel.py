# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Contracts(horizon.Panel):
    name = _('Contracts')
    slug = 'market_contracts'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Contracts)
