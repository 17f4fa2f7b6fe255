# SPDX-License-Identifier: Apache-2.0
"""FLOCX deployed as in production, on this machine, and what puts it to the test.

``tools/rig`` shows it to people, the integration tests build on it. Like the lab,
whose Keystone and Ironic it has, it needs only the standard library on this side.
"""
