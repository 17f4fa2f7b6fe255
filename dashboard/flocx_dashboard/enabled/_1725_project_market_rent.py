# SPDX-License-Identifier: Apache-2.0
PANEL = 'market_rent'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'marketplace'
ADD_PANEL = 'flocx_dashboard.content.rent.panel.Rent'
