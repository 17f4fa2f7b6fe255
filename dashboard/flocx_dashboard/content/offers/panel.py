# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Offers(horizon.Panel):
    name = _('Offers')
    slug = 'market_offers'
    permissions = ('openstack.services.marketplace',)


dashboard.Project.register(Offers)
