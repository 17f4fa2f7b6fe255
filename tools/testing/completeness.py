# SPDX-License-Identifier: Apache-2.0
"""Whether each test that the tree has was run by somebody.

Which tests there are is read from the sources, and not asked of what runs them: a
module that no suite discovers, a class that no worker takes and a story that nobody
loads are found because nothing has come of them.
"""

import ast
import collections
import dataclasses
import pathlib

#: Where tests are, and what the names of the modules in them begin with.
PLACES = {'tests': '', 'client': 'client/', 'dashboard': 'dashboard/'}
GABBITS = 'tests/functional/gabbits'
#: What another test runs, in a tree of its own: these have no result here.
ELSEWHERE = {'tests.functional.offer_field'}
METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)

#: What the reason of a skipped test begins with that runs at night only.
NIGHTLY = 'nightly: '


@dataclasses.dataclass
class Class:
    """A class with tests, or with tests for those that inherit from it."""

    module: str
    name: str
    bases: tuple
    tests: tuple


def classes(root):
    """The classes with bases or tests in all modules of tests below ``root``."""
    found = []
    for place, prefix in PLACES.items():
        for path in sorted((root / place).rglob('*.py')):
            relative = path.relative_to(root)
            if any(part.startswith('.') for part in relative.parts):
                continue
            if 'tests' in relative.parts:
                name = str(relative.with_suffix('')).removeprefix(prefix)
                module = name.replace('/', '.')
                found += [] if module in ELSEWHERE else _classes(path, module)
    return found


def _classes(path, module):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            yield Class(
                module,
                node.name,
                tuple(map(_last_name, node.bases)),
                tuple(
                    each.name
                    for each in node.body
                    if isinstance(each, METHODS) and each.name.startswith('test_')
                ),
            )


def _last_name(base):
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, 'id', '')


def _heirs(all_classes):
    """{name of a class: the names of it and of all that inherit from it}."""
    below = collections.defaultdict(set)
    for each in all_classes:
        for base in each.bases:
            below[base].add(each.name)

    def heirs(name, seen):
        if name not in seen:
            seen.add(name)
            for heir in below[name]:
                heirs(heir, seen)
        return seen

    return {each.name: heirs(each.name, set()) for each in all_classes}


def _ran(identifiers):
    """{(class, method)} of what has a result, and {class} that was skipped whole."""
    methods, whole = set(), set()
    for identifier in identifiers:
        if identifier.startswith('setUpClass ('):
            whole.add(identifier.removesuffix(')').rpartition('.')[2])
            continue
        # Some runners add what a test is parametrized with.
        plain = identifier.partition('(')[0].partition('[')[0]
        before, _, method = plain.rpartition('.')
        methods.add((before.rpartition('.')[2], method))
    return methods, whole


def missing(root, identifiers):
    """The tests below ``root`` of which there is no result, as sorted names.

    :param identifiers: those of all tests that have been run or skipped.
    """
    all_classes = classes(root)
    heirs = _heirs(all_classes)
    methods, whole = _ran(identifiers)
    lost = [
        f'{each.module}.{each.name}.{method}'
        for each in all_classes
        for method in each.tests
        if not any(
            heir in whole or (heir, method) in methods for heir in heirs[each.name]
        )
    ]
    stories = [
        f'{GABBITS}/{path.name}'
        for path in sorted((pathlib.Path(root) / GABBITS).glob('*.yaml'))
        if not any(f'.{path.stem}_' in name for name in identifiers)
    ]
    return sorted(lost) + stories


def only_at_night(skips):
    """The names of those that were left to the nightly run, of {name: reason}."""
    return sorted(name for name, reason in skips.items() if reason.startswith(NIGHTLY))
