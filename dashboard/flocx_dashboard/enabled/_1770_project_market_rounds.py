# SPDX-License-Identifier: Apache-2.0
PANEL = 'market_rounds'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'marketplace'
ADD_PANEL = 'flocx_dashboard.content.rounds.panel.Rounds'
