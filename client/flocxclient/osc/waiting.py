# SPDX-License-Identifier: Apache-2.0
"""Waiting until the market has done its part."""

import time

from keystoneauth1 import exceptions as auth_exceptions
from osc_lib import exceptions

from flocxclient.i18n import _

# Shorter than the five seconds after which Apache ends an idle connection: whoever asks
# at that very moment gets no answer.
FIRST_PAUSE, LAST_PAUSE = 0.5, 4.0
#: How often in a row nobody has to answer, to be believed.
ATTEMPTS = 3


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
        found = _look(fetch, pause, sleep)
        if found.status != status:
            status = found.status
            out.write(f'{what}: {status}\n')
            out.flush()
        if status in wanted:
            return found
        if status in hopeless:
            reason = getattr(found, 'reason', None)
            sentence = (
                _('{what} is {status}: {reason}') if reason else _('{what} is {status}')
            )
            raise exceptions.CommandError(
                sentence.format(what=what, status=status, reason=reason)
            )
        if clock() + pause > deadline:
            raise exceptions.CommandError(
                _(
                    '{what} is still {status} after {timeout} seconds; it goes '
                    'on by itself, "show" says how it stands'
                ).format(what=what, status=status, timeout=timeout)
            )
        sleep(pause)
        pause = min(pause * 1.5, LAST_PAUSE)


def _look(fetch, pause, sleep):
    """What ``fetch()`` returns, which only looks and may be asked again."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            return fetch()
        except auth_exceptions.ConnectFailure:
            sleep(pause)
    return fetch()
