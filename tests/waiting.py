# SPDX-License-Identifier: Apache-2.0
"""Waiting for what is to happen: the one place in the tests that looks at the clock."""

import threading
import time


def until(look, done=bool, seconds=60, pause=0.05):
    """What ``look()`` returned last: what is ``done``, or what there is in the end.

    Whoever waits asserts what has come of it. ``seconds`` is a limit for what hangs and
    may be as long as one likes: no test is about how fast a machine is.
    """
    over = time.monotonic() + seconds
    while not done(found := look()) and time.monotonic() < over:
        time.sleep(pause)
    return found


def moment(draw, most):
    """Let a time pass that ``draw``, a random.Random, chooses: when a fault happens.

    Nothing may be asserted about what has happened meanwhile.
    """
    threading.Event().wait(draw.uniform(0, most))
