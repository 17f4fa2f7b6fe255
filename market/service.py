# SPDX-License-Identifier: Apache-2.0
"""The market as a WSGI application, and what its controllers work with."""

import dataclasses
import typing

from oslo_config import cfg
from oslo_utils import timeutils

from flocx import announce
from flocx import db
from flocx import policy
from flocx import rpc
from flocx import rpcapi
from flocx.api import app
from market import feed
from market import organisations
from market import policies
from market import projects
from market import quotas
from market import terms
from market.api import root


@dataclasses.dataclass(frozen=True)
class Market:
    NAME: typing.ClassVar[str] = 'market'
    SERVICE_TYPE: typing.ClassVar[str] = 'marketplace'

    conf: cfg.ConfigOpts
    database: db.Database
    policy: policy.Policy
    projects: projects.Projects
    quotas: quotas.Quotas
    matcher: rpcapi.MatcherAPI
    feed: feed.Feed
    published: terms.PublishedTerms

    @property
    def terms(self):
        """The ``flocx.core.contract.Terms`` that contracts keep to."""
        return self.published.current()

    def lineage(self, context):
        return self.projects.lineage(context)


def build(conf, database, transport):
    """The market of one process."""
    return Market(
        conf=conf,
        database=database,
        policy=policy.Policy(conf, policies.RULES),
        projects=projects.Projects(conf),
        quotas=quotas.Quotas(conf, organisations.Organisations(conf, database)),
        matcher=rpcapi.MatcherAPI(transport),
        feed=feed.Feed(
            database, conf.market.event_waits, conf.market.event_waits_per_project
        ),
        published=terms.PublishedTerms(conf, database),
    )


def application(conf, transport=None, database=None, clock=timeutils.utcnow):
    """The market's API as a WSGI application.

    :param transport: the RPC transport to share with others in this process.
    :param clock: called with ``with_timezone=True``, returns aware UTC.
    """
    transport = transport or rpc.transport(conf)
    terms.publish_at_start(conf)
    database = database or announce.database(conf, transport, 'market')
    market = build(conf, database, transport)
    return app.build(conf, root.Root(), market, clock)
