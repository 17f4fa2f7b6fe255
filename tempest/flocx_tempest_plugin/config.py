# SPDX-License-Identifier: Apache-2.0
"""What tempest.conf says of FLOCX."""

from oslo_config import cfg

service_option = cfg.BoolOpt(
    'flocx', default=True, help='Whether FLOCX is expected to be available.'
)

marketplace_group = cfg.OptGroup(
    name='marketplace', title='The marketplace of FLOCX, and its tests'
)
provider_group = cfg.OptGroup(
    name='marketplace-provider', title='The provider of FLOCX'
)
matcher_group = cfg.OptGroup(name='marketplace-matcher', title='The engine of FLOCX')


def _service(catalog_type):
    return [
        cfg.StrOpt(
            'catalog_type',
            default=catalog_type,
            help='The type of the service in the catalogue of Keystone.',
        ),
        cfg.StrOpt(
            'region',
            default='',
            help='The region of its endpoint; empty is that of [identity].',
        ),
        cfg.StrOpt(
            'endpoint_type',
            default='publicURL',
            choices=['public', 'admin', 'internal']
            + ['publicURL', 'adminURL', 'internalURL'],
            help='The interface of its endpoint.',
        ),
        cfg.IntOpt(
            'build_interval',
            default=1,
            min=1,
            help='Seconds between two looks at something that is awaited.',
        ),
        cfg.IntOpt(
            'build_timeout',
            default=180,
            min=1,
            help='Seconds after which what is awaited is taken not to come.',
        ),
    ]


marketplace_options = [
    *_service('marketplace'),
    cfg.StrOpt(
        'microversion',
        default='latest',
        help='The version of the APIs that the tests ask for, such as 1.1.',
    ),
    cfg.StrOpt(
        'servers',
        default='ironic',
        choices=[
            ('ironic', 'enrol servers of fake-hardware, and remove them afterwards'),
            ('existing', 'take those of "existing_servers"'),
        ],
        help='Which servers the tests offer.',
    ),
    cfg.ListOpt(
        'existing_servers',
        default=[],
        help='Names or uuids of servers that nobody uses, of the project of who is '
        'a member. Tests that run at once would take the same ones.',
    ),
    cfg.StrOpt(
        'baremetal_catalog_type',
        default='baremetal',
        help='The type of Ironic in the catalogue of Keystone.',
    ),
    cfg.StrOpt(
        'baremetal_driver',
        default='fake-hardware',
        help='The driver of servers that are enrolled.',
    ),
    cfg.BoolOpt(
        'deploy',
        default=True,
        help='Whether the scenario lets the renter deploy; it needs "servers=ironic".',
    ),
    cfg.ListOpt(
        'renter_roles',
        default=['member', 'manager'],
        help='Roles of who rents, in a project of their own. Ironic itself lets the '
        'managers of a lessee deploy, and plain members only where its policy says so. '
        'With accounts that are there already, any name that their file has.',
    ),
    cfg.ListOpt(
        'stranger_roles',
        default=['member'],
        help='Roles of who has nothing to do with it, in a project of their own.',
    ),
]

GROUPS = (
    (marketplace_group, marketplace_options),
    (provider_group, _service('marketplace-provider')),
    (matcher_group, _service('marketplace-matcher')),
)
