# SPDX-License-Identifier: Apache-2.0
"""What the three proxies share."""

import uuid

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions
from openstack import proxy
import tenacity

from flocxclient.sdk import errors
from flocxclient.sdk import filters
from flocxclient.sdk import identifiers
from flocxclient.sdk import microversions

#: How a request that was not answered is sent again; the waits are in seconds.
RETRY = {
    'wait': tenacity.wait_exponential(multiplier=0.5, max=2),
    'stop': tenacity.stop_after_attempt(4),
}

#: What is answered when somebody on the way does not know what became of a request.
UNKNOWN = (502, 503, 504)


class Proxy(proxy.Proxy):
    """A service of FLOCX.

    The catalogue holds the bare root of each service and the paths below
    begin with ``/v1``: there is nothing to discover, and a command saves a
    request.

    Wherever one object is asked for, its uuid, its name or the resource
    itself will do. What is changed or ended by its name is looked up first, so
    that it is done to the object of exactly that name, or to none.
    """

    skip_discovery = True

    def __init__(self, *args, default_microversion=None, **kwargs):
        # Not handed on: it would be sent under the service type of each service,
        # while the three have one series of versions.
        super().__init__(*args, **kwargs)
        self.microversion = microversions.Negotiation(default_microversion)

    def request(self, url, method, *args, headers=None, **kwargs):
        """As ``keystoneauth1.adapter.Adapter``, at the version that both sides know.

        :raises UnsupportedVersion: there is none.
        """

        def send():
            headed = {**(headers or {}), microversions.HEADER: self.microversion.header}
            return super(Proxy, self).request(
                url, method, *args, headers=headed, **kwargs
            )

        response = send()
        if not microversions.refused(response):
            return response
        self.microversion.negotiate(self._versions())
        return send()

    def _versions(self):
        """The version document of the service."""
        response = super().request('/', 'GET')
        exceptions.raise_from_response(response)
        return response.json()

    def _fetched(self, resource_type, given):
        """The resource with this uuid or name, or a resource as it is now.

        :raises InvalidRequest: nothing that can be asked for is named.
        :raises WrongObject: the service answered with another object.
        """
        identifier = _identifier(given)
        found = self._read(identifiers.path(resource_type.base_path, identifier))
        return self._existing(resource_type, identifiers.verify(found, identifier))

    def _uuid(self, resource_type, given):
        """The uuid of what is given; a name is looked up."""
        identifier = _identifier(given)
        if isinstance(identifier, str) and identifiers.is_uuid(identifier):
            return identifier
        return self._fetched(resource_type, identifier).uuid

    def _existing(self, resource_type, document):
        return resource_type.existing(connection=self._get_connection(), **document)

    def _list(self, resource_type, /, **query):
        """The resources of a type, as the SDK lists them, page by page.

        The SDK's own method has a parameter ``resource_type``, which is the name of
        one of our filters.
        """
        return resource_type.list(self, **filters.parameters(query))

    def _read(self, path, **query):
        """The document at ``path``, which is no list of resources."""
        response = self.get(path, params=query)
        exceptions.raise_from_response(response)
        return response.json()

    def _created(self, resource_type, path, attrs, key=None):
        """What a POST of ``attrs`` creates, once however often it has to be sent.

        :param key: the idempotency key; the service answers a key that it
            knows with what it created the first time.
        :raises Unanswered: the service cannot be reached; the error has the key.
        """
        document = self._posted(path, attrs, key)
        return self._existing(resource_type, identifiers.verify_created(document))

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
        uuid_ = self._uuid(resource_type, given)
        generation = generation or getattr(given, 'generation', None)
        response = self._persist(
            'PATCH',
            identifiers.path(resource_type.base_path, uuid_),
            json=changes,
            headers={'If-Match': f'"{generation}"'} if generation else {},
        )
        exceptions.raise_from_response(response)
        document = identifiers.verify(response.json(), uuid_)
        return self._existing(resource_type, document)

    def _ended(self, resource_type, given):
        """Delete what a uuid, a name or a resource stands for, and nothing else."""
        uuid_ = self._uuid(resource_type, given)
        response = self.delete(identifiers.path(resource_type.base_path, uuid_))
        exceptions.raise_from_response(response)

    def _persist(self, method, path, **kwargs):
        """The response to a request that may be sent more than once.

        :raises ConnectionError: the last attempt was not answered either.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass)
            | tenacity.retry_if_result(
                lambda response: response.status_code in UNKNOWN
            ),
            before_sleep=self._log_retry,
            # The last answer is worth more than that there were several.
            retry_error_callback=lambda state: state.outcome.result(),
            **RETRY,
        )
        return retrying(self.request, path, method, **kwargs)

    def _log_retry(self, state):
        failed = state.outcome.failed
        what = state.outcome.exception() if failed else state.outcome.result()
        self.log.warning('%s; trying again in %.1f s', what, state.next_action.sleep)


def _identifier(given):
    """The uuid or name of what is given: a text, or a resource."""
    return given if isinstance(given, str) else getattr(given, 'id', None)


def _may_pass(error):
    """Whether what kept a request from being answered may be over in a moment."""
    return isinstance(error, auth_exceptions.ConnectionError) and not isinstance(
        error, auth_exceptions.SSLError
    )
