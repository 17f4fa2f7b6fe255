# SPDX-License-Identifier: Apache-2.0
"""The openstack command, as a person at a terminal would use it."""

import dataclasses
import functools
import json
import shlex
import statistics
import subprocess
import time

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


class Terminal:
    """Runs commands, shows them with their output, and reads the answers."""

    def __init__(self, folder):
        self.folder = folder
        self._seconds = []

    @property
    def pace(self):
        """How many seconds a command takes on this machine, as it is today."""
        return statistics.median(self._seconds or [0])

    def run(self, cloud, line, *fields, refused=''):
        """Run one command; its answer."""
        return self.run_all(Command(cloud, line, fields, refused))[0]

    def run_all(self, *commands):
        """Run independent commands at once; their answers, in order."""
        began = time.monotonic()
        results = together.together(
            *(functools.partial(self._run, command) for command in commands)
        )
        if not any('--wait' in command.line for command in commands):
            self._seconds.append(time.monotonic() - began)
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
        openstack = self.folder.venv / 'bin' / 'openstack'
        try:
            return self._call([self.folder.python, openstack], command)
        except subprocess.TimeoutExpired as error:
            raise trouble.NotHeld(
                f'{command}: no end after {LIMIT} s. {error.stderr or ""}'
            ) from None

    def _call(self, openstack, command):
        return subprocess.run(
            [*openstack, *shlex.split(str(command))[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.folder.environment(),
            cwd=self.folder.path,
            timeout=LIMIT,
        )

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
