# SPDX-License-Identifier: Apache-2.0
PANEL_GROUP = 'marketplace'
PANEL_GROUP_NAME = 'Marketplace'
PANEL_GROUP_DASHBOARD = 'project'
