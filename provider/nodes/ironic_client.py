# SPDX-License-Identifier: Apache-2.0
"""Requests to Ironic, and its refusals in our words."""

import contextlib
import functools

from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import token_endpoint
import openstack
from openstack import exceptions as sdk_exceptions

from flocx import exceptions

#: How often, and after how long, a request is sent again ([ironic]).
_RETRIES = (
    'connect_retries',
    'connect_retry_delay',
    'retriable_status_codes',
    'status_code_retries',
    'status_code_retry_delay',
)

#: How many nodes are asked for at a time; Ironic's own limit may be lower.
PAGE = 1000


class IronicClient:
    """The part of ``IronicNodes`` that sends requests."""

    def __init__(self, conf, session):
        """:param session: keystoneauth session of the provider's own account."""
        self._conf, self._session, self._own = conf, session, None

    def _all(self, path, kind, **params):
        """Every page of a list."""
        found, marker = [], {}
        while True:
            page = self._ask('GET', path, params={'limit': PAGE, **params, **marker})
            found += page[kind]
            if not page.get('next'):
                return found
            marker = {'marker': found[-1]['uuid']}

    def _optional(self, path, **params):
        """What Ironic answers, None where the hardware or the release does not know."""
        try:
            return self._ask('GET', path, params=params)
        except (exceptions.Invalid, exceptions.NotFound):
            return None

    def _ask(self, method, path, **kwargs):
        """What Ironic answers in the newest version of its API that it has, JSON.

        Only there are fields that were added after this was written.
        """
        with translated(path.removeprefix('/nodes/')):
            answer = self._baremetal().request(
                path, method, microversion='latest', raise_exc=False, **kwargs
            )
            sdk_exceptions.raise_from_response(answer)
            return answer.json() if answer.content else None

    def _baremetal(self, context=None):
        if self._own is None:
            self._own = openstack.connection.Connection(
                session=self._session,
                oslo_conf=self._conf,
                service_types={'baremetal'},
            )
            self._try_again(self._own.baremetal)
        own = self._own.baremetal
        if context is None:
            return own
        endpoint = own.get_endpoint()
        return adapter.Adapter(
            # With its time-out and certificates.
            self._session,
            auth=token_endpoint.Token(endpoint, context.auth_token),
            service_type=own.service_type,
            endpoint_override=endpoint,
            **{name: getattr(own, name) for name in _RETRIES},
        )

    def _try_again(self, own):
        """Have it do as [ironic] says; the SDK of 2026.1 takes part of that over."""
        options = self._conf.ironic
        own.connect_retry_delay = options.connect_retry_delay
        own.status_code_retry_delay = options.status_code_retry_delay
        if (retries := options.connect_retries) is not None:
            # That SDK names a number of its own with each request.
            own.request = functools.partial(own.request, connect_retries=retries)


@contextlib.contextmanager
def translated(what):
    """Ironic's refusals in our words; a node in use or a busy Ironic may be retried."""
    try:
        yield
    except sdk_exceptions.NotFoundException:
        raise exceptions.NotFound(f'{what} not found') from None
    except sdk_exceptions.ForbiddenException as error:
        raise exceptions.Forbidden(f'{what}: {_message(error)}') from None
    except sdk_exceptions.ConflictException as error:
        raise exceptions.Conflict(f'{what}: {_message(error)}') from None
    except (sdk_exceptions.BadRequestException, sdk_exceptions.InvalidRequest) as error:
        raise exceptions.Invalid(f'{what}: {_message(error)}') from None
    except (sdk_exceptions.SDKException, ks_exceptions.ClientException) as error:
        raise exceptions.Unavailable(f'Ironic does not answer: {error}') from None


def _message(error):
    """What Ironic said, which the SDK keeps beside a message of its own."""
    return error.details or error.message
