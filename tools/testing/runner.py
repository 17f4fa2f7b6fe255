# SPDX-License-Identifier: Apache-2.0
"""Running suites side by side, and what each of them came to."""

import collections
import dataclasses
import os
import queue
import subprocess
import sys
import threading
import time

from tools.testing import environments
from tools.testing import suites

#: Which of the lines of a log that a failed test attached are shown: the last.
TAIL = 60

# stestr starts its workers with whatever PYTHON says.
COVERAGE = {'PYTHON': 'coverage run'}
CORE_COVERAGE = {'PYTHON': 'coverage run --source=flocx.core'}

#: So many suites that compute run at once: one fills the gaps that another leaves
#: when its last worker is still busy.
COMPUTING = 2

#: Suites that wait come first whenever they need the processor.
NICENESS = 10

#: What `stestr run` exits with when it finds no tests.
NO_TESTS = 1


@dataclasses.dataclass
class Outcome:
    """What one suite came to; ``tests`` are its tests by id with their status."""

    suite: str
    ok: bool = False
    seconds: float = 0
    cpu_seconds: float = 0
    tests: dict = dataclasses.field(default_factory=dict)
    #: {name: output}, of those that failed.
    failures: dict = dataclasses.field(default_factory=dict)
    #: {name: reason}, of those that were skipped.
    skips: dict = dataclasses.field(default_factory=dict)

    @property
    def passed(self):
        statuses = collections.Counter(self.tests.values())
        return statuses['success'] + statuses['xfail']

    @property
    def failed(self):
        return len(self.failures)

    @property
    def skipped(self):
        return len(self.skips)


class Run:
    """One suite, which runs in processes of its own.

    :param report: is told ``failed(suite, name, output)`` as soon as a test fails.
    :param compiling: the thread that compiles the auction engine, or None.
    """

    def __init__(self, suite, options, environment, report, compiling=None):
        self.suite, self._options, self._compiling = suite, options, compiling
        self._environment, self._report = environment, report
        self.outcome = Outcome(suite.name)

    def run(self):
        """Run it to its end; what goes wrong in between is a failure of the suite."""
        started = time.monotonic()
        self._report.say(f'== {self.suite.name} starts')
        try:
            if self.suite.path is None:
                self._run_style()
            else:
                self._run_tests()
        # Installing may end the program, which is for the whole run to report.
        except (Exception, SystemExit) as error:
            self._fail('the suite itself', f'{type(error).__name__}: {error}')
        self.outcome.seconds = time.monotonic() - started
        self.outcome.ok = self.outcome.ok and not self.outcome.failures
        return self.outcome

    def _fail(self, name, output):
        self.outcome.failures[name] = output
        self._report.failed(self.suite.name, name, output)

    def _run_style(self):
        command = [sys.executable, str(suites.ROOT / 'tools' / 'style')]
        process = self._start(command, self._environment, stderr=subprocess.STDOUT)
        output = process.stdout.read().decode(errors='replace')
        self.outcome.ok = not self._wait(process)
        if not self.outcome.ok:
            self._report.failed('style', 'style', output)

    def _run_tests(self):
        env = self._environment_of_tests()
        if self.suite.compiled:
            self._wait_for_compiled()
        repository = environments.HOME / 'stestr' / self.suite.name
        repository.mkdir(parents=True, exist_ok=True)
        command = ['stestr', '--repo-url', str(repository)]
        command += ['--test-path', self.suite.path, '--top-dir', './']
        command += ['run', '--subunit', *self._selection()]
        with open(repository / 'stderr.log', 'w+b') as errors:
            process = self._start(command, env, stderr=errors)
            noise = self._read(process.stdout)
            code = self._wait(process)
            errors.seek(0)
            noise += errors.read().decode(errors='replace')
        # With --subunit stestr exits with 0 though tests have failed.
        self.outcome.ok = code == 0
        if not self.outcome.tests:
            self._explain_nothing(code, noise)
        elif code:
            self._fail('stestr', f'exits with {code}:\n{_tail(noise)}')

    def _wait_for_compiled(self):
        if self._compiling:
            self._compiling.join()

    def _explain_nothing(self, code, noise):
        """No test has run: none matches, or a module cannot be imported."""
        if code == NO_TESTS and 'import' not in noise.lower():
            self.outcome.ok = bool(self._options.stestr)
            if not self.outcome.ok:
                self._fail('the suite itself', 'has no tests')
        else:
            self._fail('a module', f'cannot be imported:\n{noise}')

    def _selection(self):
        arguments = [*self.suite.selection]
        if self._options.stestr:
            return arguments + self._options.stestr
        if self.suite.small and len(self._options.suites) > COMPUTING:
            return [*arguments, '--serial']
        return arguments + [*self.suite.workers]

    def _environment_of_tests(self):
        env = environments.with_programs_of(
            self.suite.environment.python
            if self.suite.environment is not environments.OURS
            else sys.executable,
            self._environment,
        )
        if self.suite.name == 'core' and not self._options.stestr:
            env |= CORE_COVERAGE
        if self._options.cover and self.suite.name in ('core', 'unit', 'functional'):
            env |= COVERAGE
        if self.suite.name == 'simulation' and self._options.seeds:
            env |= {'FLOCX_SIMULATION_SEEDS': str(self._options.seeds)}
        if self.suite.name == 'integration':
            environments.compile_driver()
            if not self._options.stestr:
                environments.install_lab(self._wait_for_compiled)
        return env

    def _start(self, command, env, stderr):
        # Those that wait need the processor seldom, and then soon.
        nice = ['nice', '-n', str(NICENESS)]
        polite = nice if self._options.side_by_side and not self.suite.waits else []
        return subprocess.Popen(
            [*polite, *command],
            cwd=self.suite.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    def _wait(self, process):
        """The exit code; what the processor did for it is noted."""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.outcome.cpu_seconds = usage.ru_utime + usage.ru_stime
        return process.returncode

    def _read(self, stream):
        """Note each test as it ends; what is printed between them is returned."""
        import subunit
        import testtools

        noise = []

        class Noise(testtools.StreamResult):
            def status(self, test_id=None, file_bytes=None, **others):
                if test_id is None and file_bytes:
                    noise.append(file_bytes)

        result = testtools.CopyStreamResult(
            [testtools.StreamToDict(self._note), Noise()]
        )
        result.startTestRun()
        case = subunit.ByteStreamToStreamResult(stream, non_subunit_name='stdout')
        case.run(result)
        result.stopTestRun()
        return b''.join(noise).decode(errors='replace')

    def _note(self, test):
        name, status = test['id'], test['status']
        if status == 'exists':
            # Some runners list their tests before they run them.
            return
        self.outcome.tests[name] = status
        if status == 'skip':
            reasons = _texts(test['details'])
            self.outcome.skips[name] = reasons.get('reason', '').strip()
        elif status not in ('success', 'xfail'):
            self._fail(
                name,
                '\n'.join(
                    f'{title}:\n{_tail(text)}'
                    for title, text in sorted(_texts(test['details']).items())
                ),
            )


def _texts(details):
    return {
        name: content.as_text()
        for name, content in details.items()
        if content.content_type.type == 'text'
    }


def _tail(text):
    return '\n'.join(text.splitlines()[-TAIL:])


def side_by_side(runs):
    """Run all of them: those that wait one by one, beside those that compute.

    :returns: their outcomes in the order of ``runs``.
    """
    waiting, computing = queue.SimpleQueue(), queue.SimpleQueue()
    for each in runs:
        (waiting if each.suite.waits else computing).put(each)
    lanes = [
        threading.Thread(target=_drain, args=(of,))
        for of in (waiting, *[computing] * COMPUTING)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return [each.outcome for each in runs]


def _drain(runs):
    while True:
        try:
            each = runs.get_nowait()
        except queue.Empty:
            return
        each.run()
