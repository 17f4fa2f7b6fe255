# SPDX-License-Identifier: Apache-2.0
"""Serial consoles of servers, for those who rent them."""
