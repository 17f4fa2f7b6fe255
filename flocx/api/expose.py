# SPDX-License-Identifier: Apache-2.0
"""Make a resource's method answer requests.

Unlike ``wsmeext.pecan.wsexpose`` this lets exceptions pass: WSME would turn them
into bodies of its own, those of unexpected errors included.
"""

import dataclasses
import functools
import inspect
import json

import pecan
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import errors
from flocx.api import schemas
from flocx.api import types
from flocx.api import versions
from flocx.core import gates
from flocx.core import query

_JSON = 'application/json'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operation:
    """What a resource's method takes and gives.

    :param result: WSME type of what the method returns, None for no body.
    :param body: WSME type of the request body; the method's last argument is what
        ``schemas.read`` makes of it.
    :param rule: policy rule for what the caller's own project may do. Rules about
        an object are for the method to ask, once it has the object.
    :param parameters: {name: parser} of the query.
    :param sort_keys: of a list, empty where it has but one order.
    :param public: whether whoever asks needs no token of Keystone.
    :param since: the version of the API in which it came, and ``until`` the last.
    :param path: the names of the arguments that come from the URL.
    """

    result: object = None
    body: object = None
    status: int = 200
    rule: str | None = None
    parameters: dict = dataclasses.field(default_factory=dict)
    sort_keys: tuple | None = None
    media_types: tuple = (_JSON,)
    public: bool = False
    since: str | None = None
    until: str | None = None
    path: tuple
    summary: str
    description: str

    @property
    def gate(self):
        return gates.Gate(self.since, self.until)


def expose(result=None, *, body=None, **terms):
    """Decorate a method that returns what JSON can hold, a Response or None.

    :param terms: fields of :class:`Operation`.
    """

    def decorate(method):
        names = inspect.getfullargspec(inspect.unwrap(method)).args[1:]
        summary, _, description = inspect.cleandoc(method.__doc__).partition('\n\n')
        operation = Operation(
            result=result,
            body=body,
            path=tuple(names[:-1] if body else names),
            summary=summary,
            description=description,
            **terms,
        )
        for kind in filter(None, (result, body)):
            wsme.types.register_type(kind)
        work = db.repeated(method) if method.__name__.startswith('get') else method

        @pecan.expose(content_type=_JSON)
        @functools.wraps(method)
        def handle(self, *args, **_):
            request = pecan.request
            request.operation = operation
            if operation.rule:
                caller = request.context
                request.service.policy.authorize(
                    caller, operation.rule, {'project_id': caller.project_id}
                )
            if not operation.parameters and operation.sort_keys is None:
                query.values(request.GET.items(), {})
            if body:
                args = (*args, _body(request, body))
            answer = work(self, *args)
            return _answer(answer, request.operation)

        handle.operation = operation
        return handle

    return decorate


def only_shown():
    """Answer this request as one that has made nothing, with status 200."""
    request = pecan.request
    request.operation = dataclasses.replace(request.operation, status=200)


def _body(request, kind):
    """The request's body, checked and read."""
    if request.content_type not in (_JSON, ''):
        raise errors.UnsupportedMediaType(
            f'Content-Type: {request.content_type} is not {_JSON}'
        )
    try:
        document = json.loads(request.body or b'{}')
    except (ValueError, RecursionError) as error:
        raise exceptions.Invalid(f'The body is not JSON: {error}') from None
    return schemas.read(kind, document, versions.asked(request))


def _answer(answer, operation):
    """What Pecan turns into the response."""
    if isinstance(answer, pecan.Response):
        return answer
    pecan.response.status = operation.status
    if answer is None:
        return ''
    if isinstance(answer, dict) and isinstance(answer.get('generation'), int):
        pecan.response.headers['ETag'] = f'"{answer["generation"]}"'
    version = versions.asked(pecan.request)
    return json.dumps(types.cut(operation.result, answer, version))
