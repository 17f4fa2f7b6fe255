# SPDX-License-Identifier: Apache-2.0
"""The auction engine's API for a WSGI server: ``matcher.wsgi:application``."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

from oslo_config import cfg

from flocx import config
from matcher import conf as matcher_conf
from matcher import service

application = service.application(
    config.prepare(
        cfg.CONF, [], 'matcher', matcher_conf.register, config.wsgi_files('matcher')
    )
)
