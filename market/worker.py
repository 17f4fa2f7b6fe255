# SPDX-License-Identifier: Apache-2.0
"""flocx-market-worker: what the market does without being asked."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)


from oslo_config import cfg

from flocx import announce
from flocx import config
from flocx import metrics
from flocx import rpc
from flocx import service
from market import bookkeeping
from market import conf as market_conf
from market import departures
from market import organisations
from market import presence
from market import projects
from market import quotas
from market import standing_demands
from market import standing_extensions
from market.db import webhooks
from market.webhooks import addresses
from market.webhooks import dispatcher
from market.webhooks import http_sender
from market.webhooks import mail_sender


def parts(conf, transport=None, database=None):
    """The loops that keep the books, extend contracts, send events, and more.

    Any number of workers may run: each step is safe to do twice.
    """
    transport = transport or rpc.transport(conf)
    database = database or announce.database(conf, transport, 'market')
    books = bookkeeping.Bookkeeping(conf, database)
    buying = (
        conf,
        database,
        quotas.Quotas(conf, organisations.Organisations(conf, database)),
        projects.Projects(conf),
    )
    extending = standing_extensions.StandingExtensions(*buying)
    holding = standing_demands.StandingDemands(*buying)

    def often():
        return conf.market.extend_interval

    usual = [
        metrics.Server(conf),
        service.Loop('bookkeeping', books.run, lambda: conf.ledger.interval),
        service.Loop('extensions', extending.run, often),
        service.Loop('demands', holding.run, often),
        service.Loop(
            'presence', presence.Presence(database).run, lambda: presence.INTERVAL
        ),
        *_webhooks(conf, database),
    ]
    if not conf[config.CREDENTIALS].auth_type:
        # Without an account Keystone cannot be asked.
        return usual
    looking = departures.Departures(conf, database, departures.Keystone(conf))
    loop = service.Loop(
        'departures', looking.run, lambda: conf.market.project_check_interval
    )
    if not conf.market.project_notifications_url:
        return [*usual, loop]
    endpoint = departures.Notifications(looking.note, loop.wake)
    told = service.RetryingStarter(
        'notifications', lambda: departures.listener(conf, endpoint)
    )
    return [*usual, loop, told]


def _webhooks(conf, database):
    """What sends events to those who want them sent."""

    def names(uuids):
        with database.reader() as session:
            return webhooks.server_names(session, uuids)

    allowed = addresses.Addresses(conf.webhooks)
    senders = {
        False: http_sender.HttpSender(conf.webhooks, allowed),
        True: mail_sender.MailSender(conf.webhooks, names),
    }
    sending = dispatcher.Dispatcher(conf.webhooks, database, senders)
    return sending, service.Loop(
        'webhooks', sending.run, lambda: conf.webhooks.interval
    )


def main(argv=None):
    """Entry point of ``flocx-market-worker``."""
    return service.run(cfg.CONF, argv, 'market', market_conf.register, parts)
