# SPDX-License-Identifier: Apache-2.0
"""The market behind TLS: python serve_https.py HOST PORT CERTIFICATE

The file holds the key, too. The rest of the configuration is the environment's, as
under any server.
"""

import sys

from cheroot import wsgi
from cheroot.ssl import builtin

from market import wsgi as market

host, port, certificate = sys.argv[1:]
server = wsgi.Server((host, int(port)), market.application, numthreads=10)
server.ssl_adapter = builtin.BuiltinSSLAdapter(certificate, certificate)
server.safe_start()
