# SPDX-License-Identifier: Apache-2.0
"""What each module of a package is for, in the first words of its docstring.

``.. modules:: market`` becomes a table of the modules in ``market/``. Written by hand,
it would sooner or later leave out half of them.
"""

import ast
import pathlib

from docutils import nodes
from docutils.parsers.rst import Directive

ROOT = pathlib.Path(__file__).resolve().parents[3]
#: Migrations, which are named after what they add, and tests.
LEFT_OUT = {'versions', 'tests'}


def summaries(package):
    """Pairs of a path below the root and the summary of the module there."""
    for path in sorted((ROOT / package).rglob('*.py')):
        if LEFT_OUT.intersection(path.parts):
            continue
        found = ast.get_docstring(ast.parse(path.read_text())) or ''
        if found or path.name != '__init__.py':
            yield str(path.relative_to(ROOT)), found.partition('\n\n')[0]


class Modules(Directive):
    required_arguments = 1

    def run(self):
        rows = []
        for path, summary in summaries(self.arguments[0]):
            name = nodes.paragraph('', '', nodes.literal(text=path))
            text = nodes.paragraph(text=' '.join(summary.split()).replace('``', ''))
            rows.append(nodes.row('', nodes.entry('', name), nodes.entry('', text)))
        columns = nodes.colspec(colwidth=2), nodes.colspec(colwidth=3)
        body = nodes.tbody('', *rows)
        return [nodes.table('', nodes.tgroup('', *columns, body, cols=2))]


def setup(app):
    app.add_directive('modules', Modules)
    return {'parallel_read_safe': True}
