# SPDX-License-Identifier: Apache-2.0
"""Tests of one piece at a time, which start nothing."""

import hypothesis

from tests import profiles

# How long an example takes says more of what else the machine does.
EXAMPLES = profiles.number('FLOCX_TEST_EXAMPLES', 60, 1000, quick=30)
hypothesis.settings.register_profile('flocx', deadline=None, max_examples=EXAMPLES)
hypothesis.settings.load_profile('flocx')
