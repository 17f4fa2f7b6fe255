# SPDX-License-Identifier: Apache-2.0
"""The openstack command, as a person at a terminal would use it."""

import dataclasses
import functools
import json
import pathlib
import shlex
import socket
import subprocess
import tempfile
import threading
import time
import weakref

from tools.lab import progress
from tools.lab import together
from tools.lab import trouble

SHOWN_LINES = 30
# A command that takes longer than that hangs.
LIMIT = 90


@dataclasses.dataclass(frozen=True)
class Command:
    """``openstack`` with arguments, as one of the users of clouds.yaml."""

    cloud: str
    line: str
    # The fields to ask for, as JSON; without any, the command answers nothing.
    fields: tuple = ()
    # A piece of the message with which the command must be refused.
    refused: str = ''

    def __str__(self):
        asked = ' -f json' + ''.join(f' -c {field}' for field in self.fields)
        return f'openstack --os-cloud {self.cloud} {self.line}' + (
            asked if self.fields else ''
        )


class Server:
    """The process that has imported the openstack command, see ``serve_openstack``."""

    def __init__(self, folder):
        self._folder, self._process, self._lock = folder, None, threading.Lock()
        self._path, self._log = '', folder.logs / 'openstack.log'

    def answer(self, words):
        """What the command does with these words, see ``serve_openstack``.

        :raises TimeoutError: it does not end within ``LIMIT`` seconds.
        """
        self._start()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LIMIT)
            connection.connect(self._path)
            connection.sendall(json.dumps(words).encode() + b'\n')
            with connection.makefile('rb') as stream:
                return json.loads(stream.read())

    def _start(self):
        with self._lock:
            if self._process:
                return
            # The path of a socket must be short, and that of the folder may be long.
            place = tempfile.TemporaryDirectory()
            self._path = f'{place.name}/openstack'
            serve = pathlib.Path(__file__).with_name('serve_openstack.py')
            with open(self._log, 'w') as log:
                self._process = subprocess.Popen(
                    # -P: the script's folder holds a keystone.py, which is another.
                    [self._folder.python, '-P', serve, self._path],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    env=self._folder.environment(),
                    cwd=self._folder.path,
                )
            weakref.finalize(self, _stop, self._process, place)
            self._wait()

    def _wait(self):
        end = time.monotonic() + LIMIT
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                raise trouble.Trouble(
                    f'The openstack command does not start; the end of {self._log}:',
                    trouble.last_lines(self._log),
                )
            time.sleep(0.05)

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as connection:
            return not connection.connect_ex(self._path)


def _stop(process, place):
    process.stdin.close()
    process.wait()
    place.cleanup()


class Terminal:
    """Runs commands, shows them with their output, and reads the answers."""

    def __init__(self, folder):
        self.folder = folder
        self._server = Server(folder)

    def run(self, cloud, line, *fields, refused=''):
        """Run one command; its answer."""
        return self.run_all(Command(cloud, line, fields, refused))[0]

    def run_all(self, *commands):
        """Run independent commands at once; their answers, in order."""
        results = together.together(
            *(functools.partial(self._run, command) for command in commands)
        )
        return [
            self._show(command, result)
            for command, result in zip(commands, results, strict=True)
        ]

    def until(self, command, holds, seconds):
        """Repeat a command until its answer holds; show the last one only."""
        end = time.monotonic() + seconds
        while True:
            result = self._run(command)
            held = result.returncode == 0 and holds(_read(result))
            if held or time.monotonic() > end:
                break
            time.sleep(0.3)
        answer = self._show(command, result)
        if not held:
            raise trouble.NotHeld(f'That did not come about within {seconds:.0f} s.')
        return answer

    def _run(self, command):
        words = shlex.split(str(command))[1:]
        try:
            return subprocess.CompletedProcess(words, **self._server.answer(words))
        except TimeoutError:
            raise trouble.NotHeld(f'{command}: no end after {LIMIT} s.') from None

    def _show(self, command, result):
        """Print what was run and what came of it; the answer it gave."""
        progress.say(progress.bold(f'$ {command}'))
        lines = f'{result.stderr}{result.stdout}'.rstrip().splitlines()
        for line in lines[:SHOWN_LINES]:
            progress.say(line)
        if len(lines) > SHOWN_LINES:
            progress.say(f'... and {len(lines) - SHOWN_LINES} lines more')
        if command.refused:
            return _must_be_refused(command, result)
        if result.returncode:
            raise trouble.NotHeld(f'That command failed ({result.returncode}).')
        return _read(result) if command.fields else None


def _must_be_refused(command, result):
    if result.returncode == 0:
        raise trouble.NotHeld('That should have been refused.')
    if command.refused not in result.stderr:
        raise trouble.NotHeld(f'That should have been refused with {command.refused}.')


def _read(result):
    try:
        return json.loads(result.stdout)
    except ValueError as error:
        raise trouble.NotHeld(f'That answer is not JSON: {error}') from None
