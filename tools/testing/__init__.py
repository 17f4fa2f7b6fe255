# SPDX-License-Identifier: Apache-2.0
"""What tools/test does: environments, suites side by side, and their report."""
