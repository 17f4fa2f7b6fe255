# SPDX-License-Identifier: Apache-2.0
"""What it takes to move an object from one status to another."""

from collections.abc import Mapping
from collections.abc import Set
import enum
from typing import TypeVar

from flocx import exceptions

S = TypeVar('S', bound=enum.StrEnum)


def require(
    table: Mapping[S, Set[S]], resource_type: str, uuid: str, status: S, wanted: S
) -> None:
    """Nothing, if ``table`` lets an object go from ``status`` to ``wanted``.

    :raises Conflict: it does not; the message says what would be allowed.
    """
    if wanted in table[status]:
        return
    if wanted == status:
        raise exceptions.Conflict(f'{resource_type} {uuid} is {status} already')
    allowed = ', '.join(sorted(table[status])) or 'nothing; it is final'
    raise exceptions.Conflict(
        f'{resource_type} {uuid} is {status} and cannot become {wanted} '
        f'(only: {allowed})'
    )
