# SPDX-License-Identifier: Apache-2.0
"""What an operator writes into his policy file holds soon, without a restart."""

import os
import pathlib
import tempfile
import time
import unittest

from oslo_config import cfg
from oslo_policy import opts

from flocx import context
from flocx import policy


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
            until = time.monotonic() + 10
            while not rules.allows(caller, 'flocx:admin', {}):
                self.assertLess(time.monotonic(), until)
                time.sleep(0.05)


if __name__ == '__main__':
    unittest.main()
