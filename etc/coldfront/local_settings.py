# SPDX-License-Identifier: Apache-2.0
# To be added to /etc/coldfront/local_settings.py.

from coldfront.config.base import INSTALLED_APPS

INSTALLED_APPS += ['flocx_coldfront']

# The cloud of clouds.yaml whose user is an administrator of the marketplace.
FLOCX_CLOUD = 'operator'
