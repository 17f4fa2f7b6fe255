# SPDX-License-Identifier: Apache-2.0
"""Every error leaves as one body, and an unexpected one tells nothing.

The body is that of the API guidelines (``guidelines/errors.rst``)::

    {"errors": [{"status": 400, "title": "Bad Request", "detail": "price: ...",
                 "code": "flocx.invalid", "request_id": "req-..."}]}
"""

import http

from oslo_log import log
import webob

from flocx import db
from flocx import exceptions
from flocx import i18n
from flocx.api import versions
from flocx.i18n import _

LOG = log.getLogger(__name__)

#: Every code that an answer can have, with its status and what to do about it. Once in
#: a release, a code never changes its meaning; the documentation has this table.
PUBLISHED = {
    'flocx.invalid': (
        400,
        _(
            'The request cannot be understood. The detail begins with the field, '
            'parameter or header that is to be corrected.'
        ),
    ),
    'flocx.unauthorized': (401, _('There is no valid token in X-Auth-Token.')),
    'flocx.forbidden': (
        403,
        _(
            'The roles of the token do not allow this; the detail names the policy '
            'rule.'
        ),
    ),
    'flocx.budget': (
        403,
        _(
            'The account of the project does not cover what this costs at most. The '
            'detail says how much is missing, and who can grant it.'
        ),
    ),
    'flocx.quota': (
        403,
        _(
            'The project would have more than its quota. The detail says of what, '
            'how much it has and how much it may have.'
        ),
    ),
    'flocx.not_found': (
        404,
        _('There is no such object, or none that the caller may know of.'),
    ),
    'flocx.method_not_allowed': (405, _('This URL does not support the method.')),
    'flocx.version_not_acceptable': (
        406,
        _('The API version asked for is not served, or only JSON could be answered.'),
    ),
    'flocx.conflict': (
        409,
        _(
            'The object is in a status that does not allow this; the detail says in '
            'which.'
        ),
    ),
    'flocx.conflict.generation': (
        409,
        _('The object has changed since it was read. Read it again and decide again.'),
    ),
    'flocx.conflict.name': (
        409,
        _('Several objects have this name. The detail lists their uuids.'),
    ),
    'flocx.conflict.sublet': (
        409,
        _(
            'The server is not rented for all of the time that is to be sub-let, or '
            'is sub-let for longer than it would be rented. The detail names the '
            'line.'
        ),
    ),
    'flocx.conflict.node': (
        409,
        _('The server cannot be offered as it is now: the detail says why.'),
    ),
    'flocx.conflict.not_free': (
        409,
        _('The time is not free on that server; the detail says which is.'),
    ),
    'flocx.conflict.length': (
        409,
        _(
            'The offer is let for a longer, or a shorter, time; the detail says for '
            'which.'
        ),
    ),
    'flocx.conflict.block': (
        409,
        _(
            'The server is sold, and let, only together with others; the detail says '
            'with which, or what of a block does not go together.'
        ),
    ),
    'flocx.conflict.price': (
        409,
        _('The added time costs more than max_price; the detail says how much.'),
    ),
    'flocx.conflict.notice': (
        409,
        _(
            'The owner may reclaim the server with a shorter notice than the caller '
            'agrees to; the detail says with which.'
        ),
    ),
    'flocx.conflict.not_reclaimable': (
        409,
        _('It was agreed that the server is not reclaimed before the end.'),
    ),
    'flocx.conflict.reclaimed': (
        409,
        _(
            'The owner has reclaimed the server: it cannot be had for longer. The '
            'detail says until when it can.'
        ),
    ),
    'flocx.conflict.overlap': (
        409,
        _('Another offer has some of the time of this server.'),
    ),
    'flocx.conflict.self_trade': (
        409,
        _('The offer is of the same project: nobody trades with themselves.'),
    ),
    'flocx.conflict.month_closed': (
        409,
        _('The month is closed, and nothing is booked in it any more.'),
    ),
    'flocx.too_large': (413, _('The body is longer than the operator allows.')),
    'flocx.media_type': (415, _('The body has to be application/json.')),
    'flocx.unprocessable': (
        422,
        _('The Idempotency-Key was used for another request. Use a new one.'),
    ),
    'flocx.internal': (
        500,
        _(
            'A fault of the service. Nothing was changed; the operator finds it in '
            'the log under the request id.'
        ),
    ),
    'flocx.unavailable': (
        503,
        _(
            'A service that is needed does not answer. Nothing was changed; try '
            'again, with the same Idempotency-Key.'
        ),
    ),
    'flocx.unavailable.waits': (
        503,
        _(
            'As many requests wait for events in this process as may, of all '
            'projects or of one. Ask without wait, or again later.'
        ),
    ),
    'flocx.error': (
        None,
        _('Any other refusal by HTTP itself; its status says which.'),
    ),
}

#: The code of an error that has none of its own, by status: the first of it.
CODES = {status: code for code, (status, _) in reversed(PUBLISHED.items())}

DETAILS = {
    400: _('The URL, a header or the body is not what HTTP and UTF-8 allow.'),
    401: _('A valid token is needed in X-Auth-Token.'),
    404: _('There is nothing under this URL.'),
    405: _('This URL does not support the method.'),
    413: _('The request is too long.'),
}


class NotAcceptable(exceptions.FlocxError):
    status = 406
    code = CODES[406]


class UnsupportedMediaType(exceptions.FlocxError):
    status = 415
    code = CODES[415]


def document(request, status, detail, code=None):
    """The body of an error, a dictionary.

    In another language than English the title says what is published of its code; the
    detail is translated where it is always the same.
    """
    code = code or CODES.get(status, 'flocx.error')
    title, language = http.HTTPStatus(status).phrase, i18n.language(request)
    _status, meaning = PUBLISHED.get(code, (None, title))
    translation = i18n.translated(meaning, language)
    return {
        'errors': [
            {
                'status': status,
                'title': title if translation == meaning else translation,
                'detail': i18n.translated(detail, language),
                'code': code,
                'request_id': request.environ.get('openstack.request_id'),
            }
        ]
    }


class Errors:
    """WSGI middleware that gives every error its body."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        request = webob.Request(environ)
        answer = self._answer(request)
        if isinstance(answer, webob.Response):
            return answer(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        return body

    def _answer(self, request):
        """What the application answers, a triple, or instead of it a Response."""
        try:
            status, headers, body = request.call_application(self._app)
        except exceptions.FlocxError as error:
            return self._respond(request, error.status, str(error), error.code)
        except db.ConnectionLost:
            LOG.exception('%s %s found no database', request.method, request.path)
            return self._respond(
                request,
                exceptions.Unavailable.status,
                _('The database does not answer; try again later'),
                exceptions.Unavailable.code,
            )
        except RecursionError:
            return self._respond(request, 400, _('The request is nested too deeply.'))
        except Exception:
            LOG.exception('%s %s failed', request.method, request.path)
            return self._respond(
                request,
                500,
                _(
                    'Something went wrong here; the operator finds it in the log '
                    'under the request id.'
                ),
                exceptions.FlocxError.code,
            )
        if status < '4':
            return status, headers, body
        refused = webob.Response(status=status, headerlist=headers, app_iter=body)
        return refused if _is_ours(refused) else self._rewrite(request, refused)

    def _rewrite(self, request, response):
        status = response.status_int
        detail = versions.complaint(request) if status in (400, 406) else None
        detail = detail or DETAILS.get(status) or response.status
        new = self._respond(request, status, detail)
        for name in ('WWW-Authenticate', 'Allow'):
            if name in response.headers:
                new.headers[name] = response.headers[name]
        return new

    @staticmethod
    def _respond(request, status, detail, code=None):
        body = document(request, status, detail, code)
        # For those who count them.
        request.environ['flocx.error_code'] = body['errors'][0]['code']
        response = webob.Response(
            json_body=body,
            status=status,
            content_type='application/json',
            charset='UTF-8',
        )
        response.headers.update(versions.headers(request))
        if i18n.languages():
            response.vary = (*(response.vary or ()), 'Accept-Language')
        return response


def _is_ours(response):
    if response.content_type != 'application/json':
        return False
    try:
        return 'code' in response.json_body['errors'][0]
    except (ValueError, KeyError, IndexError, TypeError):
        return False
