# SPDX-License-Identifier: Apache-2.0
"""The auction engine's API as a WSGI application, and what it works with."""

import dataclasses
import typing

from oslo_config import cfg
from oslo_utils import timeutils

from flocx import announce
from flocx import db
from flocx import policy
from flocx import rpc
from flocx.api import app
from matcher import policies
from matcher import rounds
from matcher.api import root


@dataclasses.dataclass(frozen=True)
class Matcher:
    """What the controllers work with."""

    NAME: typing.ClassVar[str] = 'matcher'
    SERVICE_TYPE: typing.ClassVar[str] = 'marketplace-matcher'

    conf: cfg.ConfigOpts
    database: db.Database
    policy: policy.Policy
    rounds: rounds.Rounds

    @staticmethod
    def lineage(context):
        return (context.project_id,)


def application(conf, transport=None, database=None, clock=timeutils.utcnow):
    """The engine's API as a WSGI application.

    :param clock: called with ``with_timezone=True``, returns aware UTC.
    """
    transport = transport or rpc.transport(conf)
    database = database or announce.database(conf, transport, 'matcher')
    matcher = Matcher(
        conf=conf,
        database=database,
        policy=policy.Policy(conf, policies.RULES),
        rounds=rounds.Rounds(conf, database),
    )
    return app.build(conf, root.Root(), matcher, clock)
