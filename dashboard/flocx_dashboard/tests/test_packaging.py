# SPDX-License-Identifier: Apache-2.0
"""What is installed is what the tree says: a template that is left out is an error."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

from openstack_dashboard.utils import settings

from flocx_dashboard import enabled

DASHBOARD = pathlib.Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns('.*', '*.egg-info', '__pycache__', 'build', 'dist')
CARRIED = ('.py', '.html', '.js', '.scss')


class WheelTest(unittest.TestCase):
    def test_every_file_is_in_it(self):
        with tempfile.TemporaryDirectory(prefix='flocx-dashboard-') as folder:
            tree = pathlib.Path(folder) / 'tree'
            shutil.copytree(DASHBOARD, tree, ignore=LEFT_OUT)
            subprocess.run(
                [
                    *(sys.executable, '-m', 'pip', '--disable-pip-version-check'),
                    *('wheel', '-q', '--no-deps', '--no-build-isolation'),
                    *('--wheel-dir', folder, str(tree)),
                ],
                check=True,
                env=os.environ | {'PBR_VERSION': '1.2.3'},
            )
            (wheel,) = pathlib.Path(folder).glob('flocx_dashboard-1.2.3-*.whl')
            carried = {
                name
                for name in zipfile.ZipFile(wheel).namelist()
                if name.startswith('flocx_dashboard/')
            }
        expected = {
            str(path.relative_to(DASHBOARD))
            for path in (DASHBOARD / 'flocx_dashboard').rglob('*')
            if path.suffix in CARRIED
        }
        self.assertEqual(expected, carried)


class PolicyTest(unittest.TestCase):
    def test_no_template_needs_more_than_files_of_ours(self):
        """Horizon's own scripts set styles; ours are to go without even that."""
        forbidden = re.compile(
            r'<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:',
            re.IGNORECASE,
        )
        for path in (DASHBOARD / 'flocx_dashboard').rglob('*.html'):
            self.assertIsNone(forbidden.search(path.read_text()), path)
        self.assertTrue(forbidden.search('<a class="x" onclick="go()">'))


class FormTest(unittest.TestCase):
    def test_every_form_says_where_it_goes(self):
        """Horizon has AngularJS, which sends no form that does not."""
        for path in (DASHBOARD / 'flocx_dashboard').rglob('*.html'):
            for form in re.findall(r'<form\b[^>]*>', path.read_text()):
                self.assertIn(' action="', form, path)


class EnabledTest(unittest.TestCase):
    def test_the_group_comes_before_its_panels(self):
        found = settings.import_submodules(enabled)
        first, *panels = [found[name] for name in sorted(found)]
        self.assertEqual('marketplace', first.PANEL_GROUP)
        self.assertEqual(
            [
                *('overview', 'rent', 'offers', 'bids', 'contracts'),
                *('market', 'money', 'rounds'),
            ],
            [each.PANEL.removeprefix('market_') for each in panels],
        )
