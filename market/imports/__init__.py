# SPDX-License-Identifier: Apache-2.0
"""What other systems have, in the form of ours. Pure."""
