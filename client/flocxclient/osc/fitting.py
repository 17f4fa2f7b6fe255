# SPDX-License-Identifier: Apache-2.0
"""Tables that fit the terminal: the widest columns give way, words stay. PURE."""

import textwrap

from cliff import columns

#: What a table has besides its cells: a sign at its edge, and three for each column.
_EDGE, _BETWEEN = 1, 3


class Broken(columns.FormattableColumn):
    """A cell that is shown with line breaks, and sorted as it is without."""

    def __init__(self, cell, width):
        super().__init__(cell)
        self._width = width

    def human_readable(self):
        lines = (
            textwrap.wrap(line, self._width) or ['']
            for line in _text(self._value).splitlines()
        )
        return '\n'.join(part for line in lines for part in line)


def fitted(headings, rows, width):
    """``rows`` of a table that is no wider than ``width``, if that can be.

    No column is narrower than its heading.
    """
    usable = width - _EDGE - _BETWEEN * len(headings)
    wanted = [_widest(cells) for cells in zip(headings, *rows, strict=True)]
    least = [len(heading) for heading in headings]
    if sum(wanted) <= usable or sum(least) > usable:
        return rows
    level = next(
        level
        for level in range(max(wanted), -1, -1)
        if sum(_widths(wanted, least, level)) <= usable
    )
    widths = _widths(wanted, least, level)
    left = usable - sum(widths)
    for at, most in enumerate(wanted):
        # What is left is shared by the first of those that had to give way.
        if left and widths[at] < most:
            widths[at], left = widths[at] + 1, left - 1
    return [
        tuple(
            Broken(cell, given) if given < most else cell
            for cell, given, most in zip(row, widths, wanted, strict=True)
        )
        for row in rows
    ]


def _widths(wanted, least, level):
    pairs = zip(wanted, least, strict=True)
    return [max(heading, min(most, level)) for most, heading in pairs]


def _widest(cells):
    lines = (line for cell in cells for line in _text(cell).splitlines())
    return max(map(len, lines), default=0)


def _text(cell):
    if isinstance(cell, columns.FormattableColumn):
        cell = cell.human_readable()
    return str(cell)
