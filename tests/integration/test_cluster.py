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


class UpgradeTestCase(ClusterTestCase):
    """From ``COMMIT``, while it is used, and back, and there again."""

    COMMIT = None

    @classmethod
    def prepare(cls):
        cls.rig.folder.create()
        venv = rigs.ROOT / '.test' / f'cluster-{cls.COMMIT}'
        try:
            before = upgrade.prepare(cls.rig, venv, cls.COMMIT)
        except upgrade.Missing as error:
            raise unittest.SkipTest(str(error)) from None
        cls.rig.begin_with(before, upgrade.UPGRADES[cls.COMMIT])

    def upgrade(self):
        report, held = upgrade.run(self.rig, self.COMMIT)
        self.assertTrue(held, report)


@long
class UpgradeTest(UpgradeTestCase):
    KIND = 'upgrade'
    COMMIT = tuple(upgrade.UPGRADES)[-1]

    def test_nobody_notices_an_upgrade_and_the_way_back(self):
        self.upgrade()


@long
class SkipTest(UpgradeTestCase):
    """The release in between is left out."""

    KIND = 'skip'
    COMMIT = tuple(upgrade.UPGRADES)[0]

    def test_nobody_notices_that_a_release_is_skipped(self):
        self.upgrade()
