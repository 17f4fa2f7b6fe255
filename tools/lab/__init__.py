# SPDX-License-Identifier: Apache-2.0
"""A real Keystone, a real Ironic and FLOCX in one folder, without a daemon.

``tools/quickstart`` shows it to people, the integration tests build on it.
Only the standard library is used on this side; what needs OpenStack's
libraries runs in processes of the folder's virtual environment.
"""
