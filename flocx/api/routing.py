# SPDX-License-Identifier: Apache-2.0
"""Find the method that answers a path, from what the API's description says.

Pecan walks the controllers at every request and inspects the arguments of whatever
it meets. What can be found is known beforehand; Pecan is asked about all else: the
versions, and what is refused.
"""

import pecan
import webob

from flocx.api import openapi


class _Step:
    """What can follow a part of a path, and the methods that end there."""

    def __init__(self):
        #: The next step by the word that leads there, by None for any other word.
        self.steps, self.handlers = {}, {}

    def add(self, words, method, handler):
        step = self
        for word in words:
            word = None if word.startswith('{') else word
            step = step.steps.setdefault(word, _Step())
        step.handlers[method] = handler

    def find(self, words, method):
        """The handler and the words that are its arguments, or None and these."""
        step, arguments = self, []
        for word in words:
            known = step.steps.get(word)
            if known is None and word:
                known = step.steps.get(None)
                arguments.append(word)
            if known is None:
                return None, arguments
            step = known
        return step.handlers.get(method), arguments


class Application(pecan.Pecan):
    """The application whose ``root`` has its resources below ``v1``."""

    def __init__(self, root, **options):
        super().__init__(root, **options)
        self._first = _Step()
        for path, method, handler in openapi.operations(root.v1, '/v1'):
            self._first.add(path.split('/')[1:], method.upper(), handler)

    def route(self, req, node, path):
        handler, arguments = self._first.find(path.split('/')[1:], req.method)
        if handler is None:
            return super().route(req, node, path)
        return handler, arguments

    def invoke_controller(self, controller, args, kwargs, state):
        if not hasattr(controller, 'operation'):
            super().invoke_controller(controller, args, kwargs, state)
            return
        # The parameters of the query are read by the methods that want them.
        result = controller(*args)
        if isinstance(result, webob.Response):
            state.response = result
        elif result:
            state.response.text = result
            state.response.content_type = state.request.pecan['content_type']
