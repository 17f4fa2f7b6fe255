# SPDX-License-Identifier: Apache-2.0
"""Keystone in one process: python serve_keystone.py HOST PORT

Runs inside the virtual environment. Keystone ships only a WSGI application.
"""

import signal
import sys

host, port = sys.argv[1], int(sys.argv[2])
# keystone.wsgi.api parses the arguments of whatever program imports it.
sys.argv = ['keystone']

from oslo_service import backend

# The default backend would bring eventlet in and patch the world.
backend.init_backend(backend.BackendType.THREADING)

from cheroot import wsgi
from keystone.wsgi.api import application


def _stop(signum, frame):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, _stop)
server = wsgi.Server((host, port), application, numthreads=10)
try:
    server.start()
except KeyboardInterrupt:
    server.stop()
