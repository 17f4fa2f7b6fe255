# SPDX-License-Identifier: Apache-2.0
"""Servers of which only so many are asked for something at the same time."""

import threading


class LimitedNodes:
    """The methods of ``provider.nodes.Nodes``, which wait until they may be called.

    What waits for the market meanwhile does not keep others from Ironic, so more
    threads than these may deal with servers.
    """

    def __init__(self, nodes, most):
        """:param most: how many calls of ``nodes`` there are at a time."""
        self._nodes, self._free = nodes, threading.BoundedSemaphore(most)

    def __getattr__(self, name):
        method = getattr(self._nodes, name)

        def call(*arguments, **more):
            with self._free:
                return method(*arguments, **more)

        return call
