# SPDX-License-Identifier: Apache-2.0
"""The lease service as a WSGI application, and what its controllers work with.

It is the API of esi-leap over the marketplace's database, for the servers of one
provider, whose account it has.
"""

import dataclasses
import typing

from oslo_config import cfg
from oslo_utils import timeutils

from flocx import announce
from flocx import db
from flocx import policy
from flocx import rpc
from flocx.api import app
from lease import directory
from lease import policies
from lease import rented
from lease.api import faults
from lease.api import renderings
from lease.api import root
from market import service as market_service
from market import terms
from provider import assembly
from provider import publishing
from provider.console import tokens


@dataclasses.dataclass(frozen=True)
class Lease:
    NAME: typing.ClassVar[str] = 'lease'
    SERVICE_TYPE: typing.ClassVar[str] = 'lease'

    conf: cfg.ConfigOpts
    database: db.Database
    policy: policy.Policy
    market: market_service.Market
    provider: assembly.Provider
    publishing: publishing.Publishing
    consoles: tokens.Consoles
    directory: directory.Directory
    renderings: renderings.Renderings

    @property
    def provider_id(self):
        """The account of the provider whose servers these are."""
        return self.provider.marketplace.provider_id

    @property
    def resource_type(self):
        """The type of its servers."""
        return self.provider.nodes.RESOURCE_TYPE

    def lineage(self, context):
        return self.market.lineage(context)


def build(conf, database, transport, provider=None, clock=timeutils.utcnow):
    """The lease service of one process."""
    market = market_service.build(conf, database, transport)
    provider = provider or assembly.build(conf)
    lines = rented.Rented(conf, database, provider.marketplace, clock)
    names = directory.Directory(
        provider.nodes, market.projects, conf.lease.names_cache_time
    )
    return Lease(
        conf=conf,
        database=database,
        policy=policy.Policy(conf, policies.ROLES + policies.RULES),
        market=market,
        provider=provider,
        publishing=publishing.Publishing(conf.provider, provider.nodes, lines),
        consoles=tokens.Consoles(conf.console, provider.nodes, lines),
        directory=names,
        renderings=renderings.Renderings(
            database, names, provider.marketplace.provider_id
        ),
    )


def application(
    conf, transport=None, database=None, provider=None, clock=timeutils.utcnow
):
    """The API as a WSGI application.

    :param transport: the RPC transport to share with others in this process.
    :param clock: called with ``with_timezone=True``, returns aware UTC.
    """
    transport = transport or rpc.transport(conf)
    terms.publish_at_start(conf)
    database = database or announce.database(conf, transport, 'lease')
    lease = build(conf, database, transport, provider, clock)
    return faults.Faults(
        app.build(conf, root.Root(), lease, clock), lease.resource_type
    )
