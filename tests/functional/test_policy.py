# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every persona at every operation that a rule guards.

The rows are compared with the rules of the services: a rule without a row,
or a row without a rule, fails. The columns are projects and the roles in them.
"""

import dataclasses
import datetime
import secrets
import string

from flocx import policy
from flocx.core import window
from lease import policies as lease_policies
from market import policies as market_policies
from matcher import policies as matcher_policies
from provider import policies as provider_policies
from tests import billed
from tests.functional import base

OWNER, RENTER, THIRD = 'acme', 'umbrella', 'initech'
ROLES = ('guest', 'reader', 'member', 'manager')
OPERATOR, SERVICE = 'operator-admin', 'service-service'

#: Nobody has a token at all; unscoped has one for no project.
PERSONAS = (
    *(f'{project}-{role}' for project in (OWNER, RENTER, THIRD) for role in ROLES),
    f'{OWNER}-admin',
    OPERATOR,
    SERVICE,
    'unscoped',
    None,
)


@dataclasses.dataclass(frozen=True)
class Row:
    """An operation, and what it answers.

    :param owner: what members, and readers, of the owner's project get; likewise
        ``renter`` and ``third``. ``manager`` is what managers of the three get, where
        that is something else. Who has no role in their project gets a 403 or, where
        they may not know of the object, what they would get with any role.
    """

    method: str
    kind: str
    path: str
    owner: tuple
    renter: tuple
    third: tuple
    service: int = 403
    operator: int = 200
    body: dict | None = None
    guest: int = 403
    manager: tuple | None = None

    def expected(self, persona):
        if persona is None:
            return 401
        if persona == 'unscoped':
            return 403
        project, _, role = persona.rpartition('-')
        if role == 'admin':
            return self.operator
        if persona == SERVICE:
            return self.service
        member, reader = {
            OWNER: self.owner,
            RENTER: self.renter,
            THIRD: self.third,
        }[project]
        if role == 'guest':
            return 404 if reader == 404 and self.guest == 404 else 403
        if role == 'manager' and self.manager:
            return self.manager[(OWNER, RENTER, THIRD).index(project)]
        return reader if role == 'reader' else member


ALL, NONE, DENIED = (200, 200), (404, 404), (403, 403)
WRITE = (200, 403)
HIDDEN = (404, 403)

MARKET, PROVIDER, MATCHER = (
    'marketplace',
    'marketplace-provider',
    'marketplace-matcher',
)
BID = {
    'end_time': window.text(
        datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    ),
    'price': '0.000001',
}

DEMAND = {'quantity': 1, 'max_price': '1', 'duration': 3600}
WEBHOOK = {
    'url': 'https://192.0.2.1/',
    'secret': 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3',
}

#: {rule: row}; {offer} and the like are made anew for each request that changes them.
ROWS = {
    'market:offers:list': Row('GET', MARKET, '/v1/offers', ALL, ALL, ALL, service=200),
    'market:offers:show': Row(
        'GET', MARKET, '/v1/offers/{offer}', ALL, ALL, ALL, service=200
    ),
    # The operator may, but only what they published themselves: nothing.
    'market:offers:suspend': Row(
        'PATCH',
        MARKET,
        '/v1/offers/{offer}/health',
        *(DENIED,) * 3,
        service=200,
        operator=403,
        body={'status': 'error', 'reason': 'node_gone'},
    ),
    'market:offers:republish': Row(
        'PATCH',
        MARKET,
        '/v1/offers/{offer}/hardware',
        *(DENIED,) * 3,
        service=200,
        operator=403,
        body={'properties': {}},
    ),
    'market:quotes:create': Row('POST', MARKET, '/v1/quotes', *(ALL,) * 3, body=BID),
    'market:offers:publish': Row(
        'POST',
        MARKET,
        '/v1/offers',
        *(DENIED,) * 3,
        operator=403,
        body={
            'resource_type': 'dummy_node',
            'resource_uuid': 'invented',
            'properties': {},
            **BID,
        },
    ),
    'market:contracts:provide': Row(
        'POST',
        MARKET,
        '/v1/contracts',
        *(DENIED,) * 3,
        operator=403,
        body={
            'offer': {
                'resource_type': 'dummy_node',
                'resource_uuid': 'invented',
                'properties': {},
                'lessee_id': RENTER,
                **BID,
            }
        },
    ),
    'market:publications:create': Row(
        'POST',
        MARKET,
        '/v1/publications',
        *(DENIED,) * 3,
        operator=403,
        body={'offers': []},
    ),
    'market:offers:change': Row(
        'PATCH',
        MARKET,
        '/v1/offers/{offer}',
        WRITE,
        DENIED,
        DENIED,
        body={'price': '3'},
    ),
    'market:offers:cancel': Row(
        'DELETE', MARKET, '/v1/offers/{offer}', (204, 403), DENIED, DENIED, operator=204
    ),
    # The owner may claim, but nobody trades with themselves.
    'market:offers:claim': Row(
        'POST',
        MARKET,
        '/v1/offers/{offer}/claim',
        (409, 403),
        (201, 403),
        (201, 403),
        operator=201,
        body={},
    ),
    'market:bids:list': Row('GET', MARKET, '/v1/bids', ALL, ALL, ALL),
    'market:bids:show': Row('GET', MARKET, '/v1/bids/{bid}', NONE, ALL, NONE),
    'market:bids:create': Row(
        'POST', MARKET, '/v1/bids', *((201, 403),) * 3, operator=201, body=BID
    ),
    'market:bids:change': Row(
        'PATCH',
        MARKET,
        '/v1/bids/{bid}',
        NONE,
        WRITE,
        NONE,
        service=404,
        body={'price': '0.5'},
        guest=404,
    ),
    'market:bids:cancel': Row(
        'DELETE',
        MARKET,
        '/v1/bids/{bid}',
        NONE,
        (204, 403),
        NONE,
        service=404,
        operator=204,
        guest=404,
    ),
    'market:contracts:list': Row(
        'GET', MARKET, '/v1/contracts', ALL, ALL, ALL, service=200
    ),
    'market:contracts:show': Row(
        'GET', MARKET, '/v1/contracts/{contract}', ALL, ALL, NONE, service=200
    ),
    'market:contracts:change': Row(
        'PATCH',
        MARKET,
        '/v1/contracts/{contract}',
        DENIED,
        WRITE,
        NONE,
        body={'end_time': '{soon}'},
        guest=404,
    ),
    'market:contracts:release': Row(
        'DELETE',
        MARKET,
        '/v1/contracts/{contract}',
        DENIED,
        (204, 403),
        NONE,
        operator=204,
        guest=404,
    ),
    'market:contracts:reclaim': Row(
        'POST',
        MARKET,
        '/v1/contracts/{reclaimable}/reclaim',
        WRITE,
        DENIED,
        NONE,
        guest=404,
    ),
    # The operator may report, but only what they deliver themselves: nothing.
    'market:contracts:report': Row(
        'PATCH',
        MARKET,
        '/v1/contracts/{contract}/lines/{line}',
        *(DENIED,) * 3,
        service=200,
        operator=403,
        body={'status': 'active'},
    ),
    'market:reports:create': Row(
        'POST',
        MARKET,
        '/v1/reports',
        *(DENIED,) * 3,
        service=200,
        operator=403,
        body={'reports': []},
    ),
    'market:handovers:show': Row(
        'GET',
        MARKET,
        '/v1/contracts/{future}/lines/{future_line}/handover',
        *(DENIED,) * 3,
        service=200,
        operator=403,
    ),
    'market:handovers:change': Row(
        'PATCH',
        MARKET,
        '/v1/contracts/{future}/lines/{future_line}/handover',
        *(DENIED,) * 3,
        service=200,
        operator=403,
        body={'version': 0, 'data': {}},
    ),
    'market:events:list': Row('GET', MARKET, '/v1/events', ALL, ALL, ALL, service=200),
    'market:book:show': Row('GET', MARKET, '/v1/book', ALL, ALL, ALL),
    'market:prices:list': Row('GET', MARKET, '/v1/prices', ALL, ALL, ALL),
    'market:properties:list': Row('GET', MARKET, '/v1/properties', ALL, ALL, ALL),
    'market:usage:show': Row('GET', MARKET, '/v1/usage', ALL, ALL, ALL),
    'market:maintenances:list': Row(
        'GET', MARKET, '/v1/maintenances', ALL, ALL, ALL, service=200
    ),
    'market:maintenances:show': Row(
        'GET',
        MARKET,
        '/v1/maintenances/{outage}',
        ALL,
        NONE,
        NONE,
        service=200,
    ),
    'market:maintenances:create': Row(
        'POST',
        MARKET,
        '/v1/maintenances',
        (201, 403),
        DENIED,
        DENIED,
        operator=201,
        body={'offer': '{offer}', 'start_time': '{soon}', 'end_time': '{later}'},
    ),
    'market:maintenances:cancel': Row(
        'DELETE',
        MARKET,
        '/v1/maintenances/{outage}',
        (204, 403),
        NONE,
        NONE,
        operator=204,
        guest=404,
    ),
    'market:console_tokens:list': Row(
        'GET', MARKET, '/v1/console_tokens', ALL, ALL, ALL, service=200
    ),
    'market:console_tokens:show': Row(
        'GET',
        MARKET,
        '/v1/console_tokens/{console_token}',
        *(NONE, ALL, NONE),
        service=200,
    ),
    # A provider may, for lines that it delivers; this is none.
    'market:console_tokens:create': Row(
        'POST',
        MARKET,
        '/v1/console_tokens',
        *(DENIED,) * 3,
        service=404,
        operator=403,
        body={'line_uuid': 'none', 'token_hash': '0' * 64, 'seconds': 60},
    ),
    'market:console_tokens:delete': Row(
        'DELETE',
        MARKET,
        '/v1/console_tokens/{console_token}',
        NONE,
        (204, 403),
        NONE,
        operator=204,
        guest=404,
    ),
    'market:standing_demands:list': Row(
        'GET', MARKET, '/v1/standing_demands', ALL, ALL, ALL
    ),
    'market:standing_demands:show': Row(
        'GET', MARKET, '/v1/standing_demands/{demand}', ALL, NONE, NONE
    ),
    'market:standing_demands:create': Row(
        'POST',
        MARKET,
        '/v1/standing_demands',
        *((201, 403),) * 3,
        operator=201,
        body=DEMAND,
    ),
    'market:standing_demands:change': Row(
        'PATCH',
        MARKET,
        '/v1/standing_demands/{demand}',
        *(WRITE, NONE, NONE),
        service=404,
        guest=404,
        body={'max_price': '2'},
    ),
    'market:standing_demands:delete': Row(
        'DELETE',
        MARKET,
        '/v1/standing_demands/{demand}',
        (204, 403),
        NONE,
        NONE,
        service=404,
        operator=204,
        guest=404,
    ),
    'market:webhooks:list': Row('GET', MARKET, '/v1/webhooks', ALL, ALL, ALL),
    'market:webhooks:show': Row(
        'GET', MARKET, '/v1/webhooks/{webhook}', ALL, NONE, NONE
    ),
    'market:webhooks:create': Row(
        'POST',
        MARKET,
        '/v1/webhooks',
        *((201, 403),) * 3,
        operator=201,
        body=WEBHOOK,
    ),
    'market:webhooks:change': Row(
        'PATCH',
        MARKET,
        '/v1/webhooks/{webhook}',
        *(WRITE, NONE, NONE),
        service=404,
        guest=404,
        body={'status': 'disabled'},
    ),
    'market:webhooks:delete': Row(
        'DELETE',
        MARKET,
        '/v1/webhooks/{webhook}',
        (204, 403),
        NONE,
        NONE,
        service=404,
        operator=204,
        guest=404,
    ),
    'market:webhooks:test': Row(
        'POST',
        MARKET,
        '/v1/webhooks/{webhook}/test',
        (202, 403),
        NONE,
        NONE,
        service=404,
        operator=202,
        guest=404,
    ),
    'market:agendas:list': Row('GET', MARKET, '/v1/agendas', ALL, ALL, ALL),
    'market:agendas:show': Row(
        'GET', MARKET, '/v1/agendas/{agenda}', ALL, NONE, NONE, operator=200
    ),
    'market:agendas:create': Row(
        'POST',
        MARKET,
        '/v1/agendas',
        (201, 403),
        (201, 403),
        (201, 403),
        operator=201,
        body={},
    ),
    'market:agendas:delete': Row(
        'DELETE',
        MARKET,
        '/v1/agendas/{agenda}',
        (204, 403),
        NONE,
        NONE,
        service=404,
        operator=204,
        guest=404,
    ),
    'market:accounts:list': Row('GET', MARKET, '/v1/accounts', ALL, ALL, ALL),
    'market:accounts:show': Row(
        'GET', MARKET, '/v1/accounts/{account}', ALL, NONE, NONE
    ),
    'market:accounts:change': Row(
        'PATCH',
        MARKET,
        '/v1/accounts/{account}',
        *(DENIED,) * 3,
        body={'overdraft': '1'},
    ),
    'market:transfers:list': Row('GET', MARKET, '/v1/transfers', ALL, ALL, ALL),
    'market:transfers:show': Row(
        'GET', MARKET, '/v1/transfers/{transfer}', ALL, NONE, NONE
    ),
    # Who is not of the project is not told whether it has an account.
    'market:transfers:create': Row(
        'POST',
        MARKET,
        '/v1/transfers',
        DENIED,
        NONE,
        NONE,
        service=404,
        operator=201,
        body={'source': '{funded}', 'target': 'acme-lab', 'amount': '0.000001'},
        guest=404,
        manager=(201, 404, 404),
    ),
    'market:grants:list': Row('GET', MARKET, '/v1/grants', ALL, ALL, ALL),
    'market:grants:show': Row('GET', MARKET, '/v1/grants/{grant}', ALL, NONE, NONE),
    'market:grants:create': Row(
        'POST',
        MARKET,
        '/v1/grants',
        *(DENIED,) * 3,
        operator=201,
        body={'project_id': 'acme', 'amount': '1'},
    ),
    'market:grants:end': Row(
        'DELETE', MARKET, '/v1/grants/{grant}', *(DENIED,) * 3, operator=204
    ),
    'market:statements:list': Row('GET', MARKET, '/v1/statements', ALL, ALL, ALL),
    'market:statements:show': Row(
        'GET', MARKET, '/v1/statements/2026-11', ALL, ALL, ALL
    ),
    'market:disputes:list': Row('GET', MARKET, '/v1/disputes', ALL, ALL, ALL),
    'market:disputes:show': Row(
        'GET', MARKET, '/v1/disputes/{dispute}', ALL, ALL, NONE
    ),
    # The operator sees what is booked, and is no party to it.
    'market:disputes:create': Row(
        'POST',
        MARKET,
        '/v1/disputes',
        (201, 403),
        (201, 403),
        HIDDEN,
        operator=403,
        body={'transfer_uuid': '{usage}', 'reason': 'wrong'},
    ),
    'market:disputes:decide': Row(
        'PATCH',
        MARKET,
        '/v1/disputes/{dispute}',
        *(DENIED,) * 3,
        body={'status': 'rejected', 'decision': 'right'},
    ),
    'market:audit:list': Row('GET', MARKET, '/v1/audit', *(DENIED,) * 3),
    'market:providers:report': Row(
        'POST',
        MARKET,
        '/v1/providers',
        *(DENIED,) * 3,
        service=204,
        operator=403,
        body={'report_interval': 60},
    ),
    'market:projects:list': Row('GET', MARKET, '/v1/projects', ALL, ALL, ALL),
    'market:providers:list': Row('GET', MARKET, '/v1/providers', *(DENIED,) * 3),
    'provider:nodes:list': Row('GET', PROVIDER, '/v1/nodes', ALL, ALL, ALL),
    'provider:nodes:show': Row(
        'GET', PROVIDER, '/v1/nodes/{node}', ALL, NONE, NONE, operator=404
    ),
    'provider:nodes:provide': Row(
        'POST',
        PROVIDER,
        '/v1/contracts',
        (201, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
        body={
            'resource_uuid': '{fresh}',
            'project_id': RENTER,
            'end_time': '{later}',
        },
    ),
    # The owner sees the server, and does not rent it.
    'provider:console_tokens:create': Row(
        'POST',
        PROVIDER,
        '/v1/nodes/{fresh}/console_tokens',
        (409, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
        body={},
    ),
    'provider:offers:publish': Row(
        'POST',
        PROVIDER,
        '/v1/offers',
        (201, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
        body={'resource_uuid': '{fresh}', **BID},
    ),
    'provider:offers:withdraw': Row(
        'DELETE',
        PROVIDER,
        '/v1/offers/{offer}',
        (204, 403),
        DENIED,
        DENIED,
        operator=204,
    ),
    'matcher:mechanisms:list': Row('GET', MATCHER, '/v1/mechanisms', ALL, ALL, ALL),
    'matcher:rounds:list': Row('GET', MATCHER, '/v1/rounds', *(DENIED,) * 3),
    'matcher:rounds:show': Row(
        'GET', MATCHER, '/v1/rounds/nothing', *(DENIED,) * 3, operator=404
    ),
    'matcher:rounds:run': Row(
        'POST', MATCHER, '/v1/rounds', *(DENIED,) * 3, operator=201
    ),
}
#: An admin of the owner's project operates the marketplace like any admin, and is of
#: the owner's project besides.
OF_THE_OWNER = {
    'market:offers:claim': 409,
    'provider:nodes:show': 200,
    'provider:console_tokens:create': 409,
    'provider:nodes:provide': 201,
    'provider:offers:publish': 201,
    'market:disputes:create': 201,
    'lease:offers:create': 201,
    'lease:offers:claim': 409,
    'lease:leases:create': 201,
    'lease:console_auth_tokens:create': 409,
    'lease:console_auth_tokens:delete': 200,
}


LEASE = 'lease'
ROWS |= {
    **{
        f'lease:{kind}:list': Row('GET', LEASE, f'/v1/{kind}', *(ALL,) * 3)
        for kind in ('offers', 'leases', 'nodes', 'events')
    },
    'lease:console_auth_tokens:create': Row(
        'POST',
        LEASE,
        '/v1/console_auth_tokens',
        (409, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
        body={'node_uuid_or_name': '{fresh}'},
    ),
    'lease:console_auth_tokens:delete': Row(
        'DELETE',
        LEASE,
        '/v1/console_auth_tokens/{fresh}',
        (200, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
    ),
    'lease:offers:show': Row('GET', LEASE, '/v1/offers/{offer}', *(ALL,) * 3),
    'lease:offers:create': Row(
        'POST',
        LEASE,
        '/v1/offers',
        (201, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
        body={'resource_uuid': '{fresh}'},
    ),
    'lease:offers:delete': Row(
        'DELETE', LEASE, '/v1/offers/{offer}', WRITE, DENIED, DENIED
    ),
    # The owner may claim, but nobody trades with themselves.
    'lease:offers:claim': Row(
        'POST',
        LEASE,
        '/v1/offers/{offer}/claim',
        (409, 403),
        (201, 403),
        (201, 403),
        operator=201,
        body={},
    ),
    'lease:leases:show': Row('GET', LEASE, '/v1/leases/{line}', ALL, ALL, NONE),
    'lease:leases:create': Row(
        'POST',
        LEASE,
        '/v1/leases',
        (201, 403),
        HIDDEN,
        HIDDEN,
        operator=404,
        body={'resource_uuid': '{fresh}', 'project_id': RENTER},
    ),
    'lease:leases:update': Row(
        'PATCH',
        LEASE,
        '/v1/leases/{line}',
        DENIED,
        DENIED,
        NONE,
        guest=404,
        body={'end_time': '{later}'},
    ),
    # The owner may, but it was sold for good.
    'lease:leases:delete': Row(
        'DELETE',
        LEASE,
        '/v1/leases/{line}',
        (409, 403),
        WRITE,
        NONE,
        guest=404,
    ),
}


class MatrixTest(base.MarketplaceTestCase):
    # A quote is the engine's.
    WORKERS = True
    VERSION = 'latest'
    OPTIONS = (
        ('webhooks', 'per_project', '100000'),
        ('market', 'standing_demands_per_project', '100000'),
    )

    def setUp(self):
        super().setUp()
        self.kept = {}

    def thing(self, name):
        """Something that a path or a body refers to; it stays until it is used up."""
        if name in self.kept:
            return self.kept[name]
        makers = {
            'offer': lambda: {'offer': self.offer()['uuid']},
            'bid': lambda: {'bid': self.bid(price='0.000001')['uuid']},
            'outage': self.outage,
            'agenda': self.agenda,
            'reclaimable': lambda: {
                'reclaimable': self.contract(notice=600)['contract']
            },
            **dict.fromkeys(('contract', 'line'), self.contract),
            **dict.fromkeys(('grant', 'account', 'transfer', 'funded'), self.granted),
            **dict.fromkeys(('future', 'future_line'), self.future),
            'usage': self.usage,
            'console_token': self.console_token,
            'webhook': self.webhook,
            'demand': self.demand,
            'dispute': self.dispute,
            **dict.fromkeys(
                ('node', 'fresh'),
                lambda: {'node': self.add_node(), 'fresh': self.add_node()},
            ),
            **dict.fromkeys(('soon', 'later'), dict),
        }
        made = makers[name]()
        self.kept.update(made, soon=self.time(2), later=self.time(3))
        return self.kept[name]

    def outage(self):
        body = {
            'offer': self.offer()['uuid'],
            'start_time': self.time(2),
            'end_time': self.time(3),
        }
        outage = self.market('acme-member').post('/v1/maintenances', body)
        return {'outage': self.good(outage)['uuid']}

    def agenda(self):
        agenda = self.market('acme-member').post('/v1/agendas', {})
        return {'agenda': self.good(agenda)['uuid']}

    def future(self):
        # Nothing is done for it yet, by a fulfiller that would be faster.
        contract = self.contract(start_time=self.time(3))
        return {'future': contract['contract'], 'future_line': contract['line']}

    def demand(self):
        made = self.market(f'{OWNER}-member').post('/v1/standing_demands', DEMAND)
        return {'demand': self.good(made)['uuid']}

    def webhook(self):
        made = self.market(f'{OWNER}-member').post('/v1/webhooks', WEBHOOK)
        return {'webhook': self.good(made)['uuid']}

    def console_token(self):
        contract = self.contract()['contract']

        def line():
            (found,) = self.show('contracts', contract)['lines']
            return found

        self.eventually('active', lambda: line()['status'])
        body = {'line_uuid': line()['uuid'], 'token_hash': secrets.token_hex(32)}
        answer = self.market(SERVICE).post(
            '/v1/console_tokens', {**body, 'seconds': 60}
        )
        return {'console_token': self.good(answer)['uuid']}

    def usage(self):
        now = datetime.datetime.now(datetime.UTC)
        return {'usage': billed.bill(self.marketplace.database, RENTER, OWNER, now)}

    def dispute(self):
        body = {'transfer_uuid': self.usage()['usage'], 'reason': 'wrong'}
        dispute = self.market(f'{RENTER}-member').post('/v1/disputes', body)
        return {'dispute': self.good(dispute)['uuid']}

    def granted(self):
        operator = self.market(OPERATOR)
        body = {'project_id': OWNER, 'amount': '9', 'monthly': True}
        grant = self.good(operator.post('/v1/grants', body))
        given = operator.get('/v1/transfers', object_uuid=grant['uuid'])
        (transfer,) = self.good(given, 200)['transfers']
        return {
            'grant': grant['uuid'],
            'account': grant['account_uuid'],
            'transfer': transfer['uuid'],
            'funded': OWNER,
        }

    def contract(self, notice=None, **terms):
        offer = self.offer(**({} if notice is None else {'reclaim_notice': notice}))
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{offer["uuid"]}/claim',
                {'end_time': self.time(4), 'min_reclaim_notice': notice, **terms},
            )
        )
        return {'contract': contract['uuid'], 'line': contract['lines'][0]['uuid']}

    def test_every_rule_has_its_row(self):
        rules = {
            rule.name
            for module in (
                market_policies,
                provider_policies,
                matcher_policies,
                lease_policies,
            )
            for rule in module.list_rules()
        } - {rule.name for rule in (*policy.SHARED, *lease_policies.ROLES)}
        self.assertEqual(set(ROWS), rules)

    def test_every_row_is_the_operation_of_its_rule(self):
        rules = (
            *market_policies.RULES,
            *provider_policies.RULES,
            *matcher_policies.RULES,
            *lease_policies.RULES,
        )
        for rule in rules:
            row = ROWS[rule.name]
            self.assertIn(
                (row.method, row.path.split('/')[:3]),
                [
                    (operation['method'], operation['path'].split('/')[:3])
                    for operation in rule.operations
                ],
                rule.name,
            )

    def filled(self, text):
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
        return text.format_map({name: self.thing(name) for name in names})

    def answer(self, rule, persona):
        row = ROWS[rule]
        response = self.at(row.kind, persona).request(
            row.method,
            self.filled(row.path),
            json=row.body
            and {
                name: self.filled(value) if isinstance(value, str) else value
                for name, value in row.body.items()
            },
        )
        if row.method != 'GET' and response.status_code < 400:
            self.kept.clear()
        return response

    def check(self, personas):
        wrong = {}
        for rule, row in ROWS.items():
            for persona in personas:
                expected = row.expected(persona)
                if persona == f'{OWNER}-admin':
                    expected = OF_THE_OWNER.get(rule, expected)
                response = self.answer(rule, persona)
                if response.status_code != expected:
                    wrong[rule, persona] = (expected, response.status_code)
                elif expected >= 400:
                    self.assertEqual(expected, base.error(response)['status'])
        self.assertEqual({}, wrong)

    def test_owner(self):
        self.check([each for each in PERSONAS if str(each).startswith(OWNER)])

    def test_renter(self):
        self.check([each for each in PERSONAS if str(each).startswith(RENTER)])

    def test_third_project(self):
        self.check([each for each in PERSONAS if str(each).startswith(THIRD)])

    def test_operator_and_service(self):
        self.check([OPERATOR, SERVICE])

    def test_nobody(self):
        self.check(['unscoped', None])


class HiddenFieldsTest(base.MarketplaceTestCase):
    """D5: what one may see of an object that one may see."""

    PRIVATE = {'provider_id', 'resource_uuid', 'lessee_id', 'reason', 'generation'}

    def names(self, who, path, *inner):
        found = self.good(self.market(who).get(path), 200)
        for name in inner:
            found = found[name]
        return set(found)

    def test_strangers_do_not_learn_which_server_is_offered(self):
        path = f'/v1/offers/{self.offer()["uuid"]}'
        for who in ('umbrella-member', 'acme-lab-member', 'initech-reader'):
            self.assertFalse(self.PRIVATE & self.names(who, path))
        for who in ('acme-reader', 'operator-admin'):
            self.assertLessEqual(self.PRIVATE, self.names(who, path))

    def test_lists_hide_the_same(self):
        self.offer()
        found = self.good(self.market('umbrella-reader').get('/v1/offers'), 200)
        for each in found['offers']:
            self.assertFalse(self.PRIVATE & set(each))

    def test_filters_do_not_betray_what_is_hidden(self):
        offer = self.offer()
        for field in ('resource_uuid', 'lessee_id', 'provider_id'):
            if field not in offer or offer[field] is None:
                continue
            response = self.market('umbrella-member').get(
                '/v1/offers', **{field: offer[field]}
            )
            if response.status_code == 200:
                uuids = [each['uuid'] for each in response.json()['offers']]
                self.assertNotIn(offer['uuid'], uuids, field)

    def test_who_is_meant_learns_that_they_are(self):
        path = f'/v1/offers/{self.offer(lessee_id="acme-lab")["uuid"]}'
        names = self.names('acme-lab-reader', path)
        self.assertEqual({'lessee_id'}, self.PRIVATE & names)
        for who in ('umbrella-member', 'acme-web-member', 'initech-manager'):
            self.assertEqual(404, self.market(who).get(path).status_code)

    def test_each_owner_sees_their_own_lines(self):
        for owner in ('acme', 'initech'):
            node = self.add_node(owner=owner, resource_class='pair')
            self.offer(f'{owner}-member', node)
        bid = self.bid(hours=20, quantity=2, resource_class='pair')
        self.round()
        contract = self.show('bids', bid['uuid'])['contract_uuid']
        path = f'/v1/contracts/{contract}'

        def owners(who):
            found = self.good(self.market(who).get(path), 200)
            return sorted(line['owner_id'] for line in found['lines'])

        self.assertEqual(['acme', 'initech'], owners('umbrella-reader'))
        self.assertEqual(['acme'], owners('acme-reader'))
        self.assertEqual(['initech'], owners('initech-reader'))
        self.assertEqual(404, self.market('acme-lab-member').get(path).status_code)
        # Nor do the events say more.
        for owner in ('acme', 'initech'):
            events = self.good(
                self.market(f'{owner}-reader').get('/v1/events', object_uuid=contract),
                200,
            )['events']
            self.assertTrue(events)
            for event in events:
                self.assertEqual(1, len(event['payload']['lines']))

    def test_ceilings_are_sealed(self):
        ceiling = '7.654321'
        self.bid(price=ceiling, resource_class='sealed')
        for who in ('acme-manager', 'initech-manager', 'service-service'):
            for path in ('/v1/bids', '/v1/events', '/v1/book', '/v1/prices'):
                page = self.market(who).get(path).text
                self.assertNotIn(ceiling, page, (who, path))
