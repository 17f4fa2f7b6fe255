# SPDX-License-Identifier: Apache-2.0
"""The openstack command as a server, which imports it once for many command lines.

Run in the environment that has the command: ``python -P serve_openstack.py SOCKET``.
Each connection is a process of its own, forked from what is imported already. It reads
the words of one command line, a list in JSON on one line, and answers with an object
that has ``returncode``, ``stdout`` and ``stderr``. The server ends when its standard
input does.
"""

import json
import os
import socketserver
import sys
import tempfile
import threading

from openstackclient import shell


class Handler(socketserver.StreamRequestHandler):
    """One command line, in the process that was forked for it."""

    def handle(self):
        line = self.rfile.readline()
        if not line:
            # Somebody has looked whether there is a server.
            return
        with (
            open(os.devnull) as nothing,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            for number, file in enumerate((nothing, out, err)):
                os.dup2(file.fileno(), number)
            code = _run(json.loads(line))
            answer = {'returncode': code, 'stdout': _text(out), 'stderr': _text(err)}
        self.wfile.write(json.dumps(answer).encode())


def _run(words):
    """The exit code of ``openstack``, as a shell would have it."""
    try:
        code = shell.main(words)
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(bool(code))


def _text(file):
    file.seek(0)
    return file.read().decode(errors='replace')


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    #: A person types one after the other; a tour sends a few at once.
    request_queue_size = 64


def main():
    _, path = sys.argv
    # It would take the name of this script for its own.
    sys.argv[0] = shell.OpenStackShell.NAME = 'openstack'
    with Server(path, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # Its end says that there is nothing more to do. Not by ``sys.stdin``, whose
        # lock the processes that are forked meanwhile would find held.
        while os.read(0, 1):
            pass
        server.shutdown()


if __name__ == '__main__':
    main()
