# SPDX-License-Identifier: Apache-2.0
"""What tools/test prints: progress, failures when they happen, a table at the end."""

import collections
import contextlib
import threading

#: So many seconds pass between two lines of progress.
INTERVAL = 20


class Report:
    """Prints lines, from several threads."""

    def __init__(self):
        self._lock = threading.Lock()

    def say(self, text):
        with self._lock:
            print(text, flush=True)

    def failed(self, suite, name, output):
        self.say(f'\n== FAILED in {suite}: {name}\n{output}')

    @contextlib.contextmanager
    def progress(self, runs):
        """Say every now and then how far these have come."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(runs, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, runs, over):
        last, passed = '', 0
        while not over.wait(INTERVAL):
            passed += INTERVAL
            line = ', '.join(filter(None, map(_state, runs)))
            if line != last:
                self.say(f'{passed:5} s  {line}')
            last = line

    def summarize(self, outcomes, notes):
        """Repeat what failed tests printed, then one line for each suite.

        :param notes: lines to show between the table and the last line.
        """
        for outcome in outcomes:
            for name, output in outcome.failures.items():
                self.say(f'\n== {name}\n{output}')
        self.say('\n== summary ' + '=' * 63)
        for outcome in outcomes:
            self.say(_row(outcome))
        for line in notes:
            self.say(line)
        self.say('\n' + counted(outcomes))


def skips(outcomes):
    """A line for each reason to skip tests, with how many there were."""
    reasons = collections.Counter(
        reason for outcome in outcomes for reason in outcome.skips.values()
    )
    return [f'skipped {count:4}: {reason}' for reason, count in sorted(reasons.items())]


def counted(outcomes):
    """The last line: what all suites came to."""
    passed, failed, skipped = (
        sum(getattr(outcome, name) for outcome in outcomes)
        for name in ('passed', 'failed', 'skipped')
    )
    return f'{passed} passed, {failed} failed, {skipped} skipped'


def _state(run):
    outcome = run.outcome
    if not outcome.tests or outcome.seconds:
        return ''
    failed = f', {outcome.failed} FAILED' if outcome.failed else ''
    return f'{outcome.suite}: {outcome.passed} passed{failed}'


def _row(outcome):
    """Seconds by the clock, and by the processor."""
    verdict = 'ok' if outcome.ok else 'FAILED'
    times = f'{outcome.seconds:5.0f} s {outcome.cpu_seconds:6.0f} s cpu'
    tests = f'  {counted([outcome])}' if outcome.tests else ''
    line = f'{outcome.suite:<11} {verdict:<7} {times}{tests}'
    return '\n    failed: '.join((line, *outcome.failures))
