# SPDX-License-Identifier: Apache-2.0
"""What went wrong, in words for a person."""

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions as sdk_exceptions

#: Whatever a call of the SDK may raise.
ERRORS = (sdk_exceptions.SDKException, auth_exceptions.ClientException)

#: By the code of the error, or else by the HTTP status. Other errors say in their
#: detail what would be right.
REMEDIES = {
    401: 'log in again, or check the service with "openstack catalog list"',
    500: 'give the operator the request id',
    503: 'try again in a moment',
    'flocx.budget': 'bid or buy less, or have credits handed to the project',
    'flocx.conflict': 'look at it again with "show"',
    'flocx.conflict.generation': 'look at it again with "show", then decide anew',
    'flocx.conflict.length': 'ask for as long as it is let, or take another offer',
    'flocx.conflict.block': 'name all of it: see "market offer list --block NAME"',
    'flocx.conflict.month_closed': 'choose the month that is open',
    'flocx.conflict.name': 'give the uuid of the one that is meant',
    'flocx.conflict.node': 'put the server right in Ironic, then offer it again',
    'flocx.conflict.not_free': 'look with "market find" for what is free',
    'flocx.conflict.not_reclaimable': 'ask the renter to release it',
    'flocx.conflict.notice': 'agree with --min-reclaim-notice, or take another offer',
    'flocx.conflict.overlap': 'cancel that offer first, or offer other times',
    'flocx.conflict.price': 'see with --dry-run what it costs, or pay more',
    'flocx.conflict.reclaimed': 'look with "market find" for another server',
    'flocx.conflict.self_trade': 'use the server without the market',
    'flocx.conflict.sublet': 'choose times within the contract for the server',
    'flocx.forbidden': 'ask for the role, or act in another project (--os-cloud)',
    'flocx.not_found': 'see with "list" what there is',
    'flocx.quota': 'release or cancel something, or ask the operator for more',
    'flocx.unprocessable': 'use a new --idempotency-key',
}


class Unanswered(sdk_exceptions.SDKException):
    """The service did not answer; whether it did what it was asked is unknown.

    ``key`` is the idempotency key to repeat the request with: what was done
    is then not done again.
    """

    def __init__(self, cause, key):
        super().__init__(
            f'{_unreachable(cause)} Should it have had the request after all: with '
            f'the idempotency key {key} it can be repeated, and is not done twice'
        )
        self.key = key


def explain(error):
    """One of ERRORS as a sentence: what the service said and the remedy.

    The request id is in it, for whoever has to find it in a log.
    """
    response = getattr(error, 'response', None)
    if response is not None:
        return _answered(response, getattr(error, 'details', None))
    if isinstance(error, auth_exceptions.ConnectFailure):
        return _unreachable(error)
    return str(error)


def code(error):
    """The code that the service gave one of ERRORS, None without."""
    response = getattr(error, 'response', None)
    errors = [] if response is None else _errors(response)
    return next((each['code'] for each in errors if each.get('code')), None)


def _unreachable(error):
    return f'{error}. Is the service running, and its endpoint right?'


def _answered(response, details):
    """What an HTTP response with an error says.

    :param details: what the SDK made of it, if it is another service's.
    """
    errors = _errors(response)
    messages = [error.get('detail') or error.get('title') for error in errors]
    text = (
        '; '.join(filter(None, messages))
        or details
        or response.reason
        or 'no reason given'
    )
    codes = (each.get('code') for each in errors)
    remedy = next(
        (REMEDIES[code] for code in codes if code in REMEDIES),
        REMEDIES.get(response.status_code),
    )
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
