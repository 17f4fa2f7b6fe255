# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

PANEL_GROUP = 'marketplace'
PANEL_GROUP_NAME = _('Marketplace')
PANEL_GROUP_DASHBOARD = 'project'
