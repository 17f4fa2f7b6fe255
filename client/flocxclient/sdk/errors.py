# SPDX-License-Identifier: Apache-2.0
"""What went wrong, in words for a person."""

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions as sdk_exceptions

#: Whatever a call of the SDK may raise.
ERRORS = (sdk_exceptions.SDKException, auth_exceptions.ClientException)

REMEDIES = {
    401: 'log in again, or check the service with "openstack catalog list"',
    503: 'try again in a moment',
}


def explain(error):
    """One of ERRORS as a sentence: what the service said and the remedy.

    The request id is in it, for whoever has to find it in a log.
    """
    response = getattr(error, 'response', None)
    if response is not None:
        return _answered(response, getattr(error, 'details', None))
    if isinstance(error, auth_exceptions.ConnectFailure):
        return f'{error}. Is the service running, and its endpoint right?'
    return str(error)


def _answered(response, details):
    """What an HTTP response with an error says.

    :param details: what the SDK made of it, if it is another service's.
    """
    errors = _errors(response)
    said = [error.get('detail') or error.get('title') for error in errors]
    text = (
        '; '.join(filter(None, said)) or details or response.reason or 'no reason given'
    )
    remedy = REMEDIES.get(response.status_code)
    if remedy:
        text = f'{text.rstrip(".")}: {remedy}'
    request_id = response.headers.get('x-openstack-request-id') or next(
        (error['request_id'] for error in errors if error.get('request_id')), None
    )
    trace = f', request {request_id}' if request_id else ''
    return f'{text} (HTTP {response.status_code}{trace})'


def _errors(response):
    """The errors of a response, none if it is not one of FLOCX."""
    try:
        return [error for error in response.json()['errors'] if isinstance(error, dict)]
    except (ValueError, KeyError, TypeError):
        return []
