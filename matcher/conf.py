# SPDX-License-Identifier: Apache-2.0
"""The options of the auction engine."""

from oslo_config import cfg

from flocx import coordination
from flocx import db
from flocx import health
from matcher import plugins

_GROUP = cfg.OptGroup('matcher', 'The auction engine')
_OPTS = [
    cfg.StrOpt(
        'allocation',
        default='call_auction',
        help='Who gets what: the name of an entry point of '
        'flocx.mechanisms.allocation.',
    ),
    cfg.StrOpt(
        'pricing',
        default='second_price',
        help='What it costs: the name of an entry point of flocx.mechanisms.pricing.',
    ),
    cfg.FloatOpt(
        'round_seconds',
        default=10,
        min=0.01,
        help='The most seconds that a round looks for better awards. A small market '
        'takes milliseconds; what is found in a large one is the better the '
        'longer it may take.',
    ),
    cfg.IntOpt(
        'seed',
        default=1,
        min=0,
        help='What the random choices of a search begin with.',
    ),
    cfg.BoolOpt(
        'interpreted',
        default=False,
        help='Run the engine where numba is not installed. Without it nothing is '
        'compiled, and a search takes some fifty times as long; without this '
        'option the engine does not start there.',
    ),
    cfg.FloatOpt(
        'round_interval',
        default=10,
        mutable=True,
        min=0.1,
        help='The most seconds between two rounds. A new offer or bid wakes '
        'a round at once; this is for messages that are lost.',
    ),
]


#: Options of the market, which releases before this one configured here as well.
_MARKETS_OPTS = [
    cfg.IntOpt(
        'turnaround',
        default=0,
        min=0,
        deprecated_for_removal=True,
        deprecated_reason='The engine reads the terms of contracts that the market has '
        'published in the database. This one is used only until a market of this '
        'release has started.',
        help='Idle seconds between two contracts of a server.',
    ),
]


def register(conf):
    db.register(conf)
    health.register(conf, 'flocx_database', 'flocx_messaging')
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)
    coordination.register(conf)
    if 'contracts' not in conf:
        # In one process with the market the group is the market's.
        conf.register_opts(_MARKETS_OPTS, 'contracts')


def list_opts():
    """Entry point of oslo.config."""
    mechanisms = plugins.all_options()
    return [
        (_GROUP.name, _OPTS + mechanisms),
        (coordination.GROUP.name, coordination.OPTS),
    ]
