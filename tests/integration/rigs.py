# SPDX-License-Identifier: Apache-2.0
"""What the tests on the rig share: one rig for a class, and a checker after each."""

import hashlib
import os
import pathlib
import shutil
import tempfile
import unittest

from tests import profiles
from tools.rigging import chaos
from tools.rigging import daemons
from tools.rigging import rig as rigs

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Installing takes longer than most tests, so it is done once for all of them.
VENV = ROOT / '.test' / 'quickstart' / 'venv'
# What this checkout's tests last left behind is found again, and nobody else's.
OURS = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
# How many servers are traded while fulfillers are killed. Who says it wants also what
# takes minutes whatever the number is.
SERVERS = profiles.number('FLOCX_RIG_SERVERS', 12, 200)
long = profiles.only_nightly('takes minutes', unless='FLOCX_RIG_SERVERS' in os.environ)


def folder(database):
    """Below the folder for temporary things, which all accounts may enter."""
    return pathlib.Path(tempfile.gettempdir()) / f'flocx-rig-{OURS}-{database}'


def left_running(path):
    """The command lines of what runs in that folder."""
    found = []
    for process in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            where = (process / 'cwd').readlink()
            command = (process / 'cmdline').read_bytes().replace(b'\0', b' ')
        except OSError:
            continue
        # What has ended, and is only waited for, has no command line.
        if command and where.is_relative_to(path):
            found.append(command.decode(errors='replace'))
    return found


class RigTestCase(unittest.TestCase):
    """Tests on one rig, with a database server of the kind ``DATABASE``."""

    DATABASE = ''
    #: Whether projects need credits, of which they have enough.
    BUDGETS = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        path = folder(cls.DATABASE)
        # After a test run that was killed, its rig runs on.
        if path.exists():
            rigs.Rig(path).down()
            shutil.rmtree(path)
        VENV.parent.mkdir(parents=True, exist_ok=True)
        cls.rig = rigs.Rig(path, VENV, cls.DATABASE, cls.BUDGETS)
        cls.addClassCleanup(cls._down, path)
        try:
            cls.rig.up()
        except daemons.Missing as error:
            raise unittest.SkipTest(str(error)) from None

    @classmethod
    def _down(cls, path):
        cls.rig.down()
        left = left_running(path)
        if left:
            raise AssertionError(f'down has left running: {left}')
        shutil.rmtree(path)

    def assertHolds(self, journal=None, ironics=('admin',)):
        """All that is promised is kept, now that nothing is on its way any more."""
        found = chaos.check(self.rig, journal, settle=120, ironics=ironics)
        self.assertEqual([], found['violations'], found)
        return found['checked']

    def becomes(self, who, kind, ident, status, seconds=120):
        """The object of a trader's, which has that status by then."""
        found = who.until(kind, ident, [status], seconds)
        self.assertEqual(status, found['status'], found)
        return found
