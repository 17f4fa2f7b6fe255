# SPDX-License-Identifier: Apache-2.0
"""CloudKitty's v2 data frames of what was booked, pushed once. Pure but for the push.

https://docs.openstack.org/cloudkitty/latest/api-reference/v2/: a data frame has what
was used in a period, rated already. One frame is made of each transfer of usage, and
has its uuid, by which one that may have arrived is found.
"""

import decimal

import tenacity

from flocx import exceptions
from flocx.core import ledger
from flocx.core import window

METRIC = 'flocx_server_hours'
_HOUR = decimal.Decimal(3600)


def frame(transfer):
    """The data frame of a transfer of usage, or of a correction of it.

    What the renter gets back has a price below zero.
    """
    details = transfer.details
    renter = ledger.project_account(details['project_id'])
    sign = 1 if transfer.debit == renter else -1
    period = ledger.month_window(transfer.period)
    seconds = decimal.Decimal(details['server_seconds'] + details['notice_seconds'])
    return {
        'period': {'begin': _text(period.start), 'end': _text(period.end)},
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
                        'type': str(transfer.type),
                    },
                }
            ]
        },
    }


def _text(moment):
    return window.text(moment).replace('Z', '+00:00')


class Push:
    """Pushes frames to one CloudKitty.

    :param session: has ``get`` and ``post`` as keystoneauth1 sessions have.
    :param url: the root of the rating API.
    :param wait: how long to wait between two tries, as tenacity says it.
    """

    def __init__(self, session, url, wait=None, tries=5):
        self._session, self._url = session, url.rstrip('/')
        self._retrying = tenacity.Retrying(
            wait=wait or tenacity.wait_exponential(max=30),
            stop=tenacity.stop_after_attempt(tries),
            retry=tenacity.retry_if_exception_type(exceptions.Unavailable),
            reraise=True,
        )

    def send(self, transfers):
        """Push the frames of ``transfers`` that are not there yet; return how many.

        Whatever was said of an earlier try, what has arrived is not sent again.

        :raises Unavailable: it does not answer, or does not take them.
        """
        return self._retrying(self._send, list(transfers))

    def _send(self, transfers):
        missing = [each for each in transfers if not self._has(each)]
        if missing:
            body = {'dataframes': [frame(each) for each in missing]}
            answer = self._session.post(
                f'{self._url}/v2/dataframes', json=body, raise_exc=False
            )
            if answer.status_code >= 400:
                raise exceptions.Unavailable(
                    f'CloudKitty refuses frames: {answer.status_code} '
                    f'{answer.text[:200]}'
                )
        return len(missing)

    def _has(self, transfer):
        period = ledger.month_window(transfer.period)
        answer = self._session.get(
            f'{self._url}/v2/dataframes',
            params={
                'begin': _text(period.start),
                'end': _text(period.end),
                'filters': f'id:{transfer.uuid}',
            },
            raise_exc=False,
        )
        if answer.status_code == 404:
            # It says so of periods and filters that it has nothing for.
            return False
        if answer.status_code >= 400:
            raise exceptions.Unavailable(f'CloudKitty says {answer.status_code}')
        return answer.json().get('total', 0) > 0
