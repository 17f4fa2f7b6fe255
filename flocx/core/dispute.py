# SPDX-License-Identifier: Apache-2.0
"""A dispute: a party to a contract says that a line of its statement is wrong."""

import dataclasses
import datetime
import decimal
import enum


class Status(enum.StrEnum):
    OPEN = 'open'
    ACCEPTED = 'accepted'
    REJECTED = 'rejected'


#: What a dispute may become, as the operator decides.
TRANSITIONS = {
    Status.OPEN: {Status.ACCEPTED, Status.REJECTED},
    Status.ACCEPTED: set[Status](),
    Status.REJECTED: set[Status](),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """``project_id`` disputes a transfer that ``other_project_id`` has a part in, too.

    Of one that is accepted, ``amount`` credits went from the other project to it, by
    the transfer ``correction_uuid``.
    """

    uuid: str
    transfer_uuid: str
    project_id: str
    other_project_id: str
    reason: str
    status: Status = Status.OPEN
    decision: str | None = None
    amount: decimal.Decimal | None = None
    correction_uuid: str | None = None
    decided_by: str | None = None
    created_at: datetime.datetime
    updated_at: datetime.datetime
