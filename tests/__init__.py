# SPDX-License-Identifier: Apache-2.0
"""Tests of the services, in this process and deployed."""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)
