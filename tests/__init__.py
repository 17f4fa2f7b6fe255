# SPDX-License-Identifier: Apache-2.0
"""Tests of the three services and of what they share.

The choice of threads comes before everything else: the first import of
oslo.messaging would otherwise choose eventlet for the whole process.
"""

import warnings

from oslo_service import backend

# It is installed as a dependency of a dependency, and nothing here uses it.
warnings.filterwarnings('ignore', message=r'\s*Eventlet is deprecated')

backend.init_backend(backend.BackendType.THREADING)
