# SPDX-License-Identifier: Apache-2.0
"""Who may do what at the provider; whose a server is, Ironic says."""

from flocx import policy

RULES = [
    policy.documented(
        'provider:nodes:list',
        policy.READER,
        'List the servers that the project owns or leases.',
        ('GET', '/v1/nodes'),
    ),
    policy.documented(
        'provider:nodes:show',
        policy.READER,
        'Show a server that the project owns or leases.',
        ('GET', '/v1/nodes/{node}'),
    ),
    policy.documented(
        'provider:console_tokens:create',
        policy.MEMBER,
        'Open the serial console of a server that the project rents.',
        ('POST', '/v1/nodes/{node}/console_tokens'),
    ),
    policy.documented(
        'provider:nodes:provide',
        policy.MEMBER,
        'Give a server that the project owns to another project, without an offer.',
        ('POST', '/v1/contracts'),
    ),
    policy.documented(
        'provider:offers:publish',
        policy.MEMBER,
        'Offer a server that the project owns.',
        ('POST', '/v1/offers'),
    ),
    policy.documented(
        'provider:offers:withdraw',
        policy.MEMBER,
        "Withdraw an offer of the project's.",
        ('DELETE', '/v1/offers/{offer}'),
    ),
]


def list_rules():
    """Entry point of oslo.policy."""
    return policy.SHARED + RULES
