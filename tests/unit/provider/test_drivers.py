# SPDX-License-Identifier: Apache-2.0
"""A kind of place with servers, added from outside: one file and its entry point."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULE = '''
from oslo_config import cfg
from provider.nodes import dummy


class Shelf(dummy.DummyNodes):
    """As dummy, with an option of its own."""

    RESOURCE_TYPE = 'shelf'
    OPTS = [*dummy.OPTS, cfg.IntOpt('shelves', default=3, help='How many.')]

    @classmethod
    def from_conf(cls, conf, session):
        made = super().from_conf(conf, session)
        made.shelves = conf.provider.shelves
        return made
'''
PROGRAM = """
import sys
from oslo_config import cfg
from flocx import exceptions
from provider import conf, nodes
conf.register(cfg.CONF)
cfg.CONF(['--config-file', sys.argv[1]])
try:
    found = nodes.build(cfg.CONF, session=None)
    print(found.RESOURCE_TYPE, found.shelves, found.all())
except exceptions.Invalid as error:
    print(error)
"""


class OutsideTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / 'made_up_nodes.py').write_text(MODULE)
        metadata = self.folder / 'made_up_nodes-1.0.dist-info'
        metadata.mkdir()
        (metadata / 'METADATA').write_text('Name: made-up-nodes\nVersion: 1.0\n')
        (metadata / 'entry_points.txt').write_text(
            '[flocx.nodes]\nshelf = made_up_nodes:Shelf\n'
        )

    def build(self, name):
        """What the program prints of the servers of that driver."""
        conf = self.folder / 'provider.conf'
        conf.write_text(
            f'[provider]\nnodes = {name}\nshelves = 7\n'
            f'dummy_nodes_dir = {self.folder}\n'
        )
        return subprocess.run(
            [sys.executable, '-c', PROGRAM, conf],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, 'PYTHONPATH': str(self.folder)},
        ).stdout.strip()

    def test_a_driver_from_outside(self):
        self.assertEqual('shelf 7 []', self.build('shelf'))

    def test_one_that_is_not_installed(self):
        message = self.build('cupboard')
        self.assertIn("[provider] nodes: no driver 'cupboard' is installed", message)
