# SPDX-License-Identifier: Apache-2.0
"""Doing independent things at the same time."""

import concurrent.futures


def together(*calls):
    """Call all at once; their results in order, or the first error.

    An error, Ctrl-C included, does not wait for the calls still going on:
    they end by themselves when what they talk to is stopped.
    """
    pool = concurrent.futures.ThreadPoolExecutor(len(calls))
    try:
        running = [pool.submit(call) for call in calls]
        concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_EXCEPTION)
        return [future.result() for future in running if future.done()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
