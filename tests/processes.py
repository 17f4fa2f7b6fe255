# SPDX-License-Identifier: Apache-2.0
"""Programs of FLOCX as processes that are there at once.

Each is forked from a server that has imported the services once: it is a process of
its own, with nothing of the test's, and spares the seconds that the imports take.
"""

import multiprocessing
import os
import sys

_FORKS = multiprocessing.get_context('forkserver')
_FORKS.set_forkserver_preload(
    ['flocx.standalone', 'market.cmd', 'matcher.cmd', 'provider.cmd']
)


def start(main, command, output, errors=None):
    """A running process that calls ``main()`` as a console script would.

    :param main: a function of a module; it is found by its name.
    :param command: the words of the command line, the program's name first.
    :param output: path of the file that what it prints is added to.
    :param errors: path of the one for what it prints as errors; None: the same.
    """
    paths = (output, errors or output)
    process = _FORKS.Process(target=_run, args=(main, command, paths))
    process.start()
    return process


def _run(main, command, paths):
    for stream, path in zip((sys.stdout, sys.stderr), paths, strict=True):
        stream.flush()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, stream.fileno())
    sys.argv = command
    sys.exit(main())
