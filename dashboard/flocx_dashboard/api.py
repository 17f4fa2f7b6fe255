# SPDX-License-Identifier: Apache-2.0
"""The services of FLOCX, spoken to as the user of a request."""

import dataclasses
import itertools
import re
import threading

from django import dispatch
from django import urls
from django.conf import settings
from django.core import signals
from horizon import exceptions
from horizon import messages
from keystoneauth1 import session as ks_session
from keystoneauth1 import token_endpoint
from openstack import connection
from openstack_dashboard.api import base

from flocx_dashboard import formats
from flocxclient.sdk import errors
from flocxclient.sdk import services

#: The sessions of the page that a thread makes.
_OPENED = threading.local()
#: Seconds until an answer that does not come is given up.
TIMEOUT = 30

_FIELD = re.compile(r'([a-z_]+)(?:: |(?=\[\d+\]))')


class Refused(Exception):
    """What a service did not do, in words for a person.

    Horizon takes every error of openstacksdk, a mere 400 too, for one of
    authorisation, and sends the user away; so none of those leaves this module.
    """

    def __init__(self, text, status=None):
        super().__init__(text)
        self.status = status
        found = _FIELD.match(text)
        #: The field or parameter it is about, and what is wrong with it.
        self.field = found and found[1]
        self.detail = text[found.end() :] if found else text


@dataclasses.dataclass(frozen=True)
class Page:
    """Rows of a list, and whether there are some before and after them."""

    rows: list
    before: bool = False
    after: bool = False


def market(request):
    return _service(request, services.market, services.MARKET)


def provider(request):
    return _service(request, services.provider, services.PROVIDER)


def matcher(request):
    return _service(request, services.matcher, services.MATCHER)


def projects(request):
    """The names of all projects by id, for those whom Keystone tells.

    :raises Refused: there is no Keystone in the catalogue.
    :raises ClientException: Keystone does not answer, or not this user.
    """
    found = _identity(request, 'projects')['projects']
    return {each['id']: each['name'] for each in found}


def user(request, ident):
    """The name of a user; raises as ``projects`` does."""
    return _identity(request, f'users/{ident}')['user']['name']


def _identity(request, path):
    url = _endpoint(request, 'identity').rstrip('/')
    if not url.endswith('/v3'):
        url += '/v3'
    return _session(request, url).get(f'{url}/{path}').json()


def call(function, *args, **kwargs):
    """What a function of the SDK returns.

    :raises Refused: a service refused or was not there.
    :raises NotAuthenticated: the token is not valid any more.
    """
    try:
        return function(*args, **kwargs)
    except errors.ERRORS as error:
        status = getattr(error, 'status_code', None) or getattr(
            error, 'http_status', None
        )
        if status == 401:
            raise exceptions.NotAuthenticated from error
        raise Refused(_text(error, status), status) from error


def _text(error, status):
    """What a service said; its own fault with the request id, to be looked for."""
    if status is None or status >= 500:
        return errors.explain(error)
    try:
        details = [each['detail'] for each in error.response.json()['errors']]
    except (AttributeError, KeyError, TypeError, ValueError):
        return errors.explain(error)
    if errors.code(error) == 'flocx.conflict.generation':
        details.append('Reload the page, and decide again.')
    return formats.for_people(' '.join(details))


def every(listing, most=1000, **query):
    """All that a list has, up to ``most``, in a list."""
    return call(lambda: list(itertools.islice(listing(**query), most)))


def page(listing, size, descending=False, marker=None, backwards=False, **query):
    """A page of a list that the service pages, filters and sorts.

    The services page forwards only: the page before a row is the page after it
    in the opposite order.

    :param listing: a method of the SDK that lists.
    :param marker: the uuid of the row next to the page.
    """
    if marker:
        query['marker'] = marker
    order = 'desc' if descending != backwards else 'asc'
    rows = every(listing, size + 1, limit=size + 1, sort_dir=order, **query)
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        return Page(rows[::-1], before=more, after=True)
    return Page(rows, before=bool(marker), after=more)


def lead_away(request, view, refused):
    """Leave a page about what is not there for a list, and say why."""
    messages.error(request, str(refused))
    raise exceptions.Http302(urls.reverse(view)) from refused


def _service(request, open_service, service_type):
    """A proxy of the SDK, with one connection for all that a page asks of it.

    :raises Refused: the catalogue has no such service.
    """
    known = request.__dict__.setdefault('flocx_services', {})
    if service_type not in known:
        url = _endpoint(request, service_type)
        session = _session(request, url)
        known[service_type] = open_service(connection.Connection(session=session))
    return known[service_type]


def _endpoint(request, service_type):
    try:
        return base.url_for(request, service_type)
    except exceptions.ServiceCatalogException:
        raise Refused(
            f'There is no {service_type} service in this region.', status=404
        ) from None


def _session(request, url):
    opened = ks_session.Session(
        # What Horizon found in the catalogue of the user is not looked for again.
        auth=token_endpoint.Token(url, request.user.token.id),
        verify=settings.OPENSTACK_SSL_CACERT or not settings.OPENSTACK_SSL_NO_VERIFY,
        timeout=TIMEOUT,
    )
    _OPENED.__dict__.setdefault('sessions', []).append(opened)
    return opened


@dispatch.receiver(signals.request_finished)
def _close_sessions(**_kwargs):
    """Close what a page has opened: kept alive, it would keep others from a service."""
    for opened in _OPENED.__dict__.pop('sessions', ()):
        opened.session.close()
