# SPDX-License-Identifier: Apache-2.0
"""What every process of FLOCX reads from its configuration, and how it starts."""

import os

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_log import log

from flocx import db

#: The group with the account that a service uses when it calls others.
CREDENTIALS = 'service_credentials'

_API = cfg.OptGroup('api', 'How the REST APIs answer')
_API_OPTS = [
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        help='The most objects that one page of a list holds; also the number '
        'given to a request that names no limit.',
    ),
]


def register(conf):
    """Register the options that every service has."""
    conf.register_group(_API)
    conf.register_opts(_API_OPTS, _API)
    loading.register_session_conf_options(conf, CREDENTIALS)
    loading.register_auth_conf_options(conf, CREDENTIALS)


def list_opts():
    """Entry point of oslo.config: what :func:`register` registers."""
    credentials = (
        loading.get_session_conf_options()
        + loading.get_auth_common_conf_options()
        + loading.get_auth_plugin_conf_options('password')
    )
    return [(_API.name, _API_OPTS), (CREDENTIALS, credentials)]


def prepare(conf, argv, service, register_service, files=None):
    """Read the configuration of ``service`` into ``conf`` and start logging.

    :param argv: command line without the program's name.
    :param register_service: registers the options of the service.
    :param files: configuration files, for a process without a command line.
    """
    log.register_options(conf)
    log.set_defaults(
        default_log_levels=[
            *log.get_default_log_levels(),
            'keystonemiddleware=INFO',
            'pecan=INFO',
            'openstack=INFO',
            'alembic=WARNING',
            'waitress=WARNING',
        ]
    )
    db.register(conf)
    register(conf)
    register_service(conf)
    conf(
        argv,
        project='flocx',
        prog=f'flocx-{service}',
        default_config_files=files or _found(service),
    )
    log.setup(conf, f'flocx-{service}')
    return conf


def wsgi_files(service):
    """The configuration files of a service that a WSGI server runs."""
    named = os.environ.get('OS_FLOCX_CONFIG_FILES')
    if named:
        return [name for name in named.split(';') if name]
    return _found(service)


def _found(service):
    name = f'/etc/flocx/{service}.conf'
    return [name] if os.path.exists(name) else []
