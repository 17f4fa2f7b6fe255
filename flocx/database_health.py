# SPDX-License-Identifier: Apache-2.0
"""What ``GET /healthcheck`` looks at in the services that have a database."""

from oslo_middleware.healthcheck import pluginbase

from flocx import db
from flocx import health


class DatabaseHealth(pluginbase.HealthcheckBaseExtension):
    """The database answers, and has the tables."""

    def __init__(self, *args):
        super().__init__(*args)
        self._database = db.Database(self.oslo_conf.database.connection, patient=False)

    def healthcheck(self, server_port):
        try:
            self._database.ping()
        except db.ERRORS as error:
            return health.result(
                f'The database does not answer: {type(error).__name__}'
            )
        return health.result(None, 'The database answers')
