# SPDX-License-Identifier: Apache-2.0
"""Tasks that run one at a time, in an order that the seed decides.

Each task is a thread, for the libraries keep things for each thread; but only the
one that was handed the baton runs. It hands the baton back wherever the outside
world could see what it has done: before and after a transaction, a request, a call
of Ironic. There, and only there, another task may run, and its process may die.
While nothing but tasks can happen, one hands the baton to the next.
"""

import _thread
import threading


class Crash(BaseException):
    """The process of this task is gone; nothing that it would still do happens."""


class Process:
    """What dies together; ``epoch`` counts its lives."""

    def __init__(self, name):
        self.name, self.epoch = name, 0

    def crash(self):
        self.epoch += 1


class Task:
    """An action of a process; ``answer`` or ``error`` is there when it is ``done``."""

    def __init__(self, process, name, action):
        self.process, self.name, self.epoch = process, name, process.epoch
        self.done, self.answer, self.error = False, None, None
        self.ready, self.begun = None, False
        self._action, self.go = action, threading.Lock()
        self.go.acquire()

    @property
    def crashed(self):
        return self.epoch != self.process.epoch

    def work(self):
        try:
            if not self.crashed:
                self.answer = self._action()
        except Crash:
            self.epoch = -1
        except Exception as error:
            self.error = error


class Scheduler:
    """Runs tasks; ``trace`` is what happened, in order."""

    def __init__(self, random):
        self._random, self._back = random, threading.Lock()
        self._back.acquire()
        self.running, self._tasks, self._draining = None, [], False
        self.trace = []

    def spawn(self, process, name, action):
        """Add a task that runs ``action``."""
        task = Task(process, name, action)
        self._tasks.append(task)
        return task

    def runnable(self):
        """The tasks that could go on now."""
        return [
            task
            for task in self._tasks
            if task.ready is None or task.crashed or task.ready()
        ]

    def step(self):
        """Let one task go on to its next point; whether there was one."""
        following = self._following()
        if following is None:
            return False
        self._resume(following)
        return True

    def drain(self):
        """Let tasks go on, as :meth:`step` does, until none can; whether any did."""
        self._draining = True
        try:
            return self.step()
        finally:
            self._draining = False

    def point(self, what, ready=None):
        """Let others run; ``what`` is what the running task does next.

        :param ready: a function; the task goes on when it says so.
        :raises Crash: the process has died meanwhile.
        """
        task = self.running
        if task is None:
            return
        self.note(f'{task.process.name}: {task.name}: {what}')
        task.ready = ready
        if not self._draining:
            self._back.release()
            task.go.acquire()
        elif (following := self._following()) is not task:
            self._hand_on(following)
            task.go.acquire()
        task.ready = None
        if task.crashed:
            raise Crash(task.name)

    def note(self, entry):
        self.trace.append(entry)

    def end(self):
        """Let all that still runs die."""
        for task in self._tasks:
            task.process.crash()
        while self._tasks:
            self._resume(self._tasks[0])

    def _following(self):
        """The task that is to go on, or None where none can."""
        tasks = self.runnable()
        return self._random.choice(tasks) if tasks else None

    def _resume(self, task):
        self._hand_on(task)
        self._back.acquire()
        self.running = None

    def _hand_on(self, task):
        """Give the baton to ``task``, or back to who has called where it is None."""
        self.running = task
        if task is None:
            self._back.release()
        elif task.begun:
            task.go.release()
        else:
            # A ``Thread`` would first wait until the new one says that it has begun.
            task.begun = True
            _thread.start_new_thread(self._live, (task,))

    def _live(self, task):
        task.work()
        task.done = True
        self._tasks.remove(task)
        self._hand_on(self._following() if self._draining else None)


class Executor:
    """What ``ThreadPoolExecutor`` is to the fulfiller, under the scheduler."""

    def __init__(self, scheduler):
        self._scheduler = scheduler

    def __call__(self, max_workers):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def map(self, action, items):
        """The answers of ``action`` for each item, each a task of its own."""
        mine = self._scheduler.running
        tasks = [
            self._scheduler.spawn(
                mine.process, mine.name, lambda each=each: action(each)
            )
            for each in items
        ]
        self._scheduler.point('waits', lambda: all(task.done for task in tasks))
        for task in tasks:
            if task.error:
                raise task.error
        return [task.answer for task in tasks]
