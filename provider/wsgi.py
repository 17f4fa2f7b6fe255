# SPDX-License-Identifier: Apache-2.0
"""The provider's API for a WSGI server: ``provider.wsgi:application``."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

from oslo_config import cfg

from flocx import config
from provider import conf as provider_conf
from provider import service

application = service.application(
    config.prepare(
        cfg.CONF, [], 'provider', provider_conf.register, config.wsgi_files('provider')
    )
)
