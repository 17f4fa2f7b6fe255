# SPDX-License-Identifier: Apache-2.0
"""How much the tests try: enough for every change, or as much as a night allows.

``FLOCX_TEST_PROFILE=nightly``, which ``tools/test --nightly`` sets, is the latter. One
number can be chosen by a variable of its own, which ``number`` names.
"""

import os
import unittest

NIGHTLY = os.environ.get('FLOCX_TEST_PROFILE') == 'nightly'


def number(variable, change, nightly):
    """How many of something: what ``variable`` says, or what the profile says."""
    return int(os.environ.get(variable, nightly if NIGHTLY else change))


def only_nightly(why, unless=False):
    """Decorates a test that takes too long for every change.

    The reason begins as ``tools/testing/completeness.py`` has it, and the nightly run
    fails if one of these is skipped there.

    :param unless: run it nevertheless.
    """
    return unittest.skipUnless(NIGHTLY or unless, f'nightly: {why}')
