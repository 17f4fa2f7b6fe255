# SPDX-License-Identifier: Apache-2.0
"""Make a controller's method answer requests, with types checked by WSME.

Unlike ``wsmeext.pecan.wsexpose`` this lets exceptions pass: WSME would turn them
into bodies of its own, those of unexpected errors included.
"""

import dataclasses
import functools
import inspect
import json

import pecan
import wsme
import wsme.api
import wsme.exc
import wsme.rest.json
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import types


@dataclasses.dataclass(frozen=True)
class Operation:
    """What a controller's method takes and gives, for the API's description."""

    result: object
    body: object
    status: int
    rule: str | None
    parameters: dict
    sort_keys: tuple | None
    path: tuple
    summary: str
    description: str


@dataclasses.dataclass(frozen=True)
class Text:
    """A result that is not JSON."""

    text: str
    media_type: str


def expose(
    result=None, *, body=None, status=200, rule=None, parameters=None, sort_keys=None
):
    """Decorate a controller's method.

    :param result: WSME type of what the method returns, None for no body.
    :param body: WSME type of the request body, the method's last argument.
    :param rule: policy rule for what the caller's own project may do. Rules about
        an object are for the method to ask, once it has the object.
    :param parameters: {name: parser} of the query.
    :param sort_keys: of a list, empty where it has but one order.
    """

    def decorate(method):
        names = _path_names(method, body)
        deed = db.repeated(method) if method.__name__.startswith('get') else method

        @functools.wraps(method)
        def handle(self, *args, **kwargs):
            request = pecan.request
            if rule:
                request.service.policy.authorize(
                    request.context, rule, {'project_id': request.context.project_id}
                )
            if len(args) < len(names):
                # A list's URL with the method of one of its members.
                pecan.abort(405)
            if body:
                args = (*args, _parsed(request, body))
            return _rendered(deed(self, *args), result, status)

        _register(handle, method, result, body)
        summary, _, description = inspect.cleandoc(method.__doc__).partition('\n\n')
        handle.operation = Operation(
            result,
            body,
            status,
            rule,
            parameters or {},
            sort_keys,
            names,
            summary,
            description,
        )
        return handle

    return decorate


def _rendered(result, result_type, status):
    """What Pecan turns into the response."""
    if isinstance(result, Text):
        return pecan.Response(
            result.text, status, content_type=result.media_type, charset='UTF-8'
        )
    pecan.response.status = status
    if result_type is None:
        pecan.request.pecan['content_type'] = None
        pecan.response.content_type = None
        return ''
    return json.dumps(types.written(result_type, result))


def _path_names(method, body):
    """The names of the arguments that come from the path."""
    names = inspect.getfullargspec(inspect.unwrap(method)).args[1:]
    return tuple(names[:-1] if body else names)


def _register(handle, method, *kinds):
    """Tell Pecan and WSME about a handler."""
    pecan.expose(content_type='application/json', generic=False)(handle)
    # Query parameters are read by the methods; Pecan passes path segments only.
    names = ['self', *_path_names(method, kinds[-1])]
    pecan.util._cfg(handle)['argspec'] = inspect.FullArgSpec(
        names, None, 'ignored', None, [], None, {}
    )
    for kind in filter(None, kinds):
        wsme.types.register_type(kind)


def _require_shapes(document, kind):
    """WSME takes lists and objects where a type has them for granted.

    :raises Invalid: naming the field that is neither.
    """
    for attribute in wsme.types.list_attributes(kind):
        value = document.get(attribute.name)
        if value is not None:
            _require_shape(value, attribute.datatype, attribute.name)


def _require_shape(value, kind, field):
    if isinstance(kind, wsme.types.ArrayType):
        if not isinstance(value, list):
            raise exceptions.Invalid(f'{field}: is not a JSON list')
        for each in value:
            _require_shape(each, kind.item_type, field)
    elif wsme.types.iscomplex(kind):
        if not isinstance(value, dict):
            raise exceptions.Invalid(f'{field}: is not a JSON object')
        _require_shapes(value, kind)


def _parsed(request, body_type):
    """The request's body as an object of ``body_type``."""
    if request.content_type not in ('application/json', ''):
        raise wsme.exc.ClientSideError(
            f'Content-Type: {request.content_type} is not application/json',
            status_code=415,
        )
    try:
        document = json.loads(request.body or b'{}')
    except (ValueError, RecursionError) as error:
        raise exceptions.Invalid(f'The body is not JSON: {error}') from None
    if not isinstance(document, dict):
        raise exceptions.Invalid('The body is not a JSON object')
    _require_shapes(document, body_type)
    request_body = wsme.rest.json.fromjson(body_type, document)
    for attribute in wsme.types.list_attributes(body_type):
        if attribute.mandatory and getattr(request_body, attribute.name) is None:
            raise exceptions.Invalid(f'{attribute.name}: cannot be null')
    return request_body
