# SPDX-License-Identifier: Apache-2.0
"""The state table of a resource type, as the code has it.

``.. transitions:: flocx.core.offer`` becomes a table of what each status of an
offer may become. Written by hand, it would sooner or later say something else.
"""

import importlib

from docutils import nodes
from docutils.parsers.rst import Directive


def _cell(*statuses):
    paragraph = nodes.paragraph()
    for number, status in enumerate(statuses):
        if number:
            paragraph += nodes.Text(', ')
        paragraph += nodes.literal(text=str(status))
    return nodes.entry('', paragraph)


def _heading(*titles):
    cells = (nodes.entry('', nodes.paragraph(text=title)) for title in titles)
    return nodes.thead('', nodes.row('', *cells))


class Transitions(Directive):
    required_arguments = 1

    def run(self):
        module = importlib.import_module(self.arguments[0])
        rows = []
        for status in module.Status:
            after = sorted(module.TRANSITIONS[status], key=list(module.Status).index)
            rows.append(nodes.row('', _cell(status), _cell(*after)))
        columns = nodes.colspec(colwidth=1), nodes.colspec(colwidth=4)
        heading = _heading('status', 'may become')
        body = nodes.tbody('', *rows)
        return [nodes.table('', nodes.tgroup('', *columns, heading, body, cols=2))]


def setup(app):
    app.add_directive('transitions', Transitions)
    return {'parallel_read_safe': True}
