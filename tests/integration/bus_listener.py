# SPDX-License-Identifier: Apache-2.0
"""Reads the message bus as esi-event-actions does, which runs scripts for events.

It declares queues of RabbitMQ and takes what comes: a JSON document whose
``oslo.message`` is the notification, as JSON again. It looks at ``event_type``, and
hands fields of ``payload["esi_leap_object.data"]`` to a script.
"""

import json

import kombu

TOPIC = 'esi_leap_versioned_notifications'
#: Fields without which it ends with an error.
READ = ('node_name', 'node_uuid')


class Listener:
    def __init__(self, url):
        """:param url: of the broker, as ``[DEFAULT] transport_url``."""
        self._connection = kombu.Connection(url.replace('rabbit://', 'amqp://', 1))
        self._channel = self._connection.channel()
        self._queues = [f'{TOPIC}.{level}' for level in ('info', 'error')]
        for queue in self._queues:
            # Without durability, as it is declared with pika's defaults.
            self._channel.queue_declare(queue, durable=False, auto_delete=False)
        self.scripts = []

    def look(self):
        """All scripts that would have been run: pairs of an event and its data."""
        for queue in self._queues:
            while message := self._channel.basic_get(queue, no_ack=True):
                document = json.loads(json.loads(message.body)['oslo.message'])
                data = document['payload']['esi_leap_object.data']
                assert all(isinstance(data[name], str) for name in READ), data
                self.scripts.append((document['event_type'], data))
        return self.scripts

    def close(self):
        self._connection.release()
