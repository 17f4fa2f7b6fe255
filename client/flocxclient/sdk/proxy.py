# SPDX-License-Identifier: Apache-2.0
"""What the three proxies share."""

import time
import urllib.parse
import uuid

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions
from openstack import proxy
from openstack import utils

from flocxclient.sdk import errors

API_VERSION = 'marketplace 1.0'

#: Seconds to wait before a request that was not answered is sent again.
PAUSES = (0.5, 1, 2)

#: What is said when somebody on the way does not know what became of a request.
UNKNOWN = (502, 503, 504)


class Proxy(proxy.Proxy):
    """A service of FLOCX.

    The catalogue holds the bare root of each service and the paths below
    begin with ``/v1``: there is nothing to discover, and a command saves a
    request.
    """

    skip_discovery = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Said with every request: a later service whose oldest version is
        # newer must refuse this client rather than surprise it.
        self.additional_headers.setdefault('OpenStack-API-Version', API_VERSION)

    def _named(self, resource_type, name_or_uuid):
        """The resource with this uuid or name, or the one that is given.

        Names are free text; in a path they must not become path or query.
        The name stands in for the uuid until the answer brings the uuid.
        """
        if not isinstance(name_or_uuid, str):
            return self._get_resource(resource_type, name_or_uuid)
        return self._get_resource(
            resource_type, None, uuid=urllib.parse.quote(name_or_uuid, safe='')
        )

    def _list(self, kind, /, **query):
        """The resources of a kind, as the SDK lists them, page by page.

        The SDK's own method has a parameter ``resource_type``, which is the name of
        one of our filters.
        """
        return kind.list(self, **query)

    def _read(self, path, **query):
        """The document at ``path``, which is no list of resources."""
        response = self.get(path, params=query)
        exceptions.raise_from_response(response)
        return response.json()

    def _made(self, resource_type, path, attrs, key=None):
        """What a POST of ``attrs`` makes, once however often it has to be sent.

        :param key: the idempotency key; the service answers a key that it
            knows with what it made the first time.
        :raises Unanswered: the service cannot be reached; the error has the key.
        """
        return resource_type.existing(
            connection=self._get_connection(), **self._posted(path, attrs, key)
        )

    def _posted(self, path, attrs, key=None):
        """The answer, JSON, to a POST that is done once however often it is sent.

        :raises Unanswered: the service cannot be reached; the error has the key.
        """
        key = key or uuid.uuid4().hex
        try:
            response = self._persist(
                'POST', path, json=attrs, headers={'Idempotency-Key': key}
            )
        except auth_exceptions.ConnectionError as exc:
            raise errors.Unanswered(exc, key) from exc
        exceptions.raise_from_response(response)
        return response.json()

    def _changed(self, resource_type, given, changes, generation=None):
        """The resource with ``changes``, which name fields as the API does.

        :param given: a uuid, a name or a resource. One that was fetched, and
            so knows its generation, is changed only if nobody else changed
            it since.
        :raises ConflictException: somebody did.
        """
        found = self._named(resource_type, given)
        generation = generation or found.generation
        response = self._persist(
            'PATCH',
            utils.urljoin(found.base_path, found.id),
            json=changes,
            headers={'If-Match': f'"{generation}"'} if generation else {},
        )
        found._translate_response(response)
        return found

    def _persist(self, method, path, **kwargs):
        """The response to a request that may be sent more than once."""
        for pause in PAUSES:
            try:
                response = self.request(path, method, **kwargs)
                if response.status_code not in UNKNOWN:
                    return response
                self.log.warning('%s %s: %s', method, path, response.status_code)
            except auth_exceptions.SSLError:
                raise
            except auth_exceptions.ConnectionError as exc:
                self.log.warning('%s; trying again in %s seconds', exc, pause)
            time.sleep(pause)
        return self.request(path, method, **kwargs)
