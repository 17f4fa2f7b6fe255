# SPDX-License-Identifier: Apache-2.0
"""Neutron's API in one process: python serve_neutron.py HOST PORT DATABASE

DATABASE is the URL of an empty database, or of one that it has filled before. What
else there is to know stands in the files that OS_NEUTRON_CONFIG_FILES names. Neutron
ships only a WSGI application, and its migrations do not run on SQLite.
"""

import sys

host, port, database = sys.argv[1], int(sys.argv[2]), sys.argv[3]
# neutron.wsgi.api parses the arguments of whatever program imports it.
sys.argv = ['neutron']

from oslo_service import backend

# The default backend would bring eventlet in and patch the world.
backend.init_backend(backend.BackendType.THREADING)

from cheroot import wsgi
from neutron.db.migration.models import head
import sqlalchemy as sa

engine = sa.create_engine(database)
head.get_metadata().create_all(engine)
engine.dispose()

from neutron.wsgi.api import application

wsgi.Server((host, port), application, numthreads=4).safe_start()
