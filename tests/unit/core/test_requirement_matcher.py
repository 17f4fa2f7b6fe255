# SPDX-License-Identifier: Apache-2.0
"""Which hardware meets what many bids ask, each thing tried once and not for ever."""

import json
import unittest
from unittest import mock

from flocx import exceptions
from flocx.core import expressions
from flocx.core import requirement_matcher
from flocx.core import requirements
from tests.unit.core import test_requirements as examples


class JudgeTest(unittest.TestCase):
    """Each requirement is tried once on each document, and not for ever on any."""

    TEXT = json.dumps(examples.HARDWARE)

    def setUp(self):
        super().setUp()
        self.judge, self.tried = requirement_matcher.RequirementMatcher(), []
        find = expressions.find

        def counted(expression, document):
            found = find(expression, document)
            self.tried.append((expression, *found))
            return found

        patch = mock.patch.object(expressions, 'find', counted)
        patch.start()
        self.addCleanup(patch.stop)

    def each_met(self, asked):
        (met,) = self.judge.each_met(asked, [self.TEXT])
        return met

    def test_as_the_requirements_say(self):
        for triples in (
            [],
            examples.MET,
            [*examples.MET, examples.NOT_MET[0]],
            *([each] for each in examples.NOT_MET),
        ):
            with self.subTest(triples):
                asked = requirement_matcher.Asked(triples)
                parsed = requirements.parse(triples, requirements.NO_LIMITS)
                met = [each.tried_on(examples.HARDWARE).met for each in parsed]
                self.assertEqual(all(met), self.judge.met(asked, self.TEXT))
                self.assertEqual(met, self.each_met(asked))

    def test_once(self):
        asked = requirement_matcher.Asked(
            [['cpus', '>=', 1], ['cpus', '<', 0], ['a', None]]
        )
        for _ in range(2):
            self.assertFalse(self.judge.met(asked, self.TEXT))
            self.assertEqual(['cpus', 'cpus'], [each for each, *_ in self.tried])
        self.each_met(asked)
        self.each_met(requirement_matcher.Asked([['cpus', '>=', 1]]))
        self.assertEqual(3, len(self.tried))

    def test_what_takes_too_much_is_not_met_and_what_is_left_is_not_tried(self):
        side = 'cpus' + '|[@,@]' * 10
        heavy = [
            [f'`{number}` && ({side}) == ({side})', None] for number in range(1, 33)
        ]
        asked = requirement_matcher.Asked(heavy)
        self.assertEqual([True] * 2, self.each_met(asked)[:2])
        self.assertFalse(any(self.each_met(asked)[2:]))
        self.assertFalse(self.judge.met(asked, self.TEXT))
        self.assertFalse(requirements.met(requirements.parse(heavy), examples.HARDWARE))
        # Alone each of them is met.
        for triple in heavy:
            self.assertTrue(examples.parse_one(*triple).tried_on(examples.HARDWARE).met)
            self.assertTrue(
                self.judge.met(requirement_matcher.Asked([triple]), self.TEXT)
            )
        steps = [steps for _, _, steps in self.tried]
        self.assertLess(max(steps), expressions.MAX_STEPS)
        self.assertGreater(3 * min(steps), expressions.MAX_STEPS)

    def test_nor_is_it_tried_on_all_hardware(self):
        """Ten servers would do, and of a thousand none is found."""
        side = 'cpus' + '|[@,@]' * 10
        asked = requirement_matcher.Asked([[f'({side}) == ({side})', None]])
        for count in (10, 1000):
            documents = {json.dumps({'cpus': number}) for number in range(count)}
            met = self.judge.meeting(asked, documents)
            self.assertEqual(documents if count == 10 else set(), met)
            each_met = self.judge.each_met(asked, documents)
            self.assertEqual(count == 10, all(met for (met,) in each_met))
        most = requirement_matcher.STEPS_AT_ALL + 1000 * requirement_matcher.STEPS_EACH
        self.assertLess(sum(steps for *_, steps in self.tried), 1.1 * most)
        few = requirement_matcher.Asked([['cpus', '>=', 500]])
        self.assertEqual(500, len(self.judge.meeting(few, documents)))

    def test_it_does_not_remember_more_than_there_is_memory_for(self):
        asked = requirement_matcher.Asked(
            [['cpus', '>=', number] for number in range(5)]
        )
        with mock.patch.object(requirement_matcher, 'REMEMBERED', 7):
            for _ in range(2):
                for cpus in range(4):
                    document = json.dumps({'cpus': cpus})
                    ((*met,),) = self.judge.each_met(asked, [document])
                    self.assertEqual([cpus >= number for number in range(5)], met)
        self.assertEqual(40, len(self.tried))

    def test_who_has_to_answer_soon_gives_up(self):
        judge = requirement_matcher.RequirementMatcher(most_steps=5)
        asked = requirement_matcher.Asked([['cpus', '>=', 1]])
        for _ in range(9):
            self.assertTrue(judge.met(asked, self.TEXT))
        with self.assertRaisesRegex(exceptions.Invalid, '^requirements: .* too long'):
            for cpus in range(6):
                judge.met(asked, json.dumps({'cpus': cpus}))
