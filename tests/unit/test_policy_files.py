# SPDX-License-Identifier: Apache-2.0
"""What an operator writes into their policy file holds soon, and as they mean it."""

import ast
import inspect
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from oslo_config import cfg
from oslo_policy import _checks
from oslo_policy import opts

from flocx import context
from flocx import policy
from market import policies as market_policies
from matcher import policies as matcher_policies
from provider import policies as provider_policies
from tests import waiting


class PolicyFileTest(unittest.TestCase):
    def test_a_changed_file_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / 'policy.yaml'
            conf = cfg.ConfigOpts()
            opts.set_defaults(conf, policy_file=str(file))
            conf([], default_config_files=[])
            rules = policy.Policy(conf, [])
            caller = context.RequestContext(roles=['auditor'])
            self.assertFalse(rules.allows(caller, 'flocx:admin', {}))
            file.write_text('"flocx:admin": "role:auditor"\n')
            os.utime(file, (1, 1))
            self.assertTrue(
                waiting.until(lambda: rules.allows(caller, 'flocx:admin', {}))
            )

    def test_oslo_policy_still_inspects_what_each_check_takes(self):
        """Where it does not any more, ``flocx.policy`` need not remember it."""
        conf = cfg.ConfigOpts()
        opts.set_defaults(conf)
        conf([], default_config_files=[])
        rules = policy.Policy(conf, [])
        with mock.patch.object(
            _checks.inspect, 'getfullargspec', wraps=inspect.getfullargspec
        ) as inspected:
            rules.allows(context.RequestContext(roles=['admin']), 'flocx:admin', {})
        self.assertTrue(inspected.called)

    def test_the_rules_of_the_services_parse_nothing(self):
        """Two threads must not parse at once: see ``flocx.policy``."""
        conf = cfg.ConfigOpts()
        conf([], default_config_files=[])
        registered = [
            *market_policies.RULES,
            *matcher_policies.RULES,
            *provider_policies.RULES,
        ]
        rules = policy.Policy(conf, registered)
        caller = context.RequestContext(
            roles=['member', 'reader'], project_id='ours', service_roles=['service']
        )
        answers = set()
        with mock.patch.object(
            ast, 'literal_eval', autospec=True, side_effect=SystemError
        ):
            for rule in registered:
                for project in ('ours', 'theirs', None):
                    target = {'project_id': project}
                    answers.add(bool(rules.allows(caller, rule.name, target)))
            for project, allowed in (('ours', True), ('theirs', False)):
                target = {'project_id': project}
                self.assertEqual(allowed, rules.allows(caller, 'flocx:member', target))
            self.assertFalse(rules.allows(caller, 'flocx:member', {}))
        self.assertEqual({True, False}, answers)

    def test_oslo_policy_still_parses_at_each_question(self):
        """Where it does not any more, ``flocx.policy`` needs no check of its own."""
        check = _checks.GenericCheck('project_id', '%(project_id)s')
        with mock.patch.object(
            ast, 'literal_eval', autospec=True, side_effect=ValueError
        ) as parse:
            for _ in range(2):
                self.assertTrue(check({'project_id': 'a'}, {'project_id': 'a'}, None))
        self.assertEqual(2, parse.call_count)


if __name__ == '__main__':
    unittest.main()
