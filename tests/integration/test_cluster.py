# SPDX-License-Identifier: Apache-2.0
"""Three controllers: what breaks there, and an upgrade under load.

All of it takes many minutes, and a whole machine.
"""

import shutil
import unittest

from tests import profiles
from tests.integration import rigs
from tools.rigging import chaos
from tools.rigging import cluster
from tools.rigging import daemons
from tools.rigging import upgrade

MINUTES = profiles.number('FLOCX_CLUSTER_MINUTES', 1, 15)
BEFORE = rigs.ROOT / '.test' / 'cluster-before'
long = profiles.only_nightly('takes many minutes of all processors')


class ClusterTestCase(unittest.TestCase):
    """Tests on one cluster, of this release to begin with."""

    KIND = ''

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        path = rigs.folder(cls.KIND)
        # After a test run that was killed, its rig runs on.
        if path.exists():
            cls._remove(cluster.of(path))
        rigs.VENV.parent.mkdir(parents=True, exist_ok=True)
        cls.rig = cluster.Cluster(path, rigs.VENV, disks=True)
        cls.addClassCleanup(cls._down)
        try:
            cls.prepare()
            cls.rig.up()
        except daemons.Missing as error:
            raise unittest.SkipTest(str(error)) from None

    @classmethod
    def prepare(cls):
        """What has to be done before it comes up for the first time."""

    @classmethod
    def _down(cls):
        cls._remove(cls.rig)
        left = rigs.left_running(cls.rig.folder.path)
        if left:
            raise AssertionError(f'down has left running: {left}')

    @staticmethod
    def _remove(rig):
        rig.down()
        rig.release()
        shutil.rmtree(rig.folder.path)


@long
class ChaosTest(ClusterTestCase):
    KIND = 'cluster'

    def test_what_breaks_is_survived(self):
        report, held = chaos.run(self.rig, MINUTES)
        self.assertTrue(held, report)
        self.assertGreater(report['faults'], 0)


@long
class UpgradeTest(ClusterTestCase):
    KIND = 'upgrade'

    @classmethod
    def prepare(cls):
        cls.rig.folder.create()
        try:
            before = upgrade.prepare(cls.rig, BEFORE)
        except upgrade.Missing as error:
            raise unittest.SkipTest(str(error)) from None
        cls.rig.begin_with(before, upgrade.NEW_SINCE)

    def test_nobody_notices_an_upgrade_and_the_way_back(self):
        report, held = upgrade.run(self.rig)
        self.assertTrue(held, report)
