# SPDX-License-Identifier: Apache-2.0
"""flocx-lease-notifier, which tells the bus of leases, and flocx-lease-status."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)


from oslo_config import cfg

from flocx import db
from flocx import metrics
from flocx import service
from flocx import upgrade_check
from lease import conf as lease_conf
from lease import notifications
from market.db import upgrade_checks
from provider import assembly
from provider import manage


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


class Checks(manage.Checks):
    """What a provider asks, of the database as well."""

    _upgrade_checks = (
        ('Database schema', upgrade_checks.check_schema),
        *manage.Checks._upgrade_checks,
    )


def status(argv=None):
    """Entry point of ``flocx-lease-status``."""
    return upgrade_check.run(Checks(), argv, 'lease', lease_conf.register)
