# SPDX-License-Identifier: Apache-2.0
"""Make a controller's method answer requests, with types checked by WSME.

Unlike ``wsmeext.pecan.wsexpose`` this lets exceptions pass: WSME would turn them
into bodies of its own, those of unexpected errors included.
"""

import functools
import inspect
import json

import pecan
import wsme
import wsme.api
import wsme.exc
import wsme.rest.json
import wsme.types
import wsmeext.pecan

from flocx import exceptions

# The renderer that writes results as JSON; importing it registers it with Pecan.
_RENDERER = wsmeext.pecan.JSonRenderer


def expose(result_type=None, *, body=None, status=200, rule=None):
    """Decorate a controller's method.

    :param result_type: WSME type of what the method returns, None for no body.
    :param body: WSME type of the request body, the method's last argument.
    :param rule: policy rule for what the caller's own project may do. Rules about
        an object are for the method to ask, once it has the object.
    """

    def decorate(method):
        @functools.wraps(method)
        def handle(self, *args, **kwargs):
            request = pecan.request
            if rule:
                request.service.policy.authorize(
                    request.context, rule, {'project_id': request.context.project_id}
                )
            if body:
                args = (*args, _parsed(request, body))
            result = method(self, *args)
            pecan.response.status = status
            if result_type is None:
                request.pecan['content_type'] = None
                pecan.response.content_type = None
                return ''
            return {'datatype': result_type, 'result': result}

        pecan.expose(
            template='wsmejson:', content_type='application/json', generic=False
        )(handle)
        # Query parameters are read by the lists; Pecan passes path segments only.
        names = inspect.getfullargspec(inspect.unwrap(method))
        if body:
            names = names._replace(args=names.args[:-1])
        pecan.util._cfg(handle)['argspec'] = names._replace(varkw='ignored')
        for each in filter(None, (result_type, body)):
            wsme.types.register_type(each)
        return handle

    return decorate


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
    return wsme.rest.json.fromjson(body_type, document)
