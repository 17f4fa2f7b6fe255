# SPDX-License-Identifier: Apache-2.0
"""The options of the lease service."""

from oslo_config import cfg

from market import conf as market_conf
from provider import conf as provider_conf

_GROUP = cfg.OptGroup('lease', 'The lease service: the API of esi-leap')
_OPTS = [
    cfg.StrOpt(
        'price',
        default='0',
        mutable=True,
        regex=r'^[0-9]{1,12}(\.[0-9]{1,6})?$',
        help='Credits per server and hour that offers ask which are made by this API. '
        'esi-leap has no prices, so the default gives servers away as it does. What an '
        'owner gives to a project without an offer (POST /v1/leases) costs nothing in '
        'any case, as that project has not agreed to pay.',
    ),
    cfg.IntOpt(
        'reclaim_notice',
        default=0,
        mutable=True,
        min=0,
        help='Seconds of notice with which owners may end what was leased by offers '
        'made by this API. In esi-leap an owner may end a lease at once, so the '
        'default is 0. A bid or claim at the market gets such a server only if it '
        'agrees to the notice.',
    ),
    cfg.IntOpt(
        'default_lease_time',
        default=604800,
        mutable=True,
        min=1,
        help='Most seconds that a lease lasts for which no end is asked for. The '
        'default is the week of esi-leap.',
    ),
    cfg.IntOpt(
        'max_lease_time',
        default=1814400,
        mutable=True,
        min=1,
        help='Longest lease, in seconds, that anybody but an administrator can ask '
        'for. The default is the three weeks of esi-leap.',
    ),
    cfg.IntOpt(
        'names_cache_time',
        default=60,
        min=1,
        help='Seconds for which the names of servers and projects are remembered, '
        'which lists show. A minute keeps Ironic and Keystone out of most lists; a '
        'server that is renamed shows its old name for as long.',
    ),
    cfg.StrOpt(
        'notifications_topic',
        default='esi_leap_versioned_notifications',
        help='The topic of the notifications that flocx-lease-notifier sends over '
        "[oslo_messaging_notifications] transport_url. The default is esi-leap's, so "
        'that who listens to esi-leap changes nothing.',
    ),
    cfg.StrOpt(
        'notifications_state',
        default='/var/lib/flocx/esi-leap-notifications',
        help='The file in which flocx-lease-notifier keeps the id of the last event '
        'that it has sent. Without the file it begins with what happens from then on.',
    ),
    cfg.FloatOpt(
        'notifications_interval',
        default=2,
        mutable=True,
        min=0.1,
        help='Seconds between two looks of flocx-lease-notifier for new events. Two '
        'are soon enough for scripts, and one indexed read of the database each.',
    ),
]


def register(conf):
    """Register the options of the service: also those of the market and a provider."""
    # A provider has no database to be well with: the market's word is the last.
    provider_conf.register(conf)
    market_conf.register(conf)
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)


def list_opts():
    """Entry point of oslo.config."""
    return [(_GROUP.name, _OPTS)]
