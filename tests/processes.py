# SPDX-License-Identifier: Apache-2.0
"""Programs of FLOCX as processes that are there at once.

Each is forked from a server that has imported the services once: it is a process of
its own, with nothing of the test's, and spares the seconds that the imports take.
"""

import multiprocessing
import os
import sys

_FORKS = multiprocessing.get_context('forkserver')
_FORKS.set_forkserver_preload(['flocx.standalone'])


def start(main, arguments, output):
    """A running process that calls ``main()`` as a console script would.

    :param main: a function of a module; it is found by its name.
    :param arguments: those of the command line.
    :param output: path of the file that what it prints is added to.
    """
    process = _FORKS.Process(target=_run, args=(main, arguments, str(output)))
    process.start()
    return process


def _run(main, arguments, output):
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(descriptor, stream.fileno())
    sys.argv = [main.__module__, *arguments]
    sys.exit(main())
