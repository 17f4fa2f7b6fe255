# SPDX-License-Identifier: Apache-2.0
PANEL = 'market_money'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'marketplace'
ADD_PANEL = 'flocx_dashboard.content.money.panel.Money'
