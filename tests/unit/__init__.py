# SPDX-License-Identifier: Apache-2.0
"""Tests of one piece at a time, which start nothing."""

import hypothesis

from tests import profiles

# How long an example takes says more of what else the machine does.
hypothesis.settings.register_profile(
    'flocx', deadline=None, max_examples=1000 if profiles.NIGHTLY else 100
)
hypothesis.settings.load_profile('flocx')
