# SPDX-License-Identifier: Apache-2.0
"""Find the method that answers a URL, in a table that is made once.

Pecan lets a controller route what is below it: ``_route``, by which its own
RestController works. That one inspects the arguments of whatever it meets at every
request, which takes a tenth of one (``benchmarks/routing.py``); it leaves out
empty parts of a path, so that ``/v1/bids//one`` would mean ``/v1/bids/one``; and a
resource below another hides the objects that are called like it. Here a path means
one thing or nothing.
"""

import inspect
import itertools

import pecan

from flocx import exceptions
from flocx.api import errors
from flocx.api import versions
from flocx.core import names

#: HTTP methods by the name of a resource's method, and whether it is about one object.
METHODS = {
    'get_all': ('GET', False),
    'get_one': ('GET', True),
    'post': ('POST', False),
    'patch': ('PATCH', True),
    'delete': ('DELETE', True),
}


class Resource:
    """Something below ``/v1``: a list, its objects, or what belongs to one of them.

    Its methods are those of :data:`METHODS`, exposed. An attribute that is a Resource
    is one step further down.
    """


class Root:
    """The controller of ``/``, which finds the method for any path below it."""

    def __init__(self):
        #: {parts of a path, None for an identifier: {HTTP method: handler}}
        self._table = {}
        for path, method, handler in [*self.documents(), *operations(self.v1)]:
            parts = path.split('/')[1:]
            pattern = tuple(None if '{' in part else part for part in parts)
            self._table.setdefault(pattern, {})[method] = handler
        self._public = [
            pattern
            for pattern, handlers in self._table.items()
            if all(each.operation.public for each in handlers.values())
        ]

    def is_public(self, path):
        """Whether what answers at ``path`` asks for no token of Keystone."""
        words = path.split('/')[1:] or ['']
        return any(_matches(pattern, words) for pattern in self._public)

    @pecan.expose()
    def _route(self, args, request):
        handlers, idents = self._find(args or [''], versions.asked(request))
        if not handlers or _has_encoded_slash(request.environ):
            pecan.abort(404)
        method = 'GET' if request.method == 'HEAD' else request.method
        if method == 'OPTIONS':
            request.allowed = _allowed(handlers)
            return self._options, ()
        if method not in handlers:
            pecan.abort(405, headers={'Allow': _allowed(handlers)})
        for ident in idents:
            if not names.identifies(ident):
                raise exceptions.NotFound(f'{ident!r} not found: nothing is called so')
        _negotiate(request, handlers[method].operation)
        return handlers[method], idents

    def _find(self, words, version):
        """{method: handler} for the parts of a path, and which are identifiers."""
        for pattern, handlers in self._table.items():
            if _matches(pattern, words):
                served = {
                    method: handler
                    for method, handler in handlers.items()
                    if handler.operation.gate.lets(version)
                }
                pairs = zip(pattern, words, strict=True)
                return served, [word for part, word in pairs if part is None]
        return {}, []

    @pecan.expose(content_type=None)
    def _options(self):
        pecan.response.status = 204
        pecan.response.headers['Allow'] = pecan.request.allowed
        return ''


def _matches(pattern, words):
    """Whether the parts of a path are those of ``pattern``, None being any."""
    return len(pattern) == len(words) and all(
        word == part or (part is None and word)
        for part, word in zip(pattern, words, strict=True)
    )


def _allowed(handlers):
    """The header Allow of a URL with ``handlers``."""
    return ', '.join([*handlers, *(['HEAD'] if 'GET' in handlers else []), 'OPTIONS'])


def _has_encoded_slash(environ):
    """Whether the path had a slash within a part, which WSGI does not tell any more.

    WSGI decodes the path: a request about an object called ``one/claim`` would be taken
    for one to claim ``one``. Servers that tell the URL as it was sent are asked.
    """
    sent = environ.get('REQUEST_URI') or environ.get('RAW_URI') or ''
    return '%2f' in sent.partition('?')[0].lower()


def _negotiate(request, operation):
    """Choose what is answered.

    Pecan would choose by itself, but write what it cannot answer into the log as an
    error of the service.

    :raises NotAcceptable: the client accepts nothing that ``operation`` answers.
    """
    offers = request.accept.acceptable_offers(operation.media_types)
    if operation.result and not offers:
        raise errors.NotAcceptable(
            f'Accept: {request.accept} allows none of '
            f'{", ".join(operation.media_types)}'
        )
    request.media_type = offers[0][0] if offers else None
    # All that Pecan knows of: what is written otherwise is a Response of its own.
    request.pecan['content_type'] = 'application/json'


def operations(controller, path='/v1'):
    """Triples of a path, an HTTP method and the method that answers there."""
    for name, part in inspect.getmembers(controller):
        if isinstance(part, Resource):
            yield from _resource(part, f'{path}/{name}')


def _resource(resource, path):
    deepest = path
    for name, (method, one) in METHODS.items():
        handler = getattr(resource, name, None)
        if handler is None:
            continue
        idents = handler.operation.path
        deepest = _with_names(path, idents) if idents else deepest
        yield (deepest if one or idents else path), method, handler
    for name, part in inspect.getmembers(resource):
        if isinstance(part, Resource):
            yield from _resource(part, f'{path}/{name}')


def _with_names(path, idents):
    """``path`` with each of ``idents`` after the collection that it is in.

    The last part of a path may be no collection, as in ``/offers/{ident}/health``.
    """
    pairs = itertools.zip_longest(path.split('/')[2:], idents)
    return '/v1' + ''.join(
        f'/{part}/{{{ident}}}' if ident else f'/{part}' for part, ident in pairs
    )
