# SPDX-License-Identifier: Apache-2.0
"""What went wrong, in words for a person."""

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions as sdk_exceptions

from flocxclient.i18n import _

#: Whatever a call of the SDK may raise.
ERRORS = (sdk_exceptions.SDKException, auth_exceptions.ClientException)

#: By the code of the error, or else by the HTTP status. Other errors say in their
#: detail what would be right.
REMEDIES = {
    401: _('log in again, or check the service with "openstack catalog list"'),
    500: _('give the operator the request id'),
    503: _('try again in a moment'),
    'flocx.budget': _('bid or buy less, or have credits handed to the project'),
    'flocx.conflict': _('look at it again with "show"'),
    'flocx.conflict.generation': _('look at it again with "show", then decide anew'),
    'flocx.conflict.length': _('ask for as long as it is let, or take another offer'),
    'flocx.conflict.block': _('name all of it: see "market offer list --block NAME"'),
    'flocx.conflict.month_closed': _('choose the month that is open'),
    'flocx.conflict.name': _('give the uuid of the one that is meant'),
    'flocx.conflict.node': _('put the server right in Ironic, then offer it again'),
    'flocx.conflict.not_free': _('look with "market find" for what is free'),
    'flocx.conflict.not_reclaimable': _('ask the renter to release it'),
    'flocx.conflict.notice': _(
        'agree with --min-reclaim-notice, or take another offer'
    ),
    'flocx.conflict.overlap': _('cancel that offer first, or offer other times'),
    'flocx.conflict.price': _('see with --dry-run what it costs, or pay more'),
    'flocx.conflict.reclaimed': _('look with "market find" for another server'),
    'flocx.conflict.self_trade': _('use the server without the market'),
    'flocx.conflict.sublet': _('choose times within the contract for the server'),
    'flocx.forbidden': _('ask for the role, or act in another project (--os-cloud)'),
    'flocx.not_found': _('see with "list" what there is'),
    'flocx.quota': _('release or cancel something, or ask the operator for more'),
    'flocx.unprocessable': _('use a new --idempotency-key'),
}


class Unanswered(sdk_exceptions.SDKException):
    """The service did not answer; whether it did what it was asked is unknown.

    ``key`` is the idempotency key to repeat the request with: what was done
    is then not done again.
    """

    def __init__(self, cause, key):
        super().__init__(
            _(
                '{cause} Should it have had the request after all: with the '
                'idempotency key {key} it can be repeated, and is not done twice'
            ).format(cause=_unreachable(cause), key=key)
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
    return _('{error}. Is the service running, and its endpoint right?').format(
        error=error
    )


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
        or _('no reason given')
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
    trace = _(', request {id}').format(id=request_id) if request_id else ''
    return f'{text} (HTTP {response.status_code}{trace})'


def _errors(response):
    """The errors of a response, none if it is not one of FLOCX."""
    try:
        return [error for error in response.json()['errors'] if isinstance(error, dict)]
    except (ValueError, KeyError, TypeError):
        return []
