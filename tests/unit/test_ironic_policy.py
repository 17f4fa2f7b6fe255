# SPDX-License-Identifier: Apache-2.0
"""The samples of rules for Ironic: who may what, as oslo.policy reads them."""

import pathlib
import unittest

from oslo_config import cfg
from oslo_policy import policy
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS = ROOT / 'etc' / 'ironic' / 'renter-steps.yaml'
TARGET = {'node.owner': 'acme', 'node.lessee': 'umbrella'}

#: Whoever asks, and whether they may run steps on a server of acme's that umbrella has.
PERSONAS = {
    ('acme', 'member'): True,
    ('acme', 'manager'): True,
    ('acme', 'reader'): False,
    ('umbrella', 'member'): False,
    ('umbrella', 'manager'): False,
    ('umbrella', 'admin'): False,
    ('initech', 'manager'): False,
    ('service', 'service'): True,
}
_IMPLIED = ['reader', 'member', 'manager', 'admin']


def creds(project, role):
    roles = _IMPLIED[: _IMPLIED.index(role) + 1] if role in _IMPLIED else [role]
    return {'project_id': project, 'roles': roles}


class RenterStepsTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        conf = cfg.ConfigOpts()
        conf([])
        self.enforcer = policy.Enforcer(conf, policy_file=str(STEPS))
        # As Ironic defines it where rbac_service_role_elevated_access is set.
        service = 'role:service and project_id:service'
        self.rules = [*yaml.safe_load(STEPS.read_text())]
        self.enforcer.register_defaults(
            [
                policy.RuleDefault('service_role', service),
                *(policy.RuleDefault(name, '!') for name in self.rules),
            ]
        )

    def allowed(self, rule, who, target):
        return self.enforcer.authorize(rule, target, creds(*who))

    def test_renters_run_no_steps(self):
        for rule in self.rules:
            if rule == 'baremetal:runbook:create':
                continue
            for who, expected in PERSONAS.items():
                with self.subTest(rule, who=who):
                    self.assertEqual(expected, self.allowed(rule, who, TARGET))

    def test_a_renter_makes_no_runbook_of_them(self):
        """Ironic asks about the steps then without a server."""
        for rule in self.rules:
            with self.subTest(rule):
                who = ('umbrella', 'manager')
                self.assertFalse(self.allowed(rule, who, {'project_id': 'umbrella'}))

    def test_the_system_may(self):
        whole = {'roles': ['member', 'reader'], 'system_scope': 'all'}
        for rule in self.rules:
            self.assertTrue(self.enforcer.authorize(rule, TARGET, whole), rule)

    def test_firmware_bios_and_raid_are_named(self):
        steps = [rule.rpartition(':')[2] for rule in self.rules if ':step:' in rule]
        for interface in ('bios', 'firmware', 'raid', 'management', 'vendor'):
            self.assertTrue([each for each in steps if each.startswith(interface)])
        self.assertIn('firmware.update', steps)
