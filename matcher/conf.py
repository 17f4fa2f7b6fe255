# SPDX-License-Identifier: Apache-2.0
"""The options of the auction engine."""

from oslo_config import cfg

from flocx import coordination
from flocx import health

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
    cfg.StrOpt(
        'seller_share',
        default='0.5',
        deprecated_name='k',
        regex=r'^(0(\.\d{1,6})?|1(\.0{1,6})?)$',
        help='For the pricing k_double_auction: which part of the difference between '
        'ask and ceiling goes to the owner, a decimal from 0 to 1.',
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
    cfg.FloatOpt(
        'round_interval',
        default=10,
        min=0.1,
        help='The most seconds between two rounds. A new offer or bid wakes '
        'a round at once; this is for messages that are lost.',
    ),
]


def register(conf):
    health.register(conf, 'flocx_database', 'flocx_messaging')
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)
    coordination.register(conf)


def list_opts():
    """Entry point of oslo.config."""
    return [(_GROUP.name, _OPTS), (coordination.GROUP.name, coordination.OPTS)]
