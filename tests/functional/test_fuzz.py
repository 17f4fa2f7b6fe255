# SPDX-License-Identifier: Apache-2.0
"""Every operation of the services, asked at random by its own description.

Whatever is asked, the answer is one that ``/v1/openapi.json`` documents: its status,
its type and its schema; never a 5xx. ``FLOCX_FUZZ_EXAMPLES`` is how many requests
each operation gets of each kind.
"""

import hypothesis
from hypothesis import strategies as st
import schemathesis
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests import profiles
from tests import waiting
from tests.functional import base

EXAMPLES = profiles.number('FLOCX_FUZZ_EXAMPLES', 3, 25, quick=1)

_POSITIVE = schemathesis.GenerationMode.POSITIVE
_NEGATIVE = schemathesis.GenerationMode.NEGATIVE

_DOCUMENTED = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]

#: Who may do something, where it is not the renter.
_CALLERS = {
    ('marketplace', 'post', '/v1/offers'): ('acme-member', 'service-service'),
    ('marketplace', 'patch', '/v1/offers/{ident}'): ('acme-member', None),
    ('marketplace', 'delete', '/v1/offers/{ident}'): ('acme-member', None),
    ('lease', 'post', '/v1/offers'): ('acme-member', None),
    ('lease', 'post', '/v1/leases'): ('acme-member', None),
    ('lease', 'patch', '/v1/leases/{ident}'): ('operator-admin', None),
    ('marketplace', 'patch', '/v1/offers/{ident}/health'): ('service-service', None),
    ('marketplace', 'patch', '/v1/contracts/{contract_uuid}/lines/{line_uuid}'): (
        'service-service',
        None,
    ),
}
_USUAL = {
    'marketplace': ('umbrella-member', None),
    'marketplace-provider': ('acme-member', None),
    'marketplace-matcher': ('operator-admin', None),
    'lease': ('umbrella-member', None),
}

#: What fields of a body may well be.
_BODY = {
    'quantity': [1, 2],
    'min_quantity': [1],
    'duration': [1800, 3600],
    'generation': [1, 2],
    'requirements': [None, [], [['cpus', '>', 1]]],
    'properties': [{}, {'cpus': 8}],
    'resource_type': ['dummy_node'],
    'resource_class': ['baremetal'],
    'lessee_id': ['acme-lab', None],
    'purpose': ['tests'],
    'reason': ['broken', None],
}

_NEWEST = {'OpenStack-API-Version': 'marketplace latest'}
_OPERATORS = st.sampled_from(('', 'eq:', 'neq:', 'gt:', 'lte:', 'in:', 'nin:'))


def _settings(**more):
    return hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        # A failure has to come back when it is looked for.
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        **more,
    )


class FuzzTestCase(base.MarketplaceTestCase):
    def _operations(self, kind):
        url = self.marketplace.catalog[kind]
        response = self.at(kind, None).newest('/v1/openapi.json')
        document = response.json()
        # Requests without a token are no part of this: they all are a 401.
        del document['security']
        schema = schemathesis.openapi.from_dict(document)
        schema.config.update(base_url=url, request_timeout=60)
        for found in schema.get_all_operations():
            yield found.ok()

    def _headers(self, kind, operation):
        key = kind, operation.method, operation.path
        token, service_token = _CALLERS.get(key, _USUAL[kind])
        headers = {'X-Auth-Token': token, **_NEWEST}
        if service_token:
            headers['X-Service-Token'] = service_token
        return headers

    def _fuzz(self, kind, mode, more_checks=(), place=None):
        """Ask each operation, and tell of all those that answer what they must not."""
        wrong = []
        for operation in self._operations(kind):
            # Identifiers may be anything, so nothing that only has these is forbidden,
            # and to find that out takes longer than all that is.
            if mode is _NEGATIVE and not (operation.query or operation.body):
                continue
            known = self._known(operation.path) if place else None
            headers = self._headers(kind, operation)
            try:
                _ask(operation, mode, headers, more_checks, place, known)
            except (Exception, BaseExceptionGroup) as error:
                wrong.append(f'{operation.method} {operation.path}: {error}')
        if wrong:
            self.fail('\n\n'.join([*wrong, *self._errors()]))

    def _errors(self):
        """What the services say of their errors, with where each of them was."""
        with open(self.marketplace.folder / 'flocx.log') as log:
            return [line.rstrip() for line in log if ' ERROR ' in line]

    def _sold(self):
        """An offer and the contract that claims it; None: a bid was faster."""
        sold = self.offer(hours=24)
        answer = self.market('umbrella-member').post(f'/v1/offers/{sold["uuid"]}/claim')
        return (sold, answer.json()) if answer.status_code == 201 else None

    def _known(self, path):
        """Objects that are there, one of each kind, and samples of fields."""
        offer = self.offer(hours=24)
        sold, contract = waiting.until(self._sold)
        bid = self.bid(hours=24)
        times = [self.time(hours) for hours in (-1, 1, 2, 20, 24, 30)]
        idents = {
            '/v1/offers': [offer['uuid'], sold['uuid']],
            '/v1/bids': [bid['uuid']],
            '/v1/contracts': [contract['uuid']],
            '/v1/nodes': [self.add_node()],
            '/v1/leases': [contract['lines'][0]['uuid']],
            '/v1/accounts': ['umbrella'],
        }
        ((_, found),) = (
            (each for each in idents.items() if path.startswith(each[0]))
            if any(path.startswith(each) for each in idents)
            else [('', ['nothing'])]
        )
        return {
            'ident': found,
            'uuid': found,
            'contract_uuid': [contract['uuid']],
            'line_uuid': [contract['lines'][0]['uuid']],
            'month': [times[0][:7]],
            'times': times,
            'values': {
                'price': ['0', '1', '2.50'],
                'name': ['a', 'b c', 'ü'],
                'duration': ['3600'],
                'quantity': ['1', '2'],
                'min_quantity': ['1'],
                'status': ['available', 'any', 'active'],
                'requirements': ['[]', '[["cpus", ">", 1]]'],
                'resource_uuid': [offer['resource_uuid'], self.add_node()],
                'marker': idents.get(path, ['nothing']),
                'wait': ['0'],
                'after': ['0', '3'],
                'interval': ['hour', 'week'],
                'format': ['csv', 'json'],
                'role': ['renter', 'owner'],
                'offers': [[offer['uuid']]],
                'project_id': ['acme', 'umbrella'],
                'owner_id': ['acme'],
                'view': ['all'],
            },
        }


def _ask(operation, mode, headers, more_checks, place, known):
    """Ask one operation for examples, and check each of its answers."""

    @_settings()
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case, data):
        if place:
            place(case, data, known)
        case.call_and_validate(headers=headers, checks=[*_DOCUMENTED, *more_checks])

    ask()


def _plausible(case, data, known):
    """Put what could be meant into a request, so that it gets beyond the parsers."""
    for name in case.path_parameters or ():
        case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
    for name in list(case.query or ()):
        samples = _samples(name, known)
        if samples:
            value = data.draw(st.sampled_from(samples))
            case.query[name] = data.draw(_OPERATORS) + value
    if isinstance(case.body, dict):
        for name in list(case.body):
            samples = _BODY.get(name) or _samples(name, known)
            if samples and data.draw(st.integers(0, 9)):
                case.body[name] = data.draw(st.sampled_from(samples))
    if 'If-Match' in (case.headers or {}):
        case.headers['If-Match'] = data.draw(st.sampled_from(('"1"', '*', 'W/"2"')))


def _samples(name, known):
    if name.endswith('_time') or name in ('time', 'created_at', 'due_before'):
        return known['times']
    return known['values'].get(name)


class MarketFuzzTest(FuzzTestCase):
    # Quotes are the engine's.
    WORKERS = True

    def test_requests_that_the_description_allows(self):
        self._fuzz('marketplace', _POSITIVE)

    def test_requests_about_what_is_there(self):
        self._fuzz('marketplace', _POSITIVE, place=_plausible)

    def test_requests_that_the_description_forbids(self):
        self._fuzz(
            'marketplace',
            _NEGATIVE,
            more_checks=[openapi_checks.negative_data_rejection],
        )


class ProviderFuzzTest(FuzzTestCase):
    def test_requests_that_the_description_allows(self):
        self._fuzz('marketplace-provider', _POSITIVE)

    def test_requests_about_what_is_there(self):
        self._fuzz('marketplace-provider', _POSITIVE, place=_plausible)

    def test_requests_that_the_description_forbids(self):
        self._fuzz(
            'marketplace-provider',
            _NEGATIVE,
            more_checks=[openapi_checks.negative_data_rejection],
        )


class MatcherFuzzTest(FuzzTestCase):
    def test_requests_that_the_description_allows(self):
        self._fuzz('marketplace-matcher', _POSITIVE)

    def test_requests_that_the_description_forbids(self):
        self._fuzz(
            'marketplace-matcher',
            _NEGATIVE,
            more_checks=[openapi_checks.negative_data_rejection],
        )


class LeaseFuzzTest(FuzzTestCase):
    def test_requests_that_the_description_allows(self):
        self._fuzz('lease', _POSITIVE)

    def test_requests_about_what_is_there(self):
        self._fuzz('lease', _POSITIVE, place=_plausible)

    def test_requests_that_the_description_forbids(self):
        self._fuzz(
            'lease',
            _NEGATIVE,
            more_checks=[openapi_checks.negative_data_rejection],
        )
