# SPDX-License-Identifier: Apache-2.0
"""Who may do what at the market."""

from flocx import policy

_PROVIDER = 'service_roles:service'

RULES = [
    policy.documented(
        'market:offers:list',
        f'{policy.READER} or {policy.SERVICE}',
        'List offers: those open to all, those meant for the project, and its own.',
        ('GET', '/v1/offers'),
    ),
    policy.documented(
        'market:offers:show',
        f'{policy.READER} or {policy.SERVICE}',
        'Show an offer that one may see.',
        ('GET', '/v1/offers/{offer}'),
    ),
    policy.documented(
        'market:offers:publish',
        f'{policy.MEMBER} and {_PROVIDER}',
        "Publish an offer: with the owner's token and a provider's service token.",
        ('POST', '/v1/offers'),
    ),
    policy.documented(
        'market:publications:create',
        f'{policy.MEMBER} and {_PROVIDER}',
        "Publish many offers at once: with the owner's token and a provider's.",
        ('POST', '/v1/publications'),
    ),
    policy.documented(
        'market:offers:cancel',
        policy.MEMBER,
        'Cancel an offer; contracts that were made from it stay.',
        ('DELETE', '/v1/offers/{offer}'),
    ),
    policy.documented(
        'market:offers:claim',
        policy.MEMBER,
        'Claim the server of an offer at the asked price.',
        ('POST', '/v1/offers/{offer}/claim'),
    ),
    policy.documented(
        'market:offers:change',
        policy.MEMBER,
        "Change an offer's name, price, end, target or notice.",
        ('PATCH', '/v1/offers/{offer}'),
    ),
    policy.documented(
        'market:offers:suspend',
        policy.SERVICE,
        'Suspend an offer whose server cannot be handed over, and take it back; for '
        'the provider that published it.',
        ('PATCH', '/v1/offers/{offer}/health'),
    ),
    policy.documented(
        'market:offers:republish',
        policy.SERVICE,
        "Say what an offer's server is by now; for the provider that published it.",
        ('PATCH', '/v1/offers/{offer}/hardware'),
    ),
    policy.documented(
        'market:bids:list',
        policy.READER,
        "List the project's bids.",
        ('GET', '/v1/bids'),
    ),
    policy.documented(
        'market:bids:show',
        policy.READER,
        "Show one of the project's bids.",
        ('GET', '/v1/bids/{bid}'),
    ),
    policy.documented(
        'market:bids:create', policy.MEMBER, 'Place a bid.', ('POST', '/v1/bids')
    ),
    policy.documented(
        'market:bids:change',
        policy.MEMBER,
        "Change an open bid's name, price, end or least notice.",
        ('PATCH', '/v1/bids/{bid}'),
    ),
    policy.documented(
        'market:bids:cancel',
        policy.MEMBER,
        'Cancel a bid.',
        ('DELETE', '/v1/bids/{bid}'),
    ),
    policy.documented(
        'market:quotes:create',
        policy.READER,
        'Ask what a bid would get and pay now.',
        ('POST', '/v1/quotes'),
    ),
    policy.documented(
        'market:console_tokens:list',
        f'{policy.READER} or {policy.SERVICE}',
        "List tokens for the consoles of the project's servers.",
        ('GET', '/v1/console_tokens'),
    ),
    policy.documented(
        'market:console_tokens:show',
        f'{policy.READER} or {policy.SERVICE}',
        "Show a token for the console of one of the project's servers.",
        ('GET', '/v1/console_tokens/{console_token}'),
    ),
    policy.documented(
        'market:console_tokens:create',
        policy.SERVICE,
        'Keep a token for the console of a server; for the provider that delivers it.',
        ('POST', '/v1/console_tokens'),
    ),
    policy.documented(
        'market:console_tokens:delete',
        policy.MEMBER,
        "Delete a token for the console of one of the project's servers.",
        ('DELETE', '/v1/console_tokens/{console_token}'),
    ),
    policy.documented(
        'market:contracts:provide',
        f'{policy.MEMBER} and {_PROVIDER}',
        "Give a server to a project: with the owner's token and a provider's.",
        ('POST', '/v1/contracts'),
    ),
    policy.documented(
        'market:contracts:list',
        f'{policy.READER} or {policy.SERVICE}',
        'List the contracts that the project has a part in, as renter or owner.',
        ('GET', '/v1/contracts'),
    ),
    policy.documented(
        'market:contracts:show',
        f'{policy.READER} or {policy.SERVICE}',
        'Show a contract that the project has a part in.',
        ('GET', '/v1/contracts/{contract}'),
    ),
    policy.documented(
        'market:contracts:change',
        policy.MEMBER,
        'Extend or shorten a contract; for the renter.',
        ('PATCH', '/v1/contracts/{contract}'),
    ),
    policy.documented(
        'market:contracts:release',
        policy.MEMBER,
        'Cancel a contract or, once it has begun, release its servers early; for the '
        'renter.',
        ('DELETE', '/v1/contracts/{contract}'),
        ('DELETE', '/v1/contracts/{contract}/lines/{line}'),
        ('POST', '/v1/contracts/{contract}/release'),
    ),
    policy.documented(
        'market:contracts:reclaim',
        policy.MEMBER,
        'Reclaim servers of a contract with the notice that was agreed; for their '
        'owner.',
        ('POST', '/v1/contracts/{contract}/reclaim'),
    ),
    policy.documented(
        'market:contracts:report',
        policy.SERVICE,
        'Report what became of a line; for the provider that delivers it.',
        ('PATCH', '/v1/contracts/{contract}/lines/{line}'),
    ),
    policy.documented(
        'market:reports:create',
        policy.SERVICE,
        'Report what became of many lines and keep something about them, as for each '
        'alone; for the provider that delivers them.',
        ('POST', '/v1/reports'),
    ),
    policy.documented(
        'market:handovers:show',
        policy.SERVICE,
        'Show what is kept about a line until its server is taken back; for the '
        'provider that delivers it.',
        ('GET', '/v1/contracts/{contract}/lines/{line}/handover'),
    ),
    policy.documented(
        'market:handovers:change',
        policy.SERVICE,
        'Keep something about a line until its server is taken back; for the provider '
        'that delivers it.',
        ('PATCH', '/v1/contracts/{contract}/lines/{line}/handover'),
    ),
    policy.documented(
        'market:maintenances:list',
        f'{policy.READER} or {policy.SERVICE}',
        'List planned outages of servers that the project owns or rents.',
        ('GET', '/v1/maintenances'),
    ),
    policy.documented(
        'market:maintenances:show',
        f'{policy.READER} or {policy.SERVICE}',
        'Show a planned outage of such a server.',
        ('GET', '/v1/maintenances/{maintenance}'),
    ),
    policy.documented(
        'market:maintenances:create',
        policy.MEMBER,
        'Announce a planned outage of a server; for its owner.',
        ('POST', '/v1/maintenances'),
    ),
    policy.documented(
        'market:maintenances:cancel',
        policy.MEMBER,
        'Call a planned outage off, or end it; for the owner of the server.',
        ('DELETE', '/v1/maintenances/{maintenance}'),
    ),
    policy.documented(
        'market:agendas:list',
        policy.READER,
        'List the agendas of the project, without their addresses.',
        ('GET', '/v1/agendas'),
    ),
    policy.documented(
        'market:agendas:show',
        policy.READER,
        'Show an agenda of the project, without its address.',
        ('GET', '/v1/agendas/{agenda}'),
    ),
    policy.documented(
        'market:agendas:create',
        policy.MEMBER,
        'Make an agenda: an address by which anybody may read what is due for the '
        'project.',
        ('POST', '/v1/agendas'),
    ),
    policy.documented(
        'market:agendas:delete',
        policy.MEMBER,
        'Delete an agenda of the project.',
        ('DELETE', '/v1/agendas/{agenda}'),
    ),
    policy.documented(
        'market:events:list',
        f'{policy.READER} or {policy.SERVICE}',
        'Read the events that concern the project; a provider those of the offers and '
        'contracts with its servers, without what they say.',
        ('GET', '/v1/events'),
    ),
    policy.documented(
        'market:book:show',
        policy.READER,
        'See supply and demand by price level.',
        ('GET', '/v1/book'),
    ),
    policy.documented(
        'market:prices:list',
        policy.READER,
        'See what servers were sold for.',
        ('GET', '/v1/prices'),
    ),
    policy.documented(
        'market:properties:list',
        policy.READER,
        'See which hardware properties are on offer.',
        ('GET', '/v1/properties'),
    ),
    policy.documented(
        'market:usage:show',
        policy.READER,
        "See the project's server-hours and amounts.",
        ('GET', '/v1/usage'),
    ),
    policy.documented(
        'market:accounts:list',
        policy.READER,
        "List the project's accounts.",
        ('GET', '/v1/accounts'),
    ),
    policy.documented(
        'market:accounts:show',
        policy.READER,
        "Show the project's account.",
        ('GET', '/v1/accounts/{account}'),
    ),
    policy.documented(
        'market:accounts:change',
        policy.ADMIN,
        'Say by how much an account may be overdrawn.',
        ('PATCH', '/v1/accounts/{account}'),
    ),
    policy.documented(
        'market:transfers:list',
        policy.READER,
        "List what was booked on the project's account.",
        ('GET', '/v1/transfers'),
    ),
    policy.documented(
        'market:transfers:show',
        policy.READER,
        "Show a transfer of the project's account.",
        ('GET', '/v1/transfers/{transfer}'),
    ),
    policy.documented(
        'market:transfers:create',
        policy.MANAGER,
        'Hand credits to a project below; for managers of the project that they come '
        'from.',
        ('POST', '/v1/transfers'),
    ),
    policy.documented(
        'market:grants:list',
        policy.READER,
        'List the credits that the project was granted.',
        ('GET', '/v1/grants'),
    ),
    policy.documented(
        'market:grants:show',
        policy.READER,
        'Show a grant to the project.',
        ('GET', '/v1/grants/{grant}'),
    ),
    policy.documented(
        'market:grants:create',
        policy.ADMIN,
        'Grant a project credits.',
        ('POST', '/v1/grants'),
    ),
    policy.documented(
        'market:grants:end',
        policy.ADMIN,
        'End a monthly grant.',
        ('DELETE', '/v1/grants/{grant}'),
    ),
    policy.documented(
        'market:statements:list',
        policy.READER,
        'List the months in which something was booked for the project.',
        ('GET', '/v1/statements'),
    ),
    policy.documented(
        'market:statements:show',
        policy.READER,
        'Show what was booked for the project in a month.',
        ('GET', '/v1/statements/{month}'),
    ),
    policy.documented(
        'market:disputes:list',
        policy.READER,
        'List the disputes that the project is a party to.',
        ('GET', '/v1/disputes'),
    ),
    policy.documented(
        'market:disputes:show',
        policy.READER,
        'Show a dispute that the project is a party to.',
        ('GET', '/v1/disputes/{dispute}'),
    ),
    policy.documented(
        'market:disputes:create',
        policy.MEMBER,
        'Say that what was booked of a contract is wrong.',
        ('POST', '/v1/disputes'),
    ),
    policy.documented(
        'market:disputes:decide',
        policy.ADMIN,
        'Accept or reject a dispute.',
        ('PATCH', '/v1/disputes/{dispute}'),
    ),
    policy.documented(
        'market:audit:list',
        policy.ADMIN,
        'See what looks like gaming of the market, by whom.',
        ('GET', '/v1/audit'),
    ),
    policy.documented(
        'market:projects:list',
        policy.READER,
        'See what the projects are called that one trades with or could.',
        ('GET', '/v1/projects'),
    ),
    policy.documented(
        'market:providers:list',
        policy.ADMIN,
        'See how each provider does: what it looks after and is late with.',
        ('GET', '/v1/providers'),
    ),
    policy.documented(
        'market:providers:report',
        policy.SERVICE,
        'Say that a provider is at work: for the service accounts of providers.',
        ('POST', '/v1/providers'),
    ),
    policy.documented(
        'market:standing_demands:list',
        policy.READER,
        "List the project's standing demands.",
        ('GET', '/v1/standing_demands'),
    ),
    policy.documented(
        'market:standing_demands:show',
        policy.READER,
        "Show one of the project's standing demands.",
        ('GET', '/v1/standing_demands/{demand}'),
    ),
    policy.documented(
        'market:standing_demands:create',
        policy.MEMBER,
        'Hold servers until told otherwise, for the project.',
        ('POST', '/v1/standing_demands'),
    ),
    policy.documented(
        'market:standing_demands:change',
        policy.MEMBER,
        "Change, pause or resume one of the project's standing demands.",
        ('PATCH', '/v1/standing_demands/{demand}'),
    ),
    policy.documented(
        'market:standing_demands:delete',
        policy.MEMBER,
        "End one of the project's standing demands.",
        ('DELETE', '/v1/standing_demands/{demand}'),
    ),
    policy.documented(
        'market:webhooks:list',
        policy.READER,
        "List the project's webhooks.",
        ('GET', '/v1/webhooks'),
    ),
    policy.documented(
        'market:webhooks:show',
        policy.READER,
        "Show one of the project's webhooks.",
        ('GET', '/v1/webhooks/{webhook}'),
    ),
    policy.documented(
        'market:webhooks:create',
        policy.MEMBER,
        "Have the project's events sent to somebody.",
        ('POST', '/v1/webhooks'),
    ),
    policy.documented(
        'market:webhooks:change',
        policy.MEMBER,
        "Change one of the project's webhooks.",
        ('PATCH', '/v1/webhooks/{webhook}'),
    ),
    policy.documented(
        'market:webhooks:delete',
        policy.MEMBER,
        "Delete one of the project's webhooks.",
        ('DELETE', '/v1/webhooks/{webhook}'),
    ),
    policy.documented(
        'market:webhooks:test',
        policy.MEMBER,
        "Send an event to one of the project's webhooks.",
        ('POST', '/v1/webhooks/{webhook}/test'),
    ),
]


def list_rules():
    """Entry point of oslo.policy."""
    return policy.SHARED + RULES
