# SPDX-License-Identifier: Apache-2.0
"""The options of the provider service."""

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_config import types

from flocx import config
from flocx import coordination
from flocx import health
from provider.console import conf as console_conf
from provider.nodes import dummy

IRONIC = 'ironic'
MARKETPLACE = 'marketplace'

_GROUP = cfg.OptGroup('provider', 'The provider: servers of one OpenStack deployment')
_OPTS = [
    cfg.StrOpt(
        'nodes',
        default='ironic',
        help='Where the servers are, the name of an entry point in flocx.nodes: '
        'ironic or, for trials and for sites without it, dummy, for YAML files.',
    ),
    cfg.FloatOpt(
        'fulfil_interval',
        default=10,
        mutable=True,
        min=0.1,
        help='The most seconds between two looks at what contracts are due.',
    ),
    cfg.FloatOpt(
        'retry_interval',
        default=2,
        min=0.1,
        help='How many seconds to wait until a server that was not ready is '
        'looked at again. Each further wait is twice as long, up to '
        'retry_max_interval, less a random part.',
    ),
    cfg.FloatOpt(
        'retry_max_interval',
        default=60,
        min=0.1,
        help='The most seconds between two tries of what Ironic refuses or is too '
        'busy for.',
    ),
    cfg.IntOpt(
        'delivery_deadline',
        default=900,
        mutable=True,
        min=0,
        help='So many seconds after its start, a server that could not be handed over '
        'is given up: the market replaces it by another that the bid could have had, '
        'or the line is cancelled. Nothing is billed for it.',
    ),
    cfg.StrOpt(
        'quarantine_project_id',
        mutable=True,
        help='The project that is the lessee of a server from the end of a contract '
        'until the server is clean; it should be one without members, which '
        'flocx-provider-manage quarantine create makes. Without it the project of '
        "the provider's own account is used.",
    ),
    cfg.FloatOpt(
        'quarantine_wait',
        default=5,
        min=0,
        help='For how many seconds a server is left alone after its renter has lost '
        'their rights. What Ironic had allowed them before may wait for the lock of '
        'the node for so long: it has to be more than [conductor] '
        'node_locked_retry_attempts times node_locked_retry_interval of Ironic, which '
        'are 3 seconds unless they are set.',
    ),
    cfg.BoolOpt(
        'undeploy_unclaimed',
        default=True,
        mutable=True,
        help='Whether a server that is deployed, and nobody is known to use, is '
        'undeployed when its contract begins: one without a lessee and an '
        'instance_uuid, which an allocation sets too. By default nothing that somebody '
        'has left running keeps a renter out. With false such a server is not handed '
        'over, with the reason node_in_use, as one with an instance is in any case.',
    ),
    cfg.Opt(
        'clean_steps',
        type=types.Dict(types.List(bounds=True)),
        default={},
        sample_default='gpu:[deploy.erase_devices,raid.delete_configuration]',
        help='Clean steps of Ironic, by resource class, that a server goes through '
        'at the end of each contract, besides the automated cleaning; * is for every '
        'class that is not named. FLOCX asks Ironic for them, and gives the server '
        'back when the node history of Ironic says that they were completed. Offers '
        'show them as cleaned_by. By default the automated cleaning is all.',
    ),
    cfg.Opt(
        'clean_runbooks',
        type=types.Dict(),
        default={},
        sample_default='baremetal.gpu:CUSTOM_ERASE',
        help='The same with the name of a runbook of Ironic for each resource class, '
        'in the place of clean_steps. A class is in one of the two at most.',
    ),
    cfg.FloatOpt(
        'reconcile_interval',
        default=60,
        mutable=True,
        min=0.1,
        help='How many seconds to wait between two comparisons of all servers with '
        'what the market has of them.',
    ),
    cfg.StrOpt(
        'follow',
        default='rpc',
        choices=[
            ('rpc', 'messages over the broker of the market'),
            ('events', 'the events of the market, over HTTPS'),
        ],
        help='How the fulfiller is told of contracts. Events need no broker that both '
        'sites share: for a provider in another OpenStack than the market.',
    ),
    cfg.StrOpt(
        'notifications_url',
        secret=True,
        help='The transport URL of the notifications of Ironic, as [DEFAULT] '
        'transport_url there. With it what happens to servers is noticed at once, '
        'and not only with the next reconcile_interval; and who deploys a server '
        'under a contract is told from its renter. Without it nobody listens.',
    ),
    cfg.StrOpt(
        'notifications_topic',
        default='ironic_versioned_notifications',
        help='The topic of these notifications, as [DEFAULT] '
        'versioned_notifications_topics of Ironic names it.',
    ),
    cfg.IntOpt(
        'workers',
        default=8,
        min=1,
        help='How many requests a fulfiller has with Ironic at a time, as servers are '
        'handed over or taken back; and how many servers are read at a time. More than '
        'Ironic can do at once, see [conductor] workers_pool_size and '
        'max_concurrent_clean there, only makes it refuse them.',
    ),
]


def register(conf):
    # Its API sends nothing over the broker, and abroad there is none.
    health.register(conf)
    conf.register_group(_GROUP)
    conf.register_opts(_OPTS, _GROUP)
    coordination.register(conf)
    console_conf.register(conf)
    loading.register_adapter_conf_options(conf, IRONIC)
    loading.register_adapter_conf_options(conf, MARKETPLACE)
    loading.register_session_conf_options(conf, MARKETPLACE)
    loading.register_auth_conf_options(conf, MARKETPLACE)
    conf.set_default('timeout', config.TIMEOUT, group=MARKETPLACE)
    conf.set_default('service_type', 'baremetal', group=IRONIC)
    conf.set_default('service_type', 'marketplace', group=MARKETPLACE)
    # The fulfiller tries again by itself, and does not hold a thread meanwhile.
    conf.set_default('status_code_retries', 0, group=IRONIC)


def list_opts():
    """Entry point of oslo.config."""
    adapter = loading.get_adapter_conf_options(include_deprecated=False)
    account = (
        loading.get_session_conf_options()
        + loading.get_auth_common_conf_options()
        + loading.get_auth_plugin_conf_options('password')
    )
    return [
        (_GROUP.name, [*_OPTS, *dummy.OPTS]),
        (coordination.GROUP.name, coordination.OPTS),
        (console_conf.GROUP.name, console_conf.OPTS),
        (IRONIC, adapter),
        (MARKETPLACE, [*adapter, *account]),
    ]
