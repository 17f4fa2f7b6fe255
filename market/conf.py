# SPDX-License-Identifier: Apache-2.0
"""The options of the market service."""

from oslo_config import cfg

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


def register(conf):
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)


def list_opts():
    """Entry point of oslo.config."""
    return [(_GROUP.name, _OPTS)]


def requirement_limits(conf):
    """The limits of the match language that the operator has set."""
    return requirements.Limits(
        triples=conf.market.max_requirements,
        length=conf.market.max_expression_length,
        depth=conf.market.max_expression_depth,
    )
