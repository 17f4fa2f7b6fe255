# SPDX-License-Identifier: Apache-2.0
"""Horizon's own test settings, with the panels of the marketplace."""

import pathlib

import openstack_dashboard
from openstack_dashboard import enabled as horizon_enabled
from openstack_dashboard import theme_settings
from openstack_dashboard.test import settings as horizon_settings
from openstack_dashboard.utils import settings as settings_utils

from flocx_dashboard import enabled

globals().update(
    {
        name: getattr(horizon_settings, name)
        for name in dir(horizon_settings)
        if name.isupper()
    }
)
# Horizon's settings have added its dashboards once already.
INSTALLED_APPS = [
    app
    for app in horizon_settings.INSTALLED_APPS
    if not app.startswith('openstack_dashboard.dashboards')
]
settings_utils.update_dashboards(
    [horizon_enabled, enabled], horizon_settings.HORIZON_CONFIG, INSTALLED_APPS
)

# Both of Horizon's own themes are light.
AVAILABLE_THEMES = [
    ('default', 'Default', 'themes/default'),
    ('material', 'Material', 'themes/material'),
    ('dark', 'Dark', str(pathlib.Path(__file__).with_name('dark'))),
]
STATICFILES_DIRS = [
    *horizon_settings.STATICFILES_DIRS,
    *theme_settings.get_theme_static_dirs(
        AVAILABLE_THEMES, 'themes', openstack_dashboard.__path__[0]
    ),
]

# Each template is read once, as at a site.
TEMPLATES = horizon_settings.TEMPLATES
_loaders = TEMPLATES[0]['OPTIONS']['loaders']
TEMPLATES[0]['OPTIONS'] |= {
    'debug': False,
    'loaders': [('django.template.loaders.cached.Loader', _loaders)],
}

# No database, no cache server: who is logged in, the cookie says.
SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'
COMPRESS_ENABLED = False
COMPRESS_PRECOMPILERS = ()
OPENSTACK_KEYSTONE_MULTIDOMAIN_SUPPORT = False
AVAILABLE_REGIONS = []
ALLOWED_HOSTS = ['*']
