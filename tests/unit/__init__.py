# SPDX-License-Identifier: Apache-2.0
"""Tests of one piece at a time, which start nothing."""

import hypothesis

# How long an example takes says more of what else the machine does.
hypothesis.settings.register_profile('flocx', deadline=None)
hypothesis.settings.load_profile('flocx')
