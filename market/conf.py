# SPDX-License-Identifier: Apache-2.0
"""The options of the market service."""

from oslo_config import cfg
from oslo_limit import opts as limit_opts

from flocx import config
from flocx import db
from flocx import health
from flocx.core import asks
from flocx.core import bid as bid_core
from flocx.core import contract
from flocx.core import reclaim
from flocx.core import requirements
from market import feed_conf
from market.webhooks import conf as webhooks_conf

_LIMITS = requirements.Limits()

_GROUP = cfg.OptGroup('market', 'The market: offers, bids and contracts')
_OPTS = [
    cfg.IntOpt(
        'event_waits',
        default=4,
        min=0,
        help='Most requests that wait for events (GET /v1/events?wait=) in one process '
        'at a time; further ones are answered with 503. Each keeps a thread of the '
        'WSGI server, so the default leaves half of 8 threads to other requests.',
    ),
    cfg.IntOpt(
        'event_waits_per_project',
        default=2,
        min=0,
        help='Most of these that wait for one project, or for one provider. The '
        'default lets a second project or provider wait beside one that follows its '
        'events twice.',
    ),
    cfg.IntOpt(
        'project_cache_time',
        default=300,
        min=1,
        help='Seconds for which the parent projects of a project, as Keystone names '
        'them, are cached. They decide which targeted offers a project sees, so a '
        'project that is moved in Keystone keeps its old view for as long. Five '
        'minutes keep Keystone out of most requests.',
    ),
    cfg.IntOpt(
        'project_check_interval',
        default=3600,
        mutable=True,
        min=1,
        help='Seconds between two looks at Keystone for projects that are deleted or '
        'disabled and have open offers, bids or contracts. An hour is often enough '
        'where project_notifications_url brings the news at once.',
    ),
    cfg.IntOpt(
        'project_grace_time',
        default=86400,
        mutable=True,
        min=0,
        help='Seconds for which the running contracts of a project that is deleted or '
        'disabled go on, before they are ended. A day lets an operator put a mistake '
        'right; what has not begun is cancelled at once.',
    ),
    cfg.StrOpt(
        'project_notifications_url',
        secret=True,
        help="Transport URL of Keystone's notifications, as [DEFAULT] transport_url of "
        'Keystone has it. With it flocx-market-worker learns of a deleted or disabled '
        'project or domain at once, else with the next project_check_interval.',
    ),
    cfg.IntOpt(
        'extend_lead',
        default=3600,
        mutable=True,
        min=60,
        help='Seconds before the end of a contract when more of its time is bought, '
        'where its renter has asked for that (extend_until), or for a standing demand '
        'that holds it. Whoever cannot keep a '
        'server learns of it so long before. Longer keeps others out for longer; an '
        'hour is enough to save what one has.',
    ),
    cfg.IntOpt(
        'extend_step',
        default=3600,
        mutable=True,
        min=60,
        help='Seconds by which a contract is extended at a time, where its renter has '
        'asked for that. The price is asked anew for each of them, and what was bought '
        'is paid, so that a shorter step follows the market more closely and costs '
        'more requests. An hour is what prices are quoted for.',
    ),
    cfg.IntOpt(
        'extend_interval',
        default=60,
        mutable=True,
        min=1,
        help='Seconds between two looks for contracts that are to be extended. A '
        'minute is little beside extend_lead, and a look costs one statement where '
        'nothing is due.',
    ),
    cfg.IntOpt(
        'min_interruptible_notice',
        default=300,
        mutable=True,
        min=1,
        help='The shortest notice, in seconds, with which a bid may be displaced by a '
        'firm one (interruptible_notice). Five minutes are enough for a program to '
        'save what it has. A higher one keeps firm bids waiting for longer. Bids that '
        'are there already keep theirs.',
    ),
    cfg.IntOpt(
        'max_interruptible_notice',
        default=86400,
        mutable=True,
        min=1,
        max=reclaim.MAX_NOTICE,
        help='The longest such notice, in seconds. With a longer one a contract is '
        'hardly interruptible; by default it is a day.',
    ),
    cfg.IntOpt(
        'standing_demands_per_project',
        default=20,
        mutable=True,
        min=0,
        help='How many standing demands a project may have. flocx-market-worker looks '
        'at each of them every extend_interval seconds, and buys extend_lead seconds '
        'before something is lacking; what it buys, quotas and budgets limit. Twenty '
        'are enough for a kind of server each.',
    ),
    cfg.ListOpt(
        'shared_domains',
        default=['default'],
        mutable=True,
        help='Ids of the domains in Keystone that hold projects of several '
        'organisations. There an organisation is a project without a parent, with all '
        'below it; any other domain is one organisation. Quotas of organisations, GET '
        '/v1/prices and the audit go by it.',
    ),
    cfg.FloatOpt(
        'quote_seconds',
        default=15,
        mutable=True,
        min=0.1,
        help='Seconds that a request for a quote waits for an auction engine, before '
        'it is answered with 503. The default leaves room for a round that is '
        'under way ([matcher] round_seconds).',
    ),
    cfg.IntOpt(
        'health_max_lag',
        default=900,
        mutable=True,
        min=1,
        help='Seconds that a server may be handed over or taken back late before the '
        'health check flocx_lag fails, where [healthcheck] backends names it. The '
        'default is the default of [provider] delivery_deadline, when a server '
        'that cannot be handed over is replaced.',
    ),
    cfg.StrOpt(
        'book_tick_ratio',
        default='0.05',
        mutable=True,
        regex=r'^(1|0\.(?=.*[1-9])\d{1,6})$',
        help='Most distance between two price levels of GET /v1/book and GET '
        '/v1/prices, as a part of the price: with 0.05 the levels around 1 credit '
        'are 0.05 apart, and those around 300 credits 10. Ceilings are rounded down '
        'and asks rounded up, so that a larger value shows less of what each bidder '
        'wants.',
    ),
    cfg.IntOpt(
        'book_min_parties',
        default=3,
        mutable=True,
        min=1,
        help='Fewest projects whose bids a price level of GET /v1/book adds up. Bids '
        'of fewer are counted with the next lower level, and where a resource class '
        'has fewer in all, its demand is not shown. With 1 a level may be one '
        'sealed ceiling.',
    ),
    cfg.IntOpt(
        'prices_delay',
        default=86400,
        mutable=True,
        min=0,
        help='Seconds that pass between the hand-over of a server and its price in GET '
        '/v1/prices. The default of a day keeps a single fill from being told apart '
        'by the moment at which it appears.',
    ),
    cfg.IntOpt(
        'console_tokens_per_line',
        default=10,
        mutable=True,
        min=1,
        help='Most tokens for the console of one server of a contract. With another '
        'one the oldest is deleted, and the sessions that it has opened end. Ten are '
        'enough for several people and too few to fill a table with.',
    ),
    cfg.IntOpt(
        'max_requirements',
        default=_LIMITS.triples,
        mutable=True,
        min=1,
        help='Most requirements in one bid. Each is evaluated on every class of '
        'hardware on offer, so the number bounds the work of a round.',
    ),
    cfg.IntOpt(
        'max_alternatives',
        default=bid_core.MAX_ALTERNATIVES,
        mutable=True,
        min=1,
        max=bid_core.MAX_ALTERNATIVES,
        help='In how many ways one bid can be met, its own terms included; at most one '
        'of them is. Each is a bid to what clears the market, so the number bounds the '
        'work of a round. With 1 no bid has alternatives.',
    ),
    cfg.IntOpt(
        'max_parts',
        default=bid_core.MAX_PARTS,
        mutable=True,
        min=1,
        max=bid_core.MAX_PARTS,
        help='How many parts one bundle can have, each with hardware, servers and time '
        'of its own; all of them are met or none. Each takes what clears the market as '
        'long as a bid does, so the number bounds the work of a round.',
    ),
    cfg.IntOpt(
        'max_ask_entries',
        default=8,
        mutable=True,
        min=0,
        max=asks.MAX_ENTRIES,
        help='How many entries the ask_schedule of one offer can have: times of some '
        'days at which another price is asked. What clears the market looks at each '
        'change of a price, so the number bounds the work of a round. With 0 no offer '
        'has a schedule.',
    ),
    cfg.IntOpt(
        'max_group_expressions',
        default=16,
        mutable=True,
        min=0,
        help='By how many different expressions the open bids of one project may have '
        'servers grouped: group_by, spread_by, or both. Each is evaluated on all '
        'hardware that suits the bid, and a round remembers what each server is of, so '
        'the number bounds what a project can add to the work of a round. One or two, '
        'such as the rack, are enough for most. With 0 there are no groups.',
    ),
    cfg.IntOpt(
        'max_expression_length',
        default=_LIMITS.length,
        mutable=True,
        min=16,
        help='Most characters in the expression, or in a string operand, of one '
        'requirement.',
    ),
    cfg.IntOpt(
        'max_expression_depth',
        default=_LIMITS.depth,
        mutable=True,
        min=2,
        help='Deepest nesting of the expression of a requirement: of parentheses, '
        'filters, projections and function calls.',
    ),
]

_QUOTA = cfg.OptGroup('quota', 'How much one project can have at a time')
_QUOTA_OPTS = [
    cfg.StrOpt(
        'driver',
        default='options',
        choices=[
            ('options', 'the options of this group, the same for every project'),
            ('keystone', 'the registered limits and limits in Keystone'),
        ],
        help='Where the limits are. Those in Keystone have the names of the options '
        'below and belong to the service that [oslo_limit] names. There an '
        'organisation has the limits that are set for its domain or, in one of '
        '[market] shared_domains, for its topmost project: organisation_open_bids or '
        'open_bids, and so on. Without any it has the registered limit '
        'organisation_open_bids, and no limit where that is not registered.',
    ),
    cfg.IntOpt(
        'open_offers',
        default=10000,
        mutable=True,
        min=-1,
        help='Most open offers of a project. -1 means no limit.',
    ),
    cfg.IntOpt(
        'open_bids',
        default=1000,
        mutable=True,
        min=-1,
        help='Most open bids of a project. -1 means no limit.',
    ),
    cfg.IntOpt(
        'server_hours',
        default=-1,
        mutable=True,
        min=-1,
        help='Most server-hours still to come of a project, under contract and in open '
        'bids. -1 means no limit.',
    ),
    cfg.IntOpt(
        'committed_amount',
        default=-1,
        mutable=True,
        min=-1,
        help='Most credits that these server-hours cost, with bids counted at their '
        'ceiling. -1 means no limit.',
    ),
    cfg.IntOpt(
        'reserved_hours',
        default=10000,
        mutable=True,
        min=-1,
        help='Most server-hours of a project that are reserved and have not begun, '
        'under contract and in open bids. -1 means no limit. The default is sixty '
        'servers for a week.',
    ),
    cfg.IntOpt(
        'cancelled_hours',
        default=1000,
        mutable=True,
        min=-1,
        help='Most server-hours that a project has given back in the last day before '
        'they began. Beyond that it can claim, bid and extend no more until some of '
        'it is a day old; it can always cancel. -1 means no limit. The default is six '
        'servers for a week.',
    ),
    *(
        cfg.IntOpt(
            f'organisation_{name}',
            default=default,
            mutable=True,
            min=-1,
            help=f'The same as {name}, of all projects of an organisation together '
            f'([market] shared_domains says what that is). -1 means no limit.{more}',
        )
        for name, default, more in (
            ('open_offers', -1, ''),
            ('open_bids', -1, ''),
            ('server_hours', -1, ''),
            ('committed_amount', -1, ''),
            ('reserved_hours', 50000, ' The default is that of five projects.'),
            ('cancelled_hours', 5000, ' The default is that of five projects.'),
        )
    ),
]


_CONTRACTS = cfg.OptGroup(
    'contracts',
    'Terms of every contract, which the market tells the auction engines',
)
_CONTRACTS_OPTS = [
    cfg.IntOpt(
        'min_length',
        default=1,
        min=1,
        help='Shortest contract that can be asked for, in seconds. The default allows '
        'any length.',
    ),
    cfg.IntOpt(
        'max_length',
        default=0,
        min=0,
        help='Longest contract that can be asked for, in seconds. 0, the default, '
        'means no limit.',
    ),
    cfg.IntOpt(
        'turnaround',
        default=0,
        min=0,
        help='Least idle seconds between two contracts of a server. Every server is '
        'cleaned when it comes back: more is left where that took longer of late, up '
        'to max_turnaround. When a contract has ended and the server is clean, it can '
        'be sold at once.',
    ),
    cfg.IntOpt(
        'max_turnaround',
        default=14400,
        min=0,
        help='Most idle seconds between two contracts of a server. Up to this much is '
        'left of what taking back servers of the same resource class took of late: '
        'what three in four of the last 20 did not exceed. With no more than '
        'turnaround nothing is learned, and that is what is left. The default of four '
        'hours keeps a few servers that hang from blocking all of their class.',
    ),
    cfg.IntOpt(
        'notice',
        default=900,
        min=0,
        help='Seconds for which a lessee who releases servers early still keeps and '
        'pays them. Cancelling a contract that has not begun costs as many seconds of '
        'each server, however far ahead it is, and frees all of the time at once. '
        'With 0 time can be reserved and given back for nothing. The default is about '
        'what a server takes to be cleaned.',
    ),
    cfg.IntOpt(
        'maintenance_notice',
        default=86400,
        mutable=True,
        min=0,
        help='Least seconds ahead of now at which a planned outage begins that '
        'interrupts contracts: an owner who could announce one that begins at once '
        'would get out of any contract with it. Of a server that nobody has rented '
        'then, an outage may begin at once. The default of a day lets renters move '
        'what they run, wherever they live.',
    ),
    cfg.IntOpt(
        'max_lead',
        default=7776000,
        min=0,
        help='Most seconds ahead of now at which a contract can begin; 0 means no '
        'limit. A bid has to be one that cannot begin later. The default is 90 days: '
        'few know what they need beyond that, and reserving keeps others out.',
    ),
]


_LEDGER = cfg.OptGroup('ledger', 'Accounts, budgets and bills')
_LEDGER_OPTS = [
    cfg.BoolOpt(
        'enforce',
        default=False,
        mutable=True,
        help='Whether bids, claims and extensions are refused that the account of the '
        'project does not cover. They hold what they cost at most, and their end '
        'settles what was served. By default nothing is held, and what projects owe '
        'each other is booked with each month.',
    ),
    cfg.StrOpt(
        'at_zero',
        default='overdraft',
        mutable=True,
        choices=[
            ('overdraft', 'they run on, and their project owes what exceeds the limit'),
            ('end', 'they end with the usual notice, the newest first'),
        ],
        help='What becomes of running contracts of a project that is below its limit, '
        'as when its overdraft was lowered. What a contract was agreed to cost is held '
        'from its start, so that a project does not get there by renting.',
    ),
    cfg.StrOpt(
        'low_balance',
        default='0',
        mutable=True,
        regex=r'^[0-9]{1,12}(\.[0-9]{1,6})?$',
        help='Credits below which the balance of a project is low, of which an event '
        'tells it once. With 0, the default, it is told when it is overdrawn.',
    ),
    cfg.IntOpt(
        'interval',
        default=60,
        mutable=True,
        min=1,
        help='Seconds between two looks of flocx-market-worker at the ledger: for '
        'grants of a new month, low balances and months to close.',
    ),
    cfg.IntOpt(
        'close_after',
        default=3600,
        mutable=True,
        min=0,
        help='Seconds after its end at which a month is closed: from then on its '
        'statements never change. The default leaves room for clocks that differ.',
    ),
]


def register(conf):
    db.register(conf)
    health.register(conf, 'flocx_database', 'flocx_messaging')
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)
    conf.register_group(_QUOTA)
    conf.register_opts(_QUOTA_OPTS, _QUOTA)
    conf.register_group(_LEDGER)
    conf.register_opts(_LEDGER_OPTS, _LEDGER)
    conf.register_group(_CONTRACTS)
    conf.register_opts(_CONTRACTS_OPTS, _CONTRACTS)
    webhooks_conf.register(conf)
    feed_conf.register(conf)
    limit_opts.register_opts(conf)
    # It registers what its session needs there, whatever ``conf`` is.
    cfg.CONF.set_default('timeout', config.TIMEOUT, group='oslo_limit')


def list_opts():
    """Entry point of oslo.config."""
    return [
        (_GROUP.name, _OPTS),
        (_QUOTA.name, _QUOTA_OPTS),
        (_CONTRACTS.name, _CONTRACTS_OPTS),
        (_LEDGER.name, _LEDGER_OPTS),
        (webhooks_conf.GROUP.name, webhooks_conf.OPTS),
        (feed_conf.GROUP.name, feed_conf.OPTS),
    ]


def terms(conf):
    """The terms of contracts that the operator has set."""
    return contract.Terms(
        min_length=conf.contracts.min_length,
        max_length=conf.contracts.max_length,
        turnaround=conf.contracts.turnaround,
        notice=conf.contracts.notice,
        max_lead=conf.contracts.max_lead,
        max_turnaround=conf.contracts.max_turnaround,
    )


def requirement_limits(conf):
    """The limits of the match language that the operator has set."""
    return requirements.Limits(
        triples=conf.market.max_requirements,
        length=conf.market.max_expression_length,
        depth=conf.market.max_expression_depth,
    )
