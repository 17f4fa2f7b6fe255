# SPDX-License-Identifier: Apache-2.0
"""A ColdFront plugin: allocations are budgets on the marketplace.

An allocation that becomes active is granted its credits, and once a day the credits
that were spent become the usage of the allocation. A site copies this package and
changes what it needs to be otherwise; ``doc/source/admin/ledger.rst`` says how it is
installed.
"""
