# SPDX-License-Identifier: Apache-2.0
"""The options of the market service."""

from oslo_config import cfg
from oslo_limit import opts as limit_opts

from flocx import health
from flocx.core import requirements

_LIMITS = requirements.Limits()

_GROUP = cfg.OptGroup('market', 'The market: offers, bids and contracts')
_OPTS = [
    cfg.IntOpt(
        'project_cache_time',
        default=300,
        min=1,
        help='For how many seconds the ancestors of a project, which decide '
        'what targeted offers it sees, are remembered from Keystone.',
    ),
    cfg.FloatOpt(
        'quote_seconds',
        default=15,
        min=0.1,
        help='How long a request for a quote waits for an engine to answer.',
    ),
    cfg.IntOpt(
        'health_max_lag',
        default=900,
        min=1,
        help='With flocx_lag among [healthcheck] backends: how many seconds late a '
        'server may be handed over or taken back before the check fails.',
    ),
    cfg.StrOpt(
        'book_tick',
        default='0.01',
        regex=r'^(?=.*[1-9])\d{1,9}(\.\d{1,6})?$',
        help='The price levels of the book are multiples of this decimal.',
    ),
    cfg.IntOpt(
        'max_requirements',
        default=_LIMITS.triples,
        min=1,
        help='The most requirements that one bid may have.',
    ),
    cfg.IntOpt(
        'max_expression_length',
        default=_LIMITS.length,
        min=16,
        help='The most characters in the expression, or in a string operand, '
        'of one requirement.',
    ),
    cfg.IntOpt(
        'max_expression_depth',
        default=_LIMITS.depth,
        min=2,
        help='How deep the expression of a requirement may be nested.',
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
        'below and belong to the service that [oslo_limit] names.',
    ),
    cfg.IntOpt('open_offers', default=10000, min=-1, help='Open offers; -1: any.'),
    cfg.IntOpt('open_bids', default=1000, min=-1, help='Open bids; -1: any number.'),
    cfg.IntOpt(
        'server_hours',
        default=-1,
        min=-1,
        help='Hours of servers still to come, under contract and bid for; -1: any.',
    ),
    cfg.IntOpt(
        'committed_amount',
        default=-1,
        min=-1,
        help='Credits that these hours cost, bids at their ceiling; -1: any amount.',
    ),
]


def register(conf):
    health.register(conf, 'flocx_database', 'flocx_messaging')
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)
    conf.register_group(_QUOTA)
    conf.register_opts(_QUOTA_OPTS, _QUOTA)
    limit_opts.register_opts(conf)


def list_opts():
    """Entry point of oslo.config."""
    return [(_GROUP.name, _OPTS), (_QUOTA.name, _QUOTA_OPTS)]


def requirement_limits(conf):
    """The limits of the match language that the operator has set."""
    return requirements.Limits(
        triples=conf.market.max_requirements,
        length=conf.market.max_expression_length,
        depth=conf.market.max_expression_depth,
    )
