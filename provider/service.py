# SPDX-License-Identifier: Apache-2.0
"""The provider as a WSGI application."""

from oslo_utils import timeutils

from flocx.api import app
from provider import assembly
from provider.api import root


def application(conf, provider=None, clock=timeutils.utcnow):
    """The provider's API as a WSGI application.

    :param clock: called with ``with_timezone=True``, returns aware UTC.
    """
    return app.build(conf, root.Root(), provider or assembly.build(conf), clock)
