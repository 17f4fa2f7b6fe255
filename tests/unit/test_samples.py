# SPDX-License-Identifier: Apache-2.0
"""The samples in etc/flocx/ are those of this code.

Only what is ours is compared: what the libraries say of their options changes with
the libraries, and a newer one must not break a test.
"""

import importlib.metadata
import pathlib
import re
import unittest

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / 'etc' / 'flocx'
SERVICES = ('market', 'provider', 'matcher', 'lease')


def load(group, name):
    (entry_point,) = importlib.metadata.entry_points(group=group, name=name)
    return entry_point.load()()


def sections(service):
    """The options that a configuration sample shows, by section."""
    text = (SAMPLES / f'{service}.conf.sample').read_text()
    parts = re.split(r'^\[(\w+)\]$', text, flags=re.MULTILINE)
    bodies = zip(parts[1::2], parts[2::2], strict=True)
    return {name: set(re.findall(r'(?m)^#?(\w+) =', body)) for name, body in bodies}


class ConfigurationSampleTest(unittest.TestCase):
    maxDiff = None

    def test_options_of_ours_are_in_the_sample_and_no_others(self):
        for service in SERVICES:
            shown = sections(service)
            for namespace in ('flocx', f'flocx.{service}'):
                for group, options in load('oslo.config.opts', namespace):
                    self.assertIn(str(group), shown, f'{service}: tox -e genconfig')
                    if str(group) in ('api', service):
                        self.assertEqual(
                            {option.dest for option in options},
                            shown[str(group)],
                            f'{service}: run tox -e genconfig',
                        )


class PolicySampleTest(unittest.TestCase):
    maxDiff = None

    def test_rules_are_in_the_sample_and_no_others(self):
        for service in SERVICES:
            text = (SAMPLES / f'{service}.policy.yaml.sample').read_text()
            shown = re.findall(r'(?m)^#?"([^"]+)": ', text)
            rules = load('oslo.policy.policies', f'flocx.{service}')
            self.assertCountEqual(
                [rule.name for rule in rules],
                shown,
                f'{service}: run tox -e genpolicy',
            )
