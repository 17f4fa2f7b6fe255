# SPDX-License-Identifier: Apache-2.0
"""What was spent and earned, month by month, as bars. Pure."""

import decimal

from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard.charts import columns
from flocx_dashboard.charts import frame
from flocx_dashboard.charts import scale

#: How much of a month's width its two bars take.
SHARE = 0.7

#: The bars of a month, in their order: a role, and the number of its colour.
ROLES = (('renter', 1), ('owner', 2))


def months(now, count):
    """The last ``count`` months until that of ``now``, as ``2027-01``."""
    last = now.year * 12 + now.month - 1
    return [
        f'{number // 12:04d}-{number % 12 + 1:02d}'
        for number in range(last - count + 1, last + 1)
    ]


def picture(groups, shown):
    """Bars for the months ``shown``; None if nothing was spent or earned.

    :param groups: UsageGroups of the SDK, by month.
    """
    amounts = {(each.role, each.group): decimal.Decimal(each.amount) for each in groups}
    highest = max((amounts[key] for key in amounts if key[1] in shown), default=0)
    if highest <= 0:
        return None
    values = scale.ticks(float(highest))
    y = scale.Linear(0, values[-1], frame.HEIGHT - frame.BOTTOM, frame.TOP)
    x = scale.Linear(0, len(shown), frame.LEFT, frame.WIDTH - frame.RIGHT)
    return columns.Picture(
        frame.Frame(
            [scale.Mark(x(at + 0.5), month[2:]) for at, month in enumerate(shown)],
            scale.numbers(values, y),
            '',
            _('Credits'),
        ),
        [
            _series(place, role, number, amounts, shown, x, y)
            for place, (role, number) in enumerate(ROLES)
        ],
    )


def _series(place, role, number, amounts, shown, x, y):
    name = {'renter': _('Spent'), 'owner': _('Earned')}[role]
    each = SHARE / len(ROLES)
    bars = []
    for at, month in enumerate(shown):
        amount = amounts.get((role, month), 0)
        if amount > 0:
            left = x(at + (1 - SHARE) / 2 + place * each)
            right = x(at + (1 - SHARE) / 2 + (place + 1) * each)
            title = f'{name}, {month}: {formats.money(str(amount))}'
            bars.append(
                columns.Bar(
                    left,
                    y(amount),
                    round(right - left, 1),
                    round(y(0) - y(amount), 1),
                    title,
                )
            )
    return columns.Series(number, name, bars, frame.TOP + 10 + 18 * place)
