# SPDX-License-Identifier: Apache-2.0
"""The market, as a provider uses it: over HTTP, like everybody else."""

import json
import urllib.parse

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
from keystoneauth1 import service_token
from keystoneauth1 import token_endpoint

from flocx import context as flocx_context
from flocx import exceptions
from flocx.core import contract
from flocx.core import offer
from flocx.core import window
from provider import conf as provider_conf
from provider import reporting

_BY_STATUS = {
    kind.status: kind
    for kind in (
        exceptions.Invalid,
        exceptions.Forbidden,
        exceptions.NotFound,
        exceptions.Conflict,
        exceptions.Unprocessable,
        exceptions.Unavailable,
    )
}

#: Every request names the version that this provider was written for.
_HEADERS = {'OpenStack-API-Version': 'marketplace 1.1'}


#: How many objects one request names, and how many reports it takes.
_NAMED, _TOGETHER = 50, 100

#: Characters of JSON; a body that is larger than oslo.middleware's limit is refused.
_LARGEST = 65536


class Marketplace:
    """Publishes for a user with both tokens; reports with the provider's own."""

    def __init__(self, conf, session):
        """:param session: keystoneauth session of the provider's own account."""
        self._conf, self._session = conf, session
        self._own = self._adapter()
        self._together = reporting.Reporting(self._report_all, _TOGETHER)

    def _adapter(self, **kwargs):
        """What sends requests to the market, whoever it is for."""
        return loading.load_adapter_from_conf_options(
            self._conf, provider_conf.MARKETPLACE, session=self._session, **kwargs
        )

    def publish(self, context, terms, headers=None):
        """Publish an offer, JSON as the market takes it; return the market's."""
        return self._request('POST', '/v1/offers', context, headers, json=terms)

    def give(self, context, offer, purpose=None, headers=None, dry_run=False):
        """Give a server to the project that an offer, JSON, is to.

        :returns: the market's contract, JSON; with ``dry_run`` what it would be.
        """
        body = {'offer': offer} | ({'purpose': purpose} if purpose else {})
        body |= {'dry_run': True} if dry_run else {}
        return self._request('POST', '/v1/contracts', context, headers, json=body)

    def publish_all(self, context, offers, headers=None):
        """Publish many offers at once; return what became of each, in their order.

        Each answer has ``offer_uuid``, and ``error`` where that is None.
        """
        return self._request(
            'POST', '/v1/publications', context, headers, json={'offers': offers}
        )['publications']

    def withdraw(self, context, ident, headers=None):
        """Cancel an offer of the caller's."""
        path = f'/v1/offers/{urllib.parse.quote(ident, safe="")}'
        self._request('DELETE', path, context, headers)

    def due(self, before):
        """Contracts with lines of ours that need something done until ``before``."""
        return self._all(
            'contracts',
            due_before=window.text(before),
            status='any',
            sort_key='start_time',
        )

    def present(self, interval):
        """Tell the market that we are at work, and again after ``interval`` seconds."""
        self._request('POST', '/v1/providers', json={'report_interval': interval})

    def delivered(self, **params):
        """Contracts with lines of ours that have begun and are not closed."""
        begun = sorted(contract.OPEN - {contract.Status.CREATED})
        return self._all(
            'contracts',
            provider_id=self.provider_id,
            status='in:' + ','.join(begun),
            **params,
        )

    def lines_delivered(self, node_uuids):
        """{uuid of a node: its lines, JSON, that have begun and are not closed}."""
        found, uuids = {}, sorted(node_uuids)
        for at in range(0, len(uuids), _NAMED):
            some = uuids[at : at + _NAMED]
            for held in self.delivered(resource_uuid='in:' + ','.join(some)):
                for line in held['lines']:
                    if (
                        line['resource_uuid'] in some
                        and line['status'] not in contract.CLOSED
                    ):
                        found.setdefault(line['resource_uuid'], []).append(line)
        return found

    def offers(self, **params):
        """The open offers that we have published."""
        return self._all(
            'offers',
            provider_id=self.provider_id,
            status='in:' + ','.join(sorted(offer.OPEN)),
            **params,
        )

    def offers_of(self, context, **params):
        """The open offers of the caller's that we have published."""
        return self._all(
            'offers',
            context,
            provider_id=self.provider_id,
            project_id=context.project_id,
            status='in:' + ','.join(sorted(offer.OPEN)),
            **params,
        )

    def contracts_of(self, context, **params):
        """The open contracts with servers of ours that the caller has a part in."""
        return self._all('contracts', context, provider_id=self.provider_id, **params)

    def rented(self, context, nodes):
        """{uuid of a node: the lines, JSON, by which the caller rents it}.

        Only of ``nodes`` that they are the lessee of and not the owner; for others the
        market is not asked.
        """
        leased = [
            node.uuid
            for node in nodes
            if node.lessee == context.project_id != node.owner
        ]
        if not leased:
            return {}
        found = {uuid: [] for uuid in leased}
        one = {'resource_uuid': leased[0]} if len(leased) == 1 else {}
        for held in self.contracts_of(context, role='renter', **one):
            for line in held['lines']:
                if line['provider_id'] == self.provider_id:
                    found.get(line['resource_uuid'], []).append(line)
        return found

    def events(self, after, wait):
        """What happened to contracts with servers of ours, and the id to go on from.

        :param after: the id to begin after, or ``latest``.
        :param wait: seconds to wait for something to happen.
        """
        answer = self._request(
            'GET',
            '/v1/events',
            params={'after': after, 'wait': wait, 'object_type': 'contract'},
        )
        return answer['events'], answer['last']

    def offer(self, uuid):
        """An offer of ours, also one that is closed."""
        return self._request('GET', f'/v1/offers/{uuid}')

    def offers_named(self, uuids):
        """The offers of these uuids, also closed ones."""
        found, uuids = [], sorted(uuids)
        for at in range(0, len(uuids), _NAMED):
            some = ','.join(uuids[at : at + _NAMED])
            found += self._all('offers', uuid=f'in:{some}', status='any')
        return found

    def republish(self, offer_uuid, hardware):
        """Tell the market what the server of an offer of ours is by now.

        :param hardware: properties, resource_class and cleaned_by.
        """
        body = {name: value for name, value in hardware.items() if value is not None}
        self._request('PATCH', f'/v1/offers/{offer_uuid}/hardware', json=body)

    def report_offer(self, offer_uuid, status, reason):
        """Tell the market whether an offer of ours can be sold."""
        self._request(
            'PATCH',
            f'/v1/offers/{offer_uuid}/health',
            json={'status': status} | ({'reason': reason} if reason else {}),
        )

    def _all(self, kind, context=None, **params):
        """Every object of a list, page by page."""
        found, params = [], {**params, 'limit': 1000}
        while True:
            answer = self._request('GET', f'/v1/{kind}', context, params=params)
            found += answer[kind]
            if not answer[f'{kind}_links']:
                return found
            params['marker'] = found[-1]['uuid']

    def report(self, contract_uuid, line_uuid, status, reason=None):
        """Tell the market what became of a line; return the line.

        While it is taken back, it has what we keep about it as ``handover``.

        :raises Conflict: the line cannot become that; it changed meanwhile.
        """
        values = {'status': status} | ({'reason': reason} if reason else {})
        return self._told(contract_uuid, line_uuid, {'report': values})['line']

    def report_power(self, contract_uuid, line_uuid, power_on):
        """Tell the market that the server of a line is powered on, or off."""
        self._request(
            'PATCH',
            f'{_line(contract_uuid, line_uuid)}/power',
            json={'power_on': power_on},
        )

    def handover(self, contract_uuid, line_uuid):
        """What we keep about a line, with its version; see ``provider.handover``.

        :raises NotFound: the line is closed.
        """
        return self._request('GET', _handover(contract_uuid, line_uuid))

    def keep_handover(self, contract_uuid, line_uuid, version, data):
        """Replace what we keep about a line; return its new version.

        :raises Conflict: it is not at ``version``, or the line is closed.
        """
        kept = {'handover': {'version': version, 'data': data}}
        return self._told(contract_uuid, line_uuid, kept)['version']

    def _told(self, contract_uuid, line_uuid, values):
        """What the market answers to something that we say about a line."""
        # Another thread may send it, in a pass of its own.
        made_in = flocx_context.current().request_id
        return self._together((contract_uuid, line_uuid, values, made_in))

    def _report_all(self, reports):
        """What came of each of ``reports``, as the market says it, or an exception."""
        bodies = [
            {'contract_uuid': contract_uuid, 'line_uuid': line_uuid, **values}
            for contract_uuid, line_uuid, values, _ in reports
        ]
        if len(reports) == 1 or len(json.dumps(bodies)) > _LARGEST:
            return [self._tried(*each) for each in reports]
        try:
            answer = self._request('POST', '/v1/reports', json={'reports': bodies})
        except exceptions.Unavailable:
            raise
        except exceptions.FlocxError:
            # A market that does not know them together, or does not want them so.
            return [self._tried(*each) for each in reports]
        return [
            _exception(**each['error']) if each['error'] else each
            for each in answer['reports']
        ]

    def _tried(self, *report):
        """What came of one report alone, or an exception."""
        try:
            return self._report_one(*report)
        except exceptions.FlocxError as error:
            return error

    def _report_one(self, contract_uuid, line_uuid, values, made_in):
        headers = {'X-OpenStack-Request-ID': made_in}
        if 'handover' in values:
            path, kept = _handover(contract_uuid, line_uuid), values['handover']
            return self._request('PATCH', path, headers=headers, json=kept)
        path, report = _line(contract_uuid, line_uuid), values['report']
        return {'line': self._request('PATCH', path, headers=headers, json=report)}

    def keep_console_token(self, line_uuid, token_hash, seconds):
        """Let a token open the console of the server of a line of ours; JSON of it.

        :raises Conflict: the renter of the line does not have the server now.
        """
        body = {'line_uuid': line_uuid, 'token_hash': token_hash, 'seconds': seconds}
        return self._request('POST', '/v1/console_tokens', json=body)

    def console_tokens(self, **params):
        """The tokens for consoles of ours whose lines run, JSON."""
        return self._all('console_tokens', provider_id=self.provider_id, **params)

    @property
    def provider_id(self):
        """The account under which the market knows this provider."""
        return self._session.get_user_id()

    def _request(self, method, path, context=None, headers=None, **kwargs):
        headers = {
            **_HEADERS,
            # In the market's log this finds what belongs to one of our passes.
            'X-OpenStack-Request-ID': (context or flocx_context.current()).request_id,
            **(headers or {}),
        }
        answer = self._send(method, path, context, headers, **kwargs)
        if answer.status_code >= 400:
            raise _refusal(answer)
        return answer.json() if answer.content else None

    def _send(self, method, path, context, headers, **kwargs):
        try:
            return self._caller(context).request(
                path, method, raise_exc=False, headers=headers, **kwargs
            )
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(
                f'The market does not answer: {error}'
            ) from None

    def _caller(self, context):
        if context is None:
            return self._own
        endpoint = self._own.get_endpoint()
        auth = service_token.ServiceTokenAuthWrapper(
            token_endpoint.Token(endpoint, context.auth_token), self._session.auth
        )
        callers = self._adapter(auth=auth)
        callers.endpoint_override = endpoint
        return callers


def _line(contract_uuid, line_uuid):
    return f'/v1/contracts/{contract_uuid}/lines/{line_uuid}'


def _handover(contract_uuid, line_uuid):
    return f'{_line(contract_uuid, line_uuid)}/handover'


def _refusal(answer):
    """What the market said no with, as the exception that says it again."""
    try:
        error = answer.json()['errors'][0]
        detail, code = error['detail'], error['code']
    except (ValueError, LookupError, TypeError):
        detail, code = f'The market answers {answer.status_code}', None
    return _exception(answer.status_code, code, detail)


def _exception(status, code, detail):
    kind = _BY_STATUS.get(status)
    if kind is None or status == 401:
        return exceptions.Unavailable(f'The market: {detail}')
    return kind(detail, code)
