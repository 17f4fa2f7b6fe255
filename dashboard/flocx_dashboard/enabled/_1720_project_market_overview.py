# SPDX-License-Identifier: Apache-2.0
PANEL = 'market_overview'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'marketplace'
ADD_PANEL = 'flocx_dashboard.content.overview.panel.Overview'
ADD_INSTALLED_APPS = ['flocx_dashboard']
ADD_SCSS_FILES = ['flocx_dashboard/market.scss']
ADD_JS_FILES = [
    'flocx_dashboard/market.js',
    'flocx_dashboard/calendar.js',
    'flocx_dashboard/moments.js',
    'flocx_dashboard/rows.js',
]
