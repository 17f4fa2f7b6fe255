# SPDX-License-Identifier: Apache-2.0
"""What it takes to move a noun from one status to another."""

from flocx import exceptions


def require(table, noun, uuid, status, wanted):
    """Nothing, if ``table`` lets a noun go from ``status`` to ``wanted``.

    :raises Conflict: it does not; the message says what would be allowed.
    """
    if wanted in table[status]:
        return
    allowed = ', '.join(sorted(table[status])) or 'nothing; it is final'
    raise exceptions.Conflict(
        f'{noun} {uuid} is {status} and cannot become {wanted} (only: {allowed})'
    )
