# SPDX-License-Identifier: Apache-2.0
"""What the API and the fulfiller of the provider work with, from the configuration."""

import dataclasses
import typing

from keystoneauth1 import loading
from oslo_config import cfg

from flocx import config
from flocx import policy
from provider import conf as provider_conf
from provider import marketplace
from provider import nodes
from provider import policies


@dataclasses.dataclass(frozen=True)
class Provider:
    NAME: typing.ClassVar[str] = 'provider'
    SERVICE_TYPE: typing.ClassVar[str] = 'marketplace-provider'

    conf: cfg.ConfigOpts
    policy: policy.Policy
    nodes: nodes.Nodes
    marketplace: marketplace.Marketplace

    @staticmethod
    def lineage(context):
        return (context.project_id,)


def build(conf):
    """The provider of one process."""
    session = _session(conf, config.CREDENTIALS)
    # The market may be in another OpenStack, where this provider has another account.
    abroad = conf[provider_conf.MARKETPLACE].auth_type
    return Provider(
        conf=conf,
        policy=policy.Policy(conf, policies.RULES),
        nodes=nodes.build(conf, session),
        marketplace=marketplace.Marketplace(
            conf, _session(conf, provider_conf.MARKETPLACE) if abroad else session
        ),
    )


def _session(conf, group):
    auth = loading.load_auth_from_conf_options(conf, group)
    return loading.load_session_from_conf_options(conf, group, auth=auth)
