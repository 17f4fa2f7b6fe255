# SPDX-License-Identifier: Apache-2.0
"""Who may do what at the auction engine."""

from flocx import policy

RULES = [
    policy.documented(
        'matcher:mechanisms:list',
        policy.READER,
        'List the mechanisms that are installed.',
        ('GET', '/v1/mechanisms'),
    ),
    policy.documented(
        'matcher:rounds:list',
        policy.ADMIN,
        'List the rounds of the engine.',
        ('GET', '/v1/rounds'),
    ),
    policy.documented(
        'matcher:rounds:show',
        policy.ADMIN,
        'Show a round of the engine.',
        ('GET', '/v1/rounds/{round}'),
    ),
    policy.documented(
        'matcher:rounds:run', policy.ADMIN, 'Run a round now.', ('POST', '/v1/rounds')
    ),
]


def list_rules():
    """Entry point of oslo.policy."""
    return policy.SHARED + RULES
