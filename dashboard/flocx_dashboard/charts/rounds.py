# SPDX-License-Identifier: Apache-2.0
"""Rounds of the auction as columns: bids looked at and contracts made. Pure."""

from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard.charts import columns
from flocx_dashboard.charts import frame
from flocx_dashboard.charts import scale

#: How much of a round's width its two columns take.
SHARE = 0.7
#: As many rounds as can be told apart.
MOST = 40


def picture(found):
    """Rounds of the SDK, the latest at the right; None if there is nothing to see."""
    shown = sorted(found, key=lambda each: each.time)[-MOST:]
    highest = max((max(each.bids, each.contracts) for each in shown), default=0)
    if not highest:
        return None
    values = [each for each in scale.ticks(highest) if each == int(each)]
    y = scale.Linear(
        0, max(values[-1], highest), frame.HEIGHT - frame.BOTTOM, frame.TOP
    )
    x = scale.Linear(0, len(shown), frame.LEFT, frame.WIDTH - frame.RIGHT)
    marks = [
        scale.Mark(x(at + 0.5), formats.moment(shown[at].time)[5:16])
        for at in range(0, len(shown), max(1, len(shown) // 6))
    ]
    sides = ((1, _('Bids'), 'bids'), (2, _('Contracts'), 'contracts'))
    return columns.Picture(
        frame.Frame(marks, scale.numbers(values, y), '', _('In a round')),
        [
            columns.Series(
                number,
                name,
                list(_bars(place, field, name, shown, x, y)),
                frame.TOP + 10 + 18 * place,
            )
            for place, (number, name, field) in enumerate(sides)
        ],
    )


def _bars(place, field, name, shown, x, y):
    for at, each in enumerate(shown):
        count = getattr(each, field)
        left = x(at + (1 - SHARE) / 2 + place * SHARE / 2)
        right = x(at + (1 - SHARE) / 2 + (place + 1) * SHARE / 2)
        yield columns.Bar(
            left,
            y(count),
            round(right - left, 1),
            round(y(0) - y(count), 1),
            f'{name}, {formats.moment(each.time)}: {count}',
        )
