# SPDX-License-Identifier: Apache-2.0
"""What finance offices and billing systems read, in formats that they know."""
