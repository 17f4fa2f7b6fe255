# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _
import horizon
from openstack_dashboard.dashboards.project import dashboard


class Rounds(horizon.Panel):
    name = _('Operation')
    slug = 'market_rounds'
    permissions = ('openstack.services.marketplace-matcher', 'openstack.roles.admin')


dashboard.Project.register(Rounds)
