# SPDX-License-Identifier: Apache-2.0
"""Files that describe an object in each row: CSV with a heading, or a list in YAML."""

import csv
import hashlib
import io
import json
import pathlib

from flocxclient.i18n import _

#: Other words for columns.
ALIASES = {'server': 'resource', 'node': 'resource', 'require': 'requirements'}
#: Columns of which a cell may have several values.
SEVERAL = {'requirements', 'ask_at'}
YAML = ('.yaml', '.yml', '.json')


def read(path, columns):
    """The rows of a file, as ``parse`` returns them; raises OSError besides."""
    path = pathlib.Path(path)
    return parse(path.read_text(encoding='utf-8-sig'), is_yaml(path.name), columns)


def is_yaml(name):
    """Whether a file of this name is YAML; any other is CSV."""
    return name.lower().endswith(YAML)


def parse(text, yaml, columns):
    """The rows of a text, dictionaries of texts; those of ``SEVERAL`` are lists.

    Empty cells are left out.

    :param yaml: whether it is YAML and not CSV.
    :raises ValueError: it has no rows, or a column that is none of ``columns``.
    """
    found = _from_yaml(text) if yaml else _from_csv(text)
    rows = []
    for number, row in enumerate(found, 1):
        if not isinstance(row, dict):
            raise ValueError(
                _('row {number} is not a list of columns and values').format(
                    number=number
                )
            )
        rows.append({})
        for heading, value in row.items():
            name = str(heading).strip().lower().replace('-', '_').replace(' ', '_')
            name = ALIASES.get(name, name)
            if name not in columns:
                raise ValueError(
                    _(
                        'row {number} has a column {heading!r}; there are {columns}'
                    ).format(number=number, heading=heading, columns=', '.join(columns))
                )
            if name in SEVERAL and isinstance(value, str):
                value = list(filter(None, map(str.strip, value.split(';'))))
            if value not in (None, '', []):
                rows[-1][name] = value
    if not rows:
        raise ValueError(_('it has no rows: write a heading and a line for each'))
    return rows


def _from_yaml(text):
    import yaml

    try:
        # Everything is text: 1.10 is a price, and 2027-01-05 a day in the user's zone.
        # This loader makes nothing else.
        found = yaml.BaseLoader(text).get_single_data()
    except yaml.YAMLError as exc:
        raise ValueError(_('it is not YAML: {exc}').format(exc=exc)) from None
    if not isinstance(found, list):
        raise ValueError(_('it is not a list: begin each row with a dash'))
    return found


def _from_csv(text):
    heading = text.partition('\n')[0]
    delimiter = max(',;\t', key=heading.count)
    rows = csv.DictReader(
        io.StringIO(text, newline=''), delimiter=delimiter, strict=True
    )
    try:
        for number, row in enumerate(rows, 1):
            if None in row:
                raise ValueError(
                    _('row {number} has more cells than the heading').format(
                        number=number
                    )
                )
            if any(row.values()):
                yield {name: value and value.strip() for name, value in row.items()}
    except csv.Error as exc:
        raise ValueError(_('it is not CSV: {exc}').format(exc=exc)) from None


def keys(rows, own):
    """An idempotency key for each row: of what it says, not of where it stands.

    So a row that was mended is created, and the others are not once more.

    :param own: the user's key, which parts this file from others of the same rows.
    """
    seen = {}
    for row in rows:
        text = json.dumps([own, row], sort_keys=True)
        seen[text] = seen.get(text, 0) + 1
        yield hashlib.sha256(f'{seen[text]} {text}'.encode()).hexdigest()
