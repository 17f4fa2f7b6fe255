# SPDX-License-Identifier: Apache-2.0
"""What threads report at the same time is sent together, and answered to each."""

from concurrent import futures
import threading
import unittest

from provider import reporting

#: Seconds after which a test that hangs fails.
LONG = 60


class Sender:
    """Doubles numbers, one request after the other, the first when it is let go."""

    def __init__(self):
        self.sent, self.began, self.go = [], threading.Event(), threading.Event()

    def __call__(self, reports):
        self.sent.append(list(reports))
        self.began.set()
        self.go.wait(LONG)
        if 'nothing' in reports:
            raise ZeroDivisionError
        return [
            ValueError(each) if each == 'wrong' else f'{each} done' for each in reports
        ]


class ReportingTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.sender = Sender()
        self.reporting = reporting.Reporting(self.sender, 3)

    def report(self, *reports):
        """One at once, and the others while it is sent; what came of each."""
        with futures.ThreadPoolExecutor(len(reports)) as pool:
            first = pool.submit(self.reporting, reports[0])
            self.assertTrue(self.sender.began.wait(LONG))
            others = [pool.submit(self.reporting, each) for each in reports[1:]]
            while len(self.reporting._waiting) < len(others):
                threading.Event().wait(0.001)
            self.sender.go.set()
            found = [each.exception() or each.result() for each in (first, *others)]
        # The order in which threads come is nobody's.
        self.assertEqual(sorted(reports), sorted(sum(self.sender.sent, [])))
        return found

    def test_alone_it_is_sent_at_once(self):
        self.sender.go.set()
        self.assertEqual('a done', self.reporting('a'))
        self.assertEqual('b done', self.reporting('b'))
        self.assertEqual([['a'], ['b']], self.sender.sent)

    def test_what_comes_meanwhile_goes_together(self):
        found = self.report(*'abcdef')
        self.assertEqual([f'{each} done' for each in 'abcdef'], found)
        self.assertEqual([1, 3, 2], [len(each) for each in self.sender.sent])

    def test_what_is_refused_is_so_for_its_own(self):
        found = self.report('a', 'wrong', 'b')
        self.assertIsInstance(found[1], ValueError)
        self.assertEqual(['a done', 'b done'], [found[0], found[2]])

    def test_a_request_that_fails_fails_for_all_of_it_and_nobody_else(self):
        found = self.report('a', 'nothing', 'b')
        self.assertEqual('a done', found[0])
        for each in found[1:]:
            self.assertIsInstance(each, ZeroDivisionError)
        self.assertEqual('c done', self.reporting('c'))
