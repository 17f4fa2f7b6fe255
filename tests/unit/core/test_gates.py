# SPDX-License-Identifier: Apache-2.0
"""What is gated is seen from its version on, and up to its last."""

import unittest

from flocx import exceptions
from flocx.core import gates
from flocx.core import query


class GatesTest(unittest.TestCase):
    def test_versions_are_numbers(self):
        self.assertLess(gates.parsed('1.9'), gates.parsed('1.10'))

    def test_a_gate(self):
        for gate, let in (
            (gates.Gate(), ['1.0', '1.1', '1.2']),
            (gates.Gate(since='1.1'), ['1.1', '1.2']),
            (gates.Gate(until='1.1'), ['1.0', '1.1']),
            (gates.Gate('1.1', '1.1'), ['1.1']),
        ):
            versions = ['1.0', '1.1', '1.2']
            found = [each for each in versions if gate.lets(gates.parsed(each))]
            self.assertEqual(let, found, gate)

    def test_parameters_and_their_values(self):
        new = gates.Gated(query.integer, gates.Gate(since='1.1'))
        self.assertEqual(7, new('7', 'new'))
        status = gates.Choices(['open', 'closed'], closed='1.1')
        parameters = {'name': query.text, 'new': new, 'status': status}
        first, second = (
            gates.served(parameters, version) for version in ((1, 0), (1, 1))
        )
        self.assertEqual({'name', 'status'}, first.keys())
        self.assertEqual(parameters.keys(), second.keys())
        self.assertEqual('closed', second['status']('closed', 'status'))
        with self.assertRaisesRegex(exceptions.Invalid, '^status: .* none of open$'):
            first['status']('closed', 'status')


if __name__ == '__main__':
    unittest.main()
