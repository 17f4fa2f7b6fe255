# SPDX-License-Identifier: Apache-2.0
"""What every process of FLOCX reads from its configuration, and how it starts."""

import os
import socket

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_log import log
from osprofiler import opts as profiling

from flocx import metrics
from flocx import notifications
from flocx import tracing

LOG = log.getLogger(__name__)

#: The group with the account that a service uses when it calls others.
CREDENTIALS = 'service_credentials'

#: Seconds for which others are waited for, unless the configuration says otherwise:
#: without a limit, one service that hangs would hang all that call it.
TIMEOUT = 60

_API = cfg.OptGroup('api', 'How the REST APIs answer')
_API_OPTS = [
    cfg.IntOpt(
        'max_limit',
        default=1000,
        mutable=True,
        min=1,
        help='Most objects on one page of a list, and the number on a page of a '
        'request without a limit. Larger pages need fewer requests and more memory '
        'in the API process.',
    ),
    cfg.StrOpt(
        'audit_map_file',
        help='File with the CADF audit map, for example /etc/flocx/audit_map.conf. If '
        'set, keystonemiddleware reports every request to the notification bus '
        'that [audit_middleware_notifications] names. By default nothing is '
        'audited.',
    ),
]


def register(conf):
    """Register the options that every service has."""
    conf.register_group(_API)
    conf.register_opts(_API_OPTS, _API)
    conf.register_group(notifications.GROUP)
    conf.register_opts(notifications.OPTS, notifications.GROUP)
    conf.register_group(metrics.GROUP)
    conf.register_opts(metrics.OPTS, metrics.GROUP)
    profiling.set_defaults(conf)
    loading.register_session_conf_options(conf, CREDENTIALS)
    loading.register_auth_conf_options(conf, CREDENTIALS)
    conf.set_default('timeout', TIMEOUT, group=CREDENTIALS)


def list_opts():
    """Entry point of oslo.config: what :func:`register` registers."""
    credentials = (
        loading.get_session_conf_options()
        + loading.get_auth_common_conf_options()
        + loading.get_auth_plugin_conf_options('password')
    )
    return [
        (_API.name, _API_OPTS),
        (notifications.GROUP.name, notifications.OPTS),
        (metrics.GROUP.name, metrics.OPTS),
        (CREDENTIALS, credentials),
    ]


def prepare(conf, argv, service, register_service, files=None):
    """Read the configuration of ``service`` into ``conf`` and start logging.

    :param argv: command line without the program's name.
    :param register_service: registers the options of the service.
    :param files: configuration files, for a process without a command line.
    """
    log.set_defaults(
        default_log_levels=[
            *log.get_default_log_levels(),
            'keystonemiddleware=INFO',
            'pecan=INFO',
            'openstack=INFO',
            'alembic=WARNING',
            'numba=WARNING',
            'waitress=WARNING',
        ]
    )
    _read(conf, argv, service, register_service, files)
    log.setup(conf, f'flocx-{service}')
    if conf.profiler.enabled:
        tracing.enable(conf, service, socket.gethostname())
    return conf


def _read(conf, argv, service, register_service, files=None):
    log.register_options(conf)
    register(conf)
    register_service(conf)
    conf(
        argv,
        project='flocx',
        prog=f'flocx-{service}',
        default_config_files=files or _found(service),
    )


def reread(conf, argv, service, register_service):
    """Take over what the files say now, of the options that may change.

    What they have of other options is warned of, and counts from the next start. A
    file that cannot be read, or a value that no option takes, changes nothing.

    :param argv: as :func:`prepare` has it, and the others, too.
    :returns: whether it was taken over.
    """
    asked = cfg.ConfigOpts()
    try:
        _read(asked, argv, service, register_service)
        # A value is looked at when it is used, which would be too late.
        for group in asked.values():
            if isinstance(group, cfg.ConfigOpts.GroupAttr):
                tuple(group.values())
        conf.mutate_config_files()
    except cfg.Error as error:
        LOG.error('The configuration stays as it was: %s', error)
        return False
    # Another thread may have read, and so have cached, a former value while the files
    # were read. To register what is registered forgets what is cached.
    register(conf)
    LOG.info('The configuration has been read again')
    return True


def wsgi_files(service):
    """The configuration files of a service that a WSGI server runs."""
    named = os.environ.get('OS_FLOCX_CONFIG_FILES')
    if named:
        return [name for name in named.split(';') if name]
    return _found(service)


def _found(service):
    name = f'/etc/flocx/{service}.conf'
    return [name] if os.path.exists(name) else []
