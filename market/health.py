# SPDX-License-Identifier: Apache-2.0
"""Whether the marketplace keeps its promises in time, for ``GET /healthcheck``."""

import datetime

from oslo_middleware.healthcheck import pluginbase
from oslo_utils import timeutils

from flocx import db
from market.db import lag


class LagHealth(pluginbase.HealthcheckBaseExtension):
    """No server is handed over, or taken back, late, and no provider is silent.

    It says nothing of this process: it is for a monitor, and not for a load balancer,
    which would take all APIs away when a provider is down.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self._database = db.Database(self.oslo_conf.database.connection, patient=False)

    def healthcheck(self, server_port):
        most = self.oslo_conf.market.health_max_lag
        now = timeutils.utcnow(with_timezone=True)
        try:
            with self._database.reader() as session:
                late = lag.late(session, now - datetime.timedelta(seconds=most))
                silent = lag.silent(session, now)
        except db.ERRORS as error:
            wrong = f'The database does not answer: {type(error).__name__}'
            return pluginbase.HealthcheckResult(available=False, reason=wrong)
        wrong = []
        if late:
            wrong.append(f'{late} servers wait for their provider longer than {most} s')
        if silent:
            wrong.append(f'Nothing is heard of provider {", ".join(silent)}')
        return pluginbase.HealthcheckResult(
            available=not wrong,
            reason='; '.join(wrong) or 'OK',
            details=f'{late} servers late, {len(silent)} providers silent',
        )
