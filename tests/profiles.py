# SPDX-License-Identifier: Apache-2.0
"""How much the tests try: enough for every change, or as much as a night allows.

``FLOCX_TEST_PROFILE=nightly``, which ``tools/test --nightly`` sets, is the latter; and
``quick``, which ``tools/test`` alone sets, is less, for somebody who waits for it. One
number can be chosen by a variable of its own, which ``number`` names.
"""

import os
import unittest

NIGHTLY = os.environ.get('FLOCX_TEST_PROFILE') == 'nightly'
QUICK = os.environ.get('FLOCX_TEST_PROFILE') == 'quick'


def number(variable, change, nightly, quick=None):
    """How many of something: what ``variable`` says, or what the profile says.

    :param quick: None for as many as for every change.
    """
    fewer = change if quick is None else quick
    usual = nightly if NIGHTLY else fewer if QUICK else change
    return int(os.environ.get(variable, usual))


def only_nightly(why, unless=False):
    """Decorates a test that takes too long for every change.

    The reason begins as ``tools/testing/completeness.py`` has it, and the nightly run
    fails if one of these is skipped there.

    :param unless: run it nevertheless.
    """
    return unittest.skipUnless(NIGHTLY or unless, f'nightly: {why}')
