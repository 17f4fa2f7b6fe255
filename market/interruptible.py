# SPDX-License-Identifier: Apache-2.0
"""What a bid says of being displaced by a firm one."""

from flocx import exceptions
from flocx.core import contract as core


def check(given, conf):
    """Nothing, if a new bid may say what ``given``, its fields, say of it.

    :raises Invalid: its notice is too short or too long, or it has none and says what
        is to become of it when it is displaced.
    """
    notice = given.get('interruptible_notice')
    if notice is None:
        if given.get('on_displaced', core.OnDisplaced.END) != core.OnDisplaced.END:
            raise exceptions.Invalid(
                'on_displaced: only a bid with an interruptible_notice is displaced'
            )
        return
    least, most = (
        conf.market.min_interruptible_notice,
        conf.market.max_interruptible_notice,
    )
    if not least <= notice <= most:
        raise exceptions.Invalid(
            f'interruptible_notice: {notice} seconds; it is from {least} '
            f'(min_interruptible_notice) to {most} (max_interruptible_notice)'
        )
