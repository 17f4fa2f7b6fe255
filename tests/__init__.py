# SPDX-License-Identifier: Apache-2.0
"""Tests of the three services and of what they share.

The choice of threads comes before everything else: the first import of
oslo.messaging would otherwise choose eventlet for the whole process.
"""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)
