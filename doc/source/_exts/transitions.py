# SPDX-License-Identifier: Apache-2.0
"""The state table of a resource type, as the code has it.

``.. transitions:: flocx.core.offer`` becomes a diagram and a table of what each status
of an offer may become. Written by hand, they would sooner or later say something else.

In the diagram statuses stand below each other, in the order of the code. What leads
down is an arc at their right, what leads up one at their left.
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
        diagram = nodes.raw('', _diagram(module), format='html')
        return [
            diagram,
            nodes.table('', nodes.tgroup('', *columns, heading, body, cols=2)),
        ]


#: Pixels of the diagram: between two statuses, of a box, and of the room for arcs.
_STEP, _WIDTH, _HEIGHT, _ROOM = 56, 120, 28, 150

_ARROW = (
    '<marker id="arrow-{name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
    'markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="currentColor"/>'
    '</marker>'
)


def _diagram(module):
    """The transitions as SVG, in the colour of the text around it."""
    name = module.__name__.rpartition('.')[2]
    statuses = list(module.Status)
    height = _STEP * len(statuses)
    parts = [
        f'<svg role="img" aria-label="Changes of status of a {name}; the table below '
        f'has the same" width="{_WIDTH + 2 * _ROOM}" height="{height}" '
        'style="max-width: 100%; font: 13px monospace">',
        f'<defs>{_ARROW.format(name=name)}</defs>',
    ]
    for at, status in enumerate(statuses):
        ends = not module.TRANSITIONS[status]
        parts.append(
            f'<rect x="{_ROOM}" y="{_top(at)}" width="{_WIDTH}" height="{_HEIGHT}" '
            f'rx="6" fill="none" stroke="currentColor" '
            f'stroke-width="{1 if ends else 2}"'
            + (' stroke-dasharray="4 3"/>' if ends else '/>')
            + f'<text x="{_ROOM + _WIDTH / 2}" y="{_top(at) + 18}" '
            f'text-anchor="middle" fill="currentColor">{status}</text>'
        )
        for after in module.TRANSITIONS[status]:
            parts.append(_arc(name, at, statuses.index(after)))
    return ''.join([*parts, '</svg>'])


def _top(at):
    return at * _STEP + (_STEP - _HEIGHT) // 2


def _arc(name, start, end):
    """An arrow from one status to another: the further, the wider is its arc."""
    down = end > start
    edge = _ROOM + _WIDTH if down else _ROOM
    reach = min(22 * abs(end - start) + 4, _ROOM - 8)
    bend = edge + reach * 4 // 3 if down else edge - reach * 4 // 3
    y1 = _top(start) + _HEIGHT * (2 if down else 1) // 3
    y2 = _top(end) + _HEIGHT * (1 if down else 2) // 3
    return (
        f'<path d="M{edge},{y1} C{bend},{y1} {bend},{y2} {edge},{y2}" fill="none" '
        f'stroke="currentColor" marker-end="url(#arrow-{name})"/>'
    )


def setup(app):
    app.add_directive('transitions', Transitions)
    return {'parallel_read_safe': True}
