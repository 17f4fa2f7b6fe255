# SPDX-License-Identifier: Apache-2.0
"""Who may do what with leases: the roles of FLOCX, and those of esi-leap."""

from oslo_policy import policy as oslo_policy

from flocx import policy

_ADMIN, _OWNER, _LESSEE = 'rule:lease:admin', 'rule:lease:owner', 'rule:lease:lessee'
_READS = f'{_ADMIN} or {_OWNER} or {_LESSEE} or {policy.READER}'
_OWNS = f'{_ADMIN} or {_OWNER} or {policy.MEMBER}'
_TRADES = f'{_OWNS} or {_LESSEE}'
#: For what is of the project that the target names.
_OF_PROJECT = f'{_ADMIN} or (({_OWNER} or {_LESSEE}) and project_id:%(project_id)s)'

#: Who has which role, as esi-leap names them.
ROLES = [
    oslo_policy.RuleDefault(
        'lease:admin',
        'rule:flocx:admin or role:esi_leap_admin',
        'Sees and ends all leases of the site.',
    ),
    oslo_policy.RuleDefault(
        'lease:owner',
        'role:owner or role:esi_leap_owner',
        'Has a role that esi-leap knows for owners.',
    ),
    oslo_policy.RuleDefault(
        'lease:lessee',
        'role:lessee or role:esi_leap_lessee',
        'Has a role that esi-leap knows for lessees.',
    ),
]

RULES = [
    policy.documented(
        'lease:offers:list',
        _READS,
        'List offers of the site that one may see.',
        ('GET', '/v1/offers'),
    ),
    policy.documented(
        'lease:offers:show',
        _READS,
        'Show an offer that one may see.',
        ('GET', '/v1/offers/{offer}'),
    ),
    policy.documented(
        'lease:offers:create',
        _OWNS,
        'Offer a server that the project owns or leases.',
        ('POST', '/v1/offers'),
    ),
    policy.documented(
        'lease:offers:delete',
        f'{_OF_PROJECT} or {policy.MEMBER}',
        'Delete an offer, and end the leases that were made from it.',
        ('DELETE', '/v1/offers/{offer}'),
    ),
    policy.documented(
        'lease:offers:claim',
        _TRADES,
        'Lease the server of an offer.',
        ('POST', '/v1/offers/{offer}/claim'),
    ),
    policy.documented(
        'lease:leases:list',
        _READS,
        "List the leases of the project's, as lessee or as owner.",
        ('GET', '/v1/leases'),
    ),
    policy.documented(
        'lease:leases:show',
        _READS,
        'Show a lease of which the project is lessee or owner.',
        ('GET', '/v1/leases/{lease}'),
    ),
    policy.documented(
        'lease:leases:create',
        _OWNS,
        'Lease a server that the project owns to another one, without an offer.',
        ('POST', '/v1/leases'),
    ),
    policy.documented(
        'lease:leases:update',
        _ADMIN,
        'Move the end of a lease.',
        ('PATCH', '/v1/leases/{lease}'),
    ),
    policy.documented(
        'lease:leases:delete',
        f'{_OF_PROJECT} or {policy.MEMBER}',
        'End a lease, as its lessee or its owner.',
        ('DELETE', '/v1/leases/{lease}'),
    ),
    policy.documented(
        'lease:nodes:list',
        _READS,
        'List the servers that the project owns or leases.',
        ('GET', '/v1/nodes'),
    ),
    policy.documented(
        'lease:console_auth_tokens:create',
        _TRADES,
        'Open the serial console of a server that the project leases.',
        ('POST', '/v1/console_auth_tokens'),
    ),
    policy.documented(
        'lease:console_auth_tokens:delete',
        _TRADES,
        'Close the serial console of a server that the project leases.',
        ('DELETE', '/v1/console_auth_tokens/{node}'),
    ),
    policy.documented(
        'lease:events:list',
        _READS,
        "List what happened to the project's leases.",
        ('GET', '/v1/events'),
    ),
]


def list_rules():
    """Entry point of oslo.policy."""
    return policy.SHARED + ROLES + RULES
