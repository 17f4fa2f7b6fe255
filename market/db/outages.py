# SPDX-License-Identifier: Apache-2.0
"""The time of planned outages, which nobody gets."""

import sqlalchemy as sa

from flocx.core import maintenance as core
from market.db import schema

_TABLE = schema.maintenances


def during(offers, start, end):
    """Condition: an outage of the server of a row of ``offers`` has some of the time.

    :param end: None for the moment ``start`` alone.
    """
    return sa.exists().where(
        _TABLE.c.provider_id == offers.c.provider_id,
        _TABLE.c.resource_type == offers.c.resource_type,
        _TABLE.c.resource_uuid == offers.c.resource_uuid,
        _TABLE.c.status == core.Status.ANNOUNCED,
        _TABLE.c.end_time > start,
        _TABLE.c.start_time < end if end else _TABLE.c.start_time <= start,
    )
