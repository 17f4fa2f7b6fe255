# SPDX-License-Identifier: Apache-2.0
"""Waiting for what is to happen: the one place in the tests that looks at the clock."""

import threading
import time

#: Seconds between two looks: the first, and at most. To look may cost a request to
#: each of three services, and what has taken long may take a little longer.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
LONGER = 1.25


def until(look, done=bool, seconds=60):
    """What ``look()`` returned last: what is ``done``, or what there is in the end.

    Whoever waits asserts what has come of it. ``seconds`` is a limit for what hangs and
    may be as long as one likes: no test is about how fast a machine is. Each pause is
    longer than the one before it.
    """
    over, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not done(found := look()) and time.monotonic() < over:
        time.sleep(pause)
        pause = min(LONGER * pause, LONGEST_PAUSE)
    return found


def moment(draw, most):
    """Let a time pass that ``draw``, a random.Random, chooses: when a fault happens.

    Nothing may be asserted about what has happened meanwhile.
    """
    threading.Event().wait(draw.uniform(0, most))
