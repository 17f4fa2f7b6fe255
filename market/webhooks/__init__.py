# SPDX-License-Identifier: Apache-2.0
"""Send projects their events: by signed requests, and by e-mail."""
