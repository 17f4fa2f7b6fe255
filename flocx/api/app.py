# SPDX-License-Identifier: Apache-2.0
"""The pipeline that a request passes on its way to a controller."""

import functools

from keystonemiddleware import audit
from keystonemiddleware import auth_token
from microversion_parse import middleware as microversion
from oslo_middleware import cors
from oslo_middleware import healthcheck
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id
from oslo_middleware import sizelimit
from osprofiler import web as profiler
import pecan
from pecan import core
from pecan import hooks
from pecan import routing

from flocx import config
from flocx import context
from flocx import exceptions
from flocx import metrics
from flocx.api import arrival
from flocx.api import errors
from flocx.api import requestlog
from flocx.api import versions

# Pecan looks twice in each request at the arguments of a method, and makes a class for
# each look (pecan.compat.getargspec). They never change: this saves a tenth to a third
# of a request (benchmarks/routing.py). test_routing.py tells when Pecan no longer does.
for _module in (core, routing):
    _module.getargspec = functools.lru_cache(maxsize=1000)(_module.getargspec)


# What a dashboard on another site needs to send and to read.
cors.set_defaults(
    allow_headers=[
        'X-Auth-Token',
        'Content-Type',
        'OpenStack-API-Version',
        'If-Match',
        'Idempotency-Key',
    ],
    expose_headers=[
        'X-OpenStack-Request-ID',
        'OpenStack-API-Version',
        'ETag',
        'Location',
    ],
    allow_methods=['GET', 'POST', 'PATCH', 'DELETE'],
)


class _Healthy:
    """Answers one path from the health check; everything else is the service's."""

    def __init__(self, app, check):
        self._app, self._check = app, check

    def __call__(self, environ, start_response):
        chosen = (
            self._check if environ.get('PATH_INFO') == '/healthcheck' else self._app
        )
        return chosen(environ, start_response)


class _Authenticated:
    """Asks keystonemiddleware for a token everywhere but on public paths."""

    def __init__(self, app, conf, service_type, is_public):
        """Check tokens.

        :param is_public: whether a path is answered without one.
        :param service_type: what the catalog has the service as: an application
            credential may be for some paths of some services only.
        """
        self._app, self._is_public = app, is_public
        options = {'oslo_config_config': conf}
        # Services in one process share the option, but not its value.
        if conf.keystone_authtoken.service_type is None:
            options['service_type'] = service_type
        if conf.keystone_authtoken.http_connect_timeout is None:
            options['http_connect_timeout'] = config.TIMEOUT
        self._checked = auth_token.AuthProtocol(app, options)

    def __call__(self, environ, start_response):
        if self._is_public(environ.get('PATH_INFO', '')):
            return self._app(environ, start_response)
        return self._checked(environ, start_response)


class _Traced:
    """Lets osprofiler trace what it is asked to trace, but for public paths.

    It writes down the query of a request, and the query of an agenda's calendar is the
    secret that opens it.
    """

    def __init__(self, app, hmac_keys, is_public):
        self._app, self._is_public = app, is_public
        self._traced = profiler.WsgiMiddleware(app, hmac_keys=hmac_keys)

    def __call__(self, environ, start_response):
        public = self._is_public(environ.get('PATH_INFO', ''))
        return (self._app if public else self._traced)(environ, start_response)


class _Hook(hooks.PecanHook):
    """Gives a request its service, its caller and its time."""

    def __init__(self, service, clock, is_public):
        self._service, self._clock, self._is_public = service, clock, is_public

    def before(self, state):
        request = state.request
        request.service = self._service
        # To the second, as every time that is stored, shown and compared with it.
        request.now = self._clock(with_timezone=True).replace(microsecond=0)
        caller = context.RequestContext.from_environ(
            request.environ, rules=self._service.policy
        )
        request.context = caller
        if self._is_public(request.path_info):
            return
        if not caller.project_id:
            raise exceptions.Forbidden('A token for a project is needed')
        caller.lineage = self._service.lineage(caller)


def controllers(root, service, clock):
    """A WSGI application that believes what its environment says of the caller.

    :param root: the root controller.
    :param service: what the controllers work with: its ``NAME``, ``conf``,
        ``SERVICE_TYPE``, ``policy`` and ``lineage(context)``, the caller's project and
        its ancestors.
    :param clock: called with ``with_timezone=True``, returns aware UTC.
    """
    app = pecan.Pecan(
        root,
        hooks=[_Hook(service, clock, root.is_public)],
        guess_content_type_from_ext=False,
    )
    return microversion.MicroversionMiddleware(
        app, versions.SERVICE_TYPE, versions.VERSIONS
    )


def _collections(root):
    """The names that can follow ``/v1/``."""
    return {name for name in dir(root.v1) if not name.startswith('_')}


def build(conf, root, service, clock):
    """The WSGI application of ``controllers``, for callers whom Keystone knows."""
    app = controllers(root, service, clock)
    if conf.api.audit_map_file:
        app = audit.AuditMiddleware(
            app, audit_map_file=conf.api.audit_map_file, oslo_config_config=conf
        )
    app = _Authenticated(app, conf, service.SERVICE_TYPE, root.is_public)
    if conf.profiler.enabled:
        app = _Traced(app, conf.profiler.hmac_keys, root.is_public)
    app = sizelimit.RequestBodySizeLimiter(arrival.Arrival(app), conf)
    app = errors.Errors(app)
    app = requestlog.RequestLog(app)
    if conf.metrics.enabled:
        app = metrics.Metrics(app, service.NAME, _collections(root))
    app = request_id.RequestId(app)
    app = _across_sites(_behind_proxy(app, conf), conf)
    return _Healthy(app, healthcheck.Healthcheck(None, conf))


def _behind_proxy(app, conf):
    """``app`` that believes what proxies say, where the operator lets it."""
    proxied = http_proxy_to_wsgi.HTTPProxyToWSGI(app, conf)
    return proxied if conf.oslo_middleware.enable_proxy_headers_parsing else app


def _across_sites(app, conf):
    """``app`` for the pages of other sites, where the operator names any."""
    crossing = cors.CORS(app, conf)
    return crossing if crossing.allowed_origins else app
