# SPDX-License-Identifier: Apache-2.0
"""The provider as a WSGI application, and what it and the fulfiller work with."""

import dataclasses
import typing

from keystoneauth1 import loading
from oslo_config import cfg
from oslo_utils import timeutils

from flocx import config
from flocx import policy
from flocx.api import app
from provider import conf as provider_conf
from provider import marketplace
from provider import nodes
from provider import policies
from provider.api import root


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


def application(conf, provider=None, clock=timeutils.utcnow):
    """The provider's API as a WSGI application.

    :param clock: called with ``with_timezone=True``, returns aware UTC.
    """
    return app.build(conf, root.Root(), provider or build(conf), clock)
