# SPDX-License-Identifier: Apache-2.0
"""Times as esi-leap has them: without a zone, and with an end that never comes.

esi-leap means the zone of its host; here a time without a zone is in UTC. Its offers
without an end last until the last moment of the calendar; ours until the last one that
FLOCX knows, which is shown as theirs.
"""

import datetime

from flocx import exceptions
from flocx.core import window

#: How esi-leap writes it.
_MAX = '9999-12-31T23:59:59.999999'


def instant(value, field):
    """The moment that ``value`` names; what comes after ``window.OPEN_END`` is that.

    :param value: an ISO 8601 string, in UTC where it names no zone.
    :raises Invalid: it is none.
    """
    try:
        moment = datetime.datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise exceptions.Invalid(f'{field}: {error}') from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    if moment.year > window.LAST_YEAR:
        return window.OPEN_END
    return window.instant(moment, field)


def text(moment):
    """``moment`` as esi-leap writes it, in UTC."""
    if moment >= window.OPEN_END:
        return _MAX
    if moment.tzinfo is not datetime.UTC:
        moment = moment.astimezone(datetime.UTC)
    # All but the zone, at half the cost of leaving that out before.
    return moment.isoformat()[: -len('+00:00')]
