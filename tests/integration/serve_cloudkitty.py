# SPDX-License-Identifier: Apache-2.0
"""CloudKitty's API in one process: python serve_cloudkitty.py HOST PORT ARGUMENTS

ARGUMENTS are those of CloudKitty's own programs, which ships only a WSGI application.
"""

import sys

host, port = sys.argv[1], int(sys.argv[2])
# It parses the arguments of whatever program imports it.
sys.argv = ['cloudkitty-api', *sys.argv[3:]]

from cheroot import wsgi
from cloudkitty.wsgi.api import application

wsgi.Server((host, port), application, numthreads=4).safe_start()
