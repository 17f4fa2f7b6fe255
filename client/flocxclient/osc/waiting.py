# SPDX-License-Identifier: Apache-2.0
"""Waiting until the market has done its part."""

import time

from osc_lib import exceptions

FIRST_PAUSE, LAST_PAUSE = 0.5, 5.0


def until(
    fetch, wanted, hopeless, what, timeout, out, clock=time.monotonic, sleep=time.sleep
):
    """What ``fetch()`` returns once its status is one of ``wanted``.

    Each new status is printed on ``out``, which is stderr: the output of the
    command stays fit for a pipe.

    :param hopeless: statuses from which a wanted one cannot come.
    :param what: what is waited for, with its uuid; it is in every message.
    :param timeout: seconds.
    :raises CommandError: if it becomes hopeless or takes too long. The thing
        itself exists all the same; the message says how to go on.
    """
    deadline = clock() + timeout
    pause, status = FIRST_PAUSE, None
    while True:
        found = fetch()
        if found.status != status:
            status = found.status
            out.write(f'{what}: {status}\n')
            out.flush()
        if status in wanted:
            return found
        if status in hopeless:
            reason = getattr(found, 'reason', None)
            raise exceptions.CommandError(
                f'{what} is {status}' + (f': {reason}' if reason else '')
            )
        if clock() + pause > deadline:
            raise exceptions.CommandError(
                f'{what} is still {status} after {timeout} seconds; it goes on '
                'by itself, "show" says how it stands'
            )
        sleep(pause)
        pause = min(pause * 1.5, LAST_PAUSE)
