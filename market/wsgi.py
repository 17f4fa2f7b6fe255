# SPDX-License-Identifier: Apache-2.0
"""The market's API for a WSGI server: ``market.wsgi:application``."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

from oslo_config import cfg

from flocx import config
from market import conf as market_conf
from market import service

application = service.application(
    config.prepare(
        cfg.CONF, [], 'market', market_conf.register, config.wsgi_files('market')
    )
)
