# SPDX-License-Identifier: Apache-2.0
import io
import unittest

from flocxclient.osc import columns
from flocxclient.osc import streams

NAMES = ('ID', 'Name', 'Payload')


class TestStreams(unittest.TestCase):
    def check(self, name, *expected):
        """Each row must be out before the next one is asked for."""
        out = io.StringIO()

        def rows():
            for number in (1, 2):
                yield number, None, columns.Document({'b': 1, 'a': 'x'})
                self.assertEqual(''.join(expected[:number]), out.getvalue())

        streams.of(name, None).emit_list(NAMES, rows(), out, None)

    def test_lines(self):
        self.check('table', '1  -  a=x b=1\n', '2  -  a=x b=1\n')

    def test_an_object_a_line(self):
        rest = '"Name": null, "Payload": {"b": 1, "a": "x"}}\n'
        self.check('json', '{"ID": 1, ' + rest, '{"ID": 2, ' + rest)

    def test_items(self):
        rest = '  Name: null\n  Payload:\n    b: 1\n    a: x\n'
        self.check('yaml', '- ID: 1\n' + rest, '- ID: 2\n' + rest)

    def test_what_prints_as_it_goes_is_left_as_it_is(self):
        formatter = object()
        self.assertIs(formatter, streams.of('csv', formatter))
