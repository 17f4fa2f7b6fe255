# SPDX-License-Identifier: Apache-2.0
"""flocx-lease-notifier: tells the message bus of leases, as esi-leap does."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)


from oslo_config import cfg

from flocx import db
from flocx import metrics
from flocx import service
from lease import conf as lease_conf
from lease import notifications
from provider import assembly


def parts(conf):
    """What reads the feed and sends, and its measurements."""
    telling = notifications.Notifications(
        conf,
        db.Database(conf.database.connection),
        assembly.build(conf),
        notifications.notifier(conf),
    )
    loop = service.Loop(
        'notifier', telling.run, lambda: conf.lease.notifications_interval
    )
    return metrics.Server(conf), loop


def notifier(argv=None):
    """Entry point of ``flocx-lease-notifier``."""
    return service.run(cfg.CONF, argv, 'lease', lease_conf.register, parts)
