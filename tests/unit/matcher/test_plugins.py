# SPDX-License-Identifier: Apache-2.0
"""A mechanism with a parameter, added from outside: one file and its entry point."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from flocx import exceptions
from matcher import plugins
from tests.unit.matcher import test_programs

MODULE = '''
import dataclasses
import decimal

from matcher import mechanisms
from matcher.mechanisms import immediate


class FixedMargin(mechanisms.Pricing):
    """The ask and a margin, up to the ceiling."""

    NAME = 'fixed_margin'
    DESCRIPTION = 'A margin above the ask'
    PARAMETERS = (
        mechanisms.Parameter(
            name='margin',
            parse=decimal.Decimal,
            default=decimal.Decimal('0.125'),
            help='Credits per hour above the ask.',
        ),
    )

    def __init__(self, margin):
        self._margin = margin

    def settle(self, book, allotment):
        return mechanisms.at_one_price(allotment.awards, self._rate)

    def _rate(self, award, offer):
        return min(offer.price + self._margin, award.bid.price)


class FirstAwards(immediate.Immediate):
    """As immediate, but only the first of its awards."""

    NAME = 'first_awards'
    DESCRIPTION = 'The first awards only'
    PARAMETERS = (
        mechanisms.Parameter(
            name='most_awards', parse=int, default=5, help='Awards in one round.'
        ),
    )

    def __init__(self, most_awards):
        super().__init__()
        self.most_awards = most_awards

    def allocate(self, book, budget):
        found = super().allocate(book, budget)
        return dataclasses.replace(found, awards=found.awards[: self.most_awards])
'''
ENTRY_POINTS = """
[flocx.mechanisms.pricing]
fixed_margin = made_up_mechanisms:FixedMargin
[flocx.mechanisms.allocation]
first_awards = made_up_mechanisms:FirstAwards
"""
ENGINE = """
import sys
from oslo_config import cfg
from matcher import conf, plugins
conf.register(cfg.CONF)
cfg.CONF(['--config-file', sys.argv[1]])
print(plugins.allocation(cfg.CONF).most_awards, plugins.pricing(cfg.CONF)._margin)
"""


class OutsideTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / 'made_up_mechanisms.py').write_text(MODULE)
        metadata = cls.folder / 'made_up_mechanisms-1.0.dist-info'
        metadata.mkdir()
        (metadata / 'METADATA').write_text('Name: made-up-mechanisms\nVersion: 1.0\n')
        (metadata / 'entry_points.txt').write_text(ENTRY_POINTS)

    def run_python(self, *argv, payload=None):
        return subprocess.run(
            [sys.executable, *argv],
            input=payload,
            capture_output=True,
            text=True,
            cwd=test_programs.ROOT,
            env={**os.environ, 'PYTHONPATH': str(self.folder)},
        )

    def clear(self, *argv):
        return self.run_python(
            *('-m', 'matcher.clear', '--pricing', 'fixed_margin'),
            *('--mechanism', 'first_awards', *argv),
            payload=json.dumps(test_programs.example(0)),
        )

    def test_a_program_uses_it_with_its_parameters(self):
        done = self.clear('--parameter', 'margin=0.25', '--parameter', 'most_awards=1')
        result = json.loads(done.stdout)
        self.assertEqual('fixed_margin', result['pricing'])
        (contract,) = result['contracts']
        asks = {
            each['uuid']: each['price'] for each in test_programs.example(0)['offers']
        }
        for line in contract['lines']:
            margin = float(line['price']) - float(asks[line['offer_uuid']])
            self.assertEqual(0.25, margin)

    def test_a_wrong_parameter_is_named(self):
        for text, part in (('margin=dear', 'margin'), ('share=1', '--parameter share')):
            done = self.clear('--parameter', text)
            self.assertEqual(1, done.returncode)
            self.assertIn(part, done.stderr)
            self.assertNotIn('Traceback', done.stderr)

    def test_the_engine_reads_its_options(self):
        file = self.folder / 'matcher.conf'
        chosen = '[matcher]\npricing = fixed_margin\nallocation = first_awards\n'
        for text, expected in (('', '5 0.125'), ('margin = 0.5\n', '5 0.5')):
            file.write_text(chosen + text)
            done = self.run_python('-c', ENGINE, str(file))
            self.assertEqual(expected, done.stdout.strip(), done.stderr)

    def test_the_sample_of_the_configuration_shows_them(self):
        done = self.run_python(
            '-m', 'oslo_config.generator', '--namespace', 'flocx.matcher'
        )
        self.assertIn('#margin = 0.125', done.stdout, done.stderr)
        self.assertIn('#most_awards = 5', done.stdout)


class ParameterTest(unittest.TestCase):
    def test_the_share_of_the_seller_is_from_0_to_1(self):
        for text in ('1.1', '-0', '.5', '0.1234567', '1e-1', 'half', ''):
            with self.assertRaisesRegex(exceptions.Invalid, 'seller_share'):
                plugins.with_parameters(
                    plugins.PRICINGS, 'k_double_auction', {'seller_share': text}
                )
