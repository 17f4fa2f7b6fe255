# SPDX-License-Identifier: Apache-2.0
"""Messages and requests between the processes, and what may become of them."""

import dataclasses
import json

import webob

from flocx import rpc
from tests.simulation import scheduler

_SERIALIZER = rpc.Serializer()


class Away(Exception):
    """No answer came; whether the request was done, nobody knows."""


@dataclasses.dataclass
class Message:
    sender: scheduler.Process
    topic: str
    method: str
    context: dict
    payload: str
    fanout: bool


class Network:
    """Carries what the processes say to each other through the storm of a seed."""

    def __init__(self, tasks, storm):
        self._tasks, self._storm = tasks, storm
        self.waiting = []

    # Messages

    def cast(self, context, topic, method, payload, fanout):
        if self._storm.strikes('message lost'):
            self._tasks.note(f'{method} to {topic} is lost')
            return
        message = Message(
            self._tasks.running.process,
            topic,
            method,
            _SERIALIZER.serialize_context(context),
            json.dumps(payload),
            fanout,
        )
        self.waiting.append(message)
        if self._storm.strikes('message twice'):
            self.waiting.append(message)

    def crashed(self, process):
        """What a process that died had not handed to the broker yet is gone."""
        self.waiting = [
            message
            for message in self.waiting
            if message.sender is not process or self._storm.toss()
        ]

    def deliver(self, endpoints):
        """Give one message, whichever it is, to one of those who listen, or to all.

        :param endpoints: {topic: [endpoints]}.
        """
        place = self._storm.below(len(self.waiting))
        message = self.waiting.pop(place)
        listeners = endpoints.get(message.topic)
        if not listeners:
            if not message.fanout:
                self.waiting.append(message)
            return
        self._tasks.note(f'{message.method} reaches {message.topic}')
        for listener in listeners if message.fanout else [self._storm.pick(listeners)]:
            getattr(listener, message.method)(
                _SERIALIZER.deserialize_context(message.context),
                **json.loads(message.payload),
            )

    # Requests

    def request(self, processes, application, method, path, headers, body):
        """The answer of one of ``processes`` that serve ``application``.

        :raises Away: there is none, or none arrived in time.
        """
        request_line = f'{method} {path}'
        self._tasks.point(request_line)
        if self._storm.strikes('request lost'):
            raise Away(request_line)
        served = [
            self._tasks.spawn(
                self._storm.pick(processes),
                request_line,
                lambda: _ask(application, method, path, headers, body),
            )
            for _ in range(1 + self._doubled(method, headers))
        ]
        if self._storm.strikes('request late'):
            # It is still on its way when the caller stops waiting for it.
            raise Away(request_line)
        first = served[0]
        self._tasks.point('waits for the answer', lambda: first.done or first.crashed)
        if first.answer is None or self._storm.strikes('answer lost'):
            raise Away(request_line)
        return first.answer

    def _doubled(self, method, headers):
        # What is sent twice without a key is two requests.
        safe = method != 'POST' or 'Idempotency-Key' in headers
        return safe and self._storm.strikes('request twice')


def _ask(application, method, path, headers, body):
    request = webob.Request.blank(path, method=method, headers=headers)
    if body is not None:
        request.body = json.dumps(body).encode()
        request.content_type = 'application/json'
    return request.get_response(application)
