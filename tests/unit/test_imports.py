# SPDX-License-Identifier: Apache-2.0
"""Modules are imported, not names: the reader sees where each thing comes from.

hacking and ruff see to the rest of an import; this they cannot know.
"""

import ast
import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = {
    ROOT: ('flocx', 'lease', 'market', 'matcher', 'provider', 'tests', 'tools'),
    ROOT / 'client': ('flocxclient',),
}
#: As in all of OpenStack: nobody wants to read more than the message.
EXCEPTED = {'flocx.i18n._', 'flocxclient.i18n._'}


def is_module(name):
    for top in PLACES:
        path = top.joinpath(*name.split('.'))
        if path.is_dir() or path.with_suffix('.py').exists():
            return True
    return False


def names_imported(path):
    """What a file imports from our packages that is not a module."""
    ours = tuple(package for packages in PLACES.values() for package in packages)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.split('.')[0] in ours:
            for alias in node.names:
                name = f'{node.module}.{alias.name}'
                if not is_module(name) and name not in EXCEPTED:
                    yield name


class ImportsTest(unittest.TestCase):
    def test_only_modules_are_imported(self):
        found = {}
        for top, packages in PLACES.items():
            for path in (p for name in packages for p in (top / name).rglob('*.py')):
                if names := list(names_imported(path)):
                    found[str(path.relative_to(ROOT))] = names
        self.assertEqual({}, found)
