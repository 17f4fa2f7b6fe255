# SPDX-License-Identifier: Apache-2.0
"""flocx-matcher-engine, a process of its own, and flocx-matcher-status."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import gc
import socket

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
from oslo_utils import timeutils
from stevedore import exception as stevedore

from flocx import announce
from flocx import coordination
from flocx import exceptions
from flocx import metrics
from flocx import rpc
from flocx import rpcapi
from flocx import service
from flocx import upgrade_check
from market.db import upgrade_checks
from matcher import conf as matcher_conf
from matcher import endpoints
from matcher import mechanisms
from matcher import rounds


def collect_seldom():
    """Let Python look for garbage less often than it does by default.

    A book is hundreds of thousands of objects that stay. To look through all of them
    takes 60 ms with 10,000 offers, for which a bid that arrives would wait.
    """
    gc.set_threshold(20_000, 20, 20)


def parts(conf, transport=None, database=None):
    """The loop that runs rounds, and the RPC server that wakes it.

    Before them what divides the work, if several engines do.
    """
    transport = transport or rpc.transport(conf)
    database = database or announce.database(conf, transport, 'matcher')
    sharing = engines = None
    if conf.coordination.backend_url:
        sharing = coordination.of(conf, lambda: 'flocx-matcher')
        engines = rpcapi.MatcherAPIV1(transport)
    clearing = rounds.Rounds(conf, database, sharing)
    clearing.prepare(timeutils.utcnow(with_timezone=True))

    def clear(now):
        # The next round is not due at any moment that this one knows.
        clearing.run(now)

    loop = service.Loop('round', clear, lambda: conf.matcher.round_interval)
    current = endpoints.Endpoints(loop, clearing)
    server = rpc.server(
        transport,
        rpcapi.MatcherAPI.TOPIC,
        socket.gethostname(),
        [current, endpoints.EndpointsV1(current, engines)],
    )
    loops = [sharing, loop, server] if sharing else [loop, server]
    return [metrics.Server(conf), *loops]


def engine(argv=None):
    """Entry point of ``flocx-matcher-engine``."""
    collect_seldom()
    return service.run(cfg.CONF, argv, 'matcher', matcher_conf.register, parts)


class Checks(upgradecheck.UpgradeCommands):
    """What has to be in order before a new release is started."""

    def _check_mechanisms(self):
        try:
            rounds.chosen(cfg.CONF)
        except (
            exceptions.Invalid,
            mechanisms.Refused,
            stevedore.NoMatches,
        ) as error:
            return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
        return upgradecheck.Result(upgradecheck.Code.SUCCESS)

    _upgrade_checks = (
        ('Database schema', upgrade_checks.check_schema),
        ('Auction', _check_mechanisms),
        upgrade_check.POLICY,
    )


def status(argv=None):
    """Entry point of ``flocx-matcher-status``."""
    return upgrade_check.run(Checks(), argv, 'matcher', matcher_conf.register)
