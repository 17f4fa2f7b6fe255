# SPDX-License-Identifier: Apache-2.0
"""What an operator writes into their policy file holds soon, and as they mean it."""

import ast
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from oslo_config import cfg
from oslo_policy import opts
from oslo_policy import policy as oslo_policy

from flocx import context
from flocx import policy
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

    def test_what_a_rule_compares(self):
        """Literals and what is known of the caller, as oslo.policy describes them."""
        conf = cfg.ConfigOpts()
        conf([], default_config_files=[])
        target = {'project_id': 'ours', 'kind': 'rack', 'shared': True, 'number': 7}
        allowed = {
            'project_id:%(project_id)s': True,
            'project_id:%(owner)s': False,
            'project_id:theirs': False,
            'nothing.of.this:%(kind)s': False,
            "'rack':%(kind)s": True,
            "'shelf':%(kind)s": False,
            'True:%(shared)s': True,
            'None:%(shared)s': False,
            '7:%(number)s': True,
            '07:%(number)s': False,
        }
        rules = policy.Policy(
            conf,
            [oslo_policy.RuleDefault(f'flocx:{check}', check) for check in allowed],
        )
        caller = context.RequestContext(roles=['member'], project_id='ours')
        rules.allows(caller, 'flocx:admin', {})
        # Two threads must not parse at once, so that nothing is parsed any more.
        with mock.patch.object(
            ast, 'literal_eval', autospec=True, side_effect=SystemError
        ):
            found = {
                check: rules.allows(caller, f'flocx:{check}', target)
                for check in allowed
            }
            self.assertTrue(rules.allows(caller, 'flocx:member', target))
        self.assertEqual(allowed, found)


if __name__ == '__main__':
    unittest.main()
