# SPDX-License-Identifier: Apache-2.0
"""The lease service for a WSGI server: ``lease.wsgi:application``."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

from oslo_config import cfg

from flocx import config
from lease import conf as lease_conf
from lease import service

application = service.application(
    config.prepare(
        cfg.CONF, [], 'lease', lease_conf.register, config.wsgi_files('lease')
    )
)
