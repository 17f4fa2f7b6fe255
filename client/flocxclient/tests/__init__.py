# SPDX-License-Identifier: Apache-2.0
"""Tests of what needs no service; the commands are tested against the real ones."""
