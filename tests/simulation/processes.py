# SPDX-License-Identifier: Apache-2.0
"""What runs in a process besides the services: their loops, their naps, their log."""

import datetime
import logging

from oslo_db import exception as db_exc

from flocx import exceptions
from tests.simulation import network

#: What the storm gives rise to; everything else is somebody's mistake.
EXPECTED = (
    exceptions.FlocxError,
    db_exc.DBDeadlock,
    db_exc.DBConnectionError,
    network.Away,
)


class Loop:
    """What ``flocx.service.Loop`` is, run by the world: a pass when woken or due."""

    def __init__(self, world, process, name, interval):
        self._world, self._process, self.name = world, process, name
        self._interval = datetime.timedelta(seconds=interval)
        self._task, self._woken, self._due = None, True, world.now
        self.step = None

    def wake(self):
        self._woken = True

    @property
    def ready(self):
        idle = self._task is None or self._task.done or self._task.crashed
        return idle and (self._woken or self._due <= self._world.now)

    def start(self):
        self._woken, self._due = False, self._world.now + self._interval
        self._task = self._world.tasks.spawn(self._process, self.name, self._run)
        return self._task

    def _run(self):
        try:
            again = self.step(self._world.now)
        except Exception as error:
            # As the real loop: it costs no more than itself.
            self._world.failed(error)
            again = None
        if isinstance(again, datetime.datetime):
            self._due = min(self._due, again)


class Time:
    """What ``time`` is elsewhere: it passes as the world says, not as the wall does."""

    def __init__(self, world):
        self._world, self._begin = world, world.now

    def monotonic(self):
        return (self._world.now - self._begin).total_seconds()

    def sleep(self, seconds):
        """Who waits before they try again lets others run."""
        self._world.tasks.point('tries again')


class Failures(logging.Handler):
    """Tells the world of what the services log as their own fault."""

    def __init__(self, world):
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record):
        if record.exc_info and not isinstance(record.exc_info[1], EXPECTED):
            self._world.failed(record.exc_info[1])
