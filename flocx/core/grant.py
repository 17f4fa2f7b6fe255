# SPDX-License-Identifier: Apache-2.0
"""A grant: credits that the operator gives a project, once or each month."""

import dataclasses
import datetime
import decimal
import enum


class Status(enum.StrEnum):
    ACTIVE = 'active'
    ENDED = 'ended'
    LAPSED = 'lapsed'


#: What a grant may become; what is given once has ended as it is made. What has ended
#: and expires lapses with the month for which it was given last.
TRANSITIONS = {
    Status.ACTIVE: {Status.ENDED},
    Status.ENDED: {Status.LAPSED},
    Status.LAPSED: set[Status](),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """``amount`` credits for the account of ``project_id``, a project or organisation.

    Of one that ``expires``, what is left lapses as its month ends. ``month`` is the
    last one for which it was given.
    """

    uuid: str
    account_uuid: str
    project_id: str
    amount: decimal.Decimal
    monthly: bool
    expires: bool
    reason: str | None = None
    status: Status = Status.ACTIVE
    month: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
