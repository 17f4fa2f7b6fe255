# SPDX-License-Identifier: Apache-2.0
"""Tests of the three services and of what they share.

The choice of threads comes before everything else: the first import of
oslo.messaging would otherwise choose eventlet for the whole process.
"""

import faulthandler
import functools
import gc
import os
import unittest
import warnings

from oslo_service import backend

#: What a test may take before it is taken to hang, in seconds; 0 is for ever.
TIMEOUT = int(os.environ.get('OS_TEST_TIMEOUT', '0'))

# It is installed as a dependency of a dependency, and nothing here uses it.
warnings.filterwarnings('ignore', message=r'\s*Eventlet is deprecated')

backend.init_backend(backend.BackendType.THREADING)

# The services and what describes them are some hundred thousand objects that stay. To
# look through them as often as is usual takes a tenth of the processor.
gc.set_threshold(20_000, 20, 20)


def _limited(call):
    """A test that ends its process, and says where it was, when it hangs."""

    @functools.wraps(call)
    def limited(self, *arguments, **keywords):
        faulthandler.dump_traceback_later(TIMEOUT, exit=True)
        try:
            return call(self, *arguments, **keywords)
        finally:
            faulthandler.cancel_dump_traceback_later()

    return limited


if TIMEOUT:
    unittest.TestCase.__call__ = _limited(unittest.TestCase.__call__)
