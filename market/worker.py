# SPDX-License-Identifier: Apache-2.0
"""flocx-market-worker: what the market does without being asked."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

import sys

from oslo_config import cfg

from flocx import announce
from flocx import config
from flocx import metrics
from flocx import rpc
from flocx import service
from market import bookkeeping
from market import conf as market_conf
from market import departures


def parts(conf, transport=None, database=None):
    """The loops that keep the books and find projects which have left Keystone.

    Any number of workers may run: each step is safe to do twice.
    """
    transport = transport or rpc.transport(conf)
    database = database or announce.database(conf, transport, 'market')
    books = bookkeeping.Bookkeeping(conf, database)
    usual = [
        metrics.Server(conf),
        service.Loop('bookkeeping', books.run, conf.ledger.interval),
    ]
    if not conf[config.CREDENTIALS].auth_type:
        # Without an account Keystone cannot be asked.
        return usual
    looking = departures.Departures(conf, database, departures.Keystone(conf))
    loop = service.Loop('departures', looking.run, conf.market.project_check_interval)
    if not conf.market.project_notifications_url:
        return [*usual, loop]
    endpoint = departures.Notifications(looking.note, loop.wake)
    told = service.RetryingStarter(
        'notifications', lambda: departures.listener(conf, endpoint)
    )
    return [*usual, loop, told]


def main(argv=None):
    """Entry point of ``flocx-market-worker``."""
    conf = config.prepare(
        cfg.CONF,
        sys.argv[1:] if argv is None else argv,
        'market',
        market_conf.register,
    )
    service.run(conf, lambda: parts(conf))
    return 0
