# SPDX-License-Identifier: Apache-2.0
"""CloudKitty's v2 data frames of what was booked, pushed once. Pure but for the push.

https://docs.openstack.org/cloudkitty/latest/api-reference/v2/: a data frame has what
was used in a period, rated already. One frame is made of each transfer of usage, and
has its uuid, by which one that may have arrived is found.
"""

import decimal

from keystoneauth1 import exceptions as ks_exceptions
import tenacity

from flocx import exceptions
from flocx.core import ledger
from flocx.core import window

METRIC = 'flocx_server_hours'
_HOUR = decimal.Decimal(3600)
#: How many frames CloudKitty is asked for at once.
_PAGE = 1000
#: What to answer passes by itself; all else of 400 to 499 does not.
_PASSING = (408, 429)


class _Passing(exceptions.Unavailable):
    """What a later try may do better."""


def frame(transfer):
    """The data frame of a transfer of usage, or of a correction of it.

    Its period is the month in which the transfer is booked, so that the months of
    CloudKitty are those of statements and never change once they are closed. What the
    renter gets back has a price below zero.
    """
    details = transfer.details
    renter = ledger.project_account(details['project_id'])
    sign = 1 if transfer.debit == renter else -1
    seconds = decimal.Decimal(details['server_seconds'] + details['notice_seconds'])
    return {
        'period': _period(transfer.month),
        'usage': {
            METRIC: [
                {
                    'vol': {'unit': 'hour', 'qty': float(seconds / _HOUR)},
                    'rating': {'price': float(sign * transfer.amount)},
                    'groupby': {
                        'id': transfer.uuid,
                        'project_id': details['project_id'],
                        'owner_id': details['owner_id'],
                    },
                    'metadata': {
                        'resource_class': details['resource_class'] or '',
                        'resource_uuid': details['resource_uuid'],
                        'contract_uuid': transfer.contract_uuid or '',
                        'served_in': transfer.period,
                        # ``type`` is a name of CloudKitty's own.
                        'transfer_type': str(transfer.type),
                    },
                }
            ]
        },
    }


def _period(month):
    found = ledger.month_window(month)
    return {'begin': _text(found.start), 'end': _text(found.end)}


def _text(moment):
    return window.text(moment).replace('Z', '+00:00')


class Push:
    """Pushes the frames of one month to one CloudKitty.

    What is there it asks once, and again after a try of which it cannot be known
    whether it came through: pages of frames and not frame by frame.

    :param session: has ``get`` and ``post`` as keystoneauth1 sessions have.
    :param url: the root of the rating API.
    :param month: in which all transfers are booked.
    :param wait: how long to wait between two tries, as tenacity says it.
    """

    def __init__(self, session, url, month, wait=None, tries=5):
        self._session, self._url, self._month = session, url.rstrip('/'), month
        self._there = None
        self._retrying = tenacity.Retrying(
            # What was stored a second ago not every storage lets be found yet.
            wait=wait or tenacity.wait_exponential(min=2, max=30),
            stop=tenacity.stop_after_attempt(tries),
            retry=tenacity.retry_if_exception_type(_Passing),
            reraise=True,
        )

    def send(self, transfers):
        """Push the frames of ``transfers`` that are not there yet; return how many.

        Whatever became of an earlier try, what has arrived is not sent again.

        :raises Unavailable: it does not answer, or does not take them.
        """
        return self._retrying(self._send, list(transfers))

    def _send(self, transfers):
        if self._there is None:
            self._there = self._ask()
        missing = [each for each in transfers if each.uuid not in self._there]
        if missing:
            there, self._there = self._there, None
            self._call('POST', json={'dataframes': [frame(each) for each in missing]})
            self._there = there | {each.uuid for each in missing}
        return len(missing)

    def _ask(self):
        """The uuids of the transfers whose frames are there."""
        found, seen, total = set(), 0, 1
        while seen < total:
            params = _period(self._month) | {
                'filters': f'type:{METRIC}',
                'limit': _PAGE,
                'offset': seen,
            }
            page = self._call('GET', params=params)
            points = [
                point
                for each in page.get('dataframes', ())
                for point in each['usage'].get(METRIC, ())
            ]
            if not points:
                break
            found.update(point['groupby'].get('id') for point in points)
            seen, total = seen + len(points), page['total']
        return found

    def _call(self, method, **arguments):
        """What CloudKitty answers; nothing is an answer, too."""
        try:
            answer = self._session.request(
                f'{self._url}/v2/dataframes', method, raise_exc=False, **arguments
            )
        except ks_exceptions.ConnectionError as error:
            raise _Passing(f'CloudKitty does not answer: {error}') from None
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(
                f'CloudKitty cannot be asked: {error}'
            ) from None
        status = answer.status_code
        if method == 'GET' and status == 404:
            # It says so of periods and filters that it has nothing for.
            return {}
        if status >= 400:
            raised = exceptions.Unavailable
            if status >= 500 or status in _PASSING:
                raised = _Passing
            raise raised(f'CloudKitty refuses {method}: {status} {answer.text[:200]}')
        return answer.json() if method == 'GET' else {}
