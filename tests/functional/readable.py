# SPDX-License-Identifier: Apache-2.0
"""What a person must not have to read in the output of a command."""

import csv
import io
import json
import re

#: What a terminal has.
WIDTH = 80

_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b')
_MOMENT = r'\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?'
_ZONE = r' ?(?:Z\b|UTC|[+-]\d\d:\d\d)'
_BAD = {
    'a Python repr': re.compile(
        r"\bNone\b|\bTrue\b|\bFalse\b|[\[{(]'|Decimal\(|datetime\.|<\w+(\.\w+)* object"
    ),
    'HTML': re.compile(r'</?[a-z]+[ >/]|&[a-z]+;'),
    'a time without its zone': re.compile(
        rf'{_MOMENT}(?!{_ZONE}| to {_MOMENT}{_ZONE}|\d|:)'
    ),
}
#: In a narrow column it is broken anywhere, so that cells are joined without a space.
_EVENT_TYPE = re.compile(
    r'(offer|bid|demand|contract|account|dispute|maintenance)\.[a-z_]+'
)
#: Where a terminal has broken a moment or an id into two lines.
_BROKEN = re.compile(r'(?<=[0-9a-f])- (?=[0-9a-f])')
#: Columns that have a uuid because what they are about has no name.
_NAMELESS = {'UUID', 'Field', 'Value'}


def tables(out):
    """The tables in what a command prints: lists of rows, the heading first."""
    found, edges = [], None
    for line in out.splitlines():
        if line.startswith('+-'):
            if edges is None:
                found.append([])
            edges = [at for at, sign in enumerate(line) if sign == '+']
        elif line.startswith('|') and edges:
            pairs = zip(edges, edges[1:], strict=False)
            found[-1].append([line[a + 1 : b].strip() for a, b in pairs])
        else:
            edges = None
    return found


def complaints(out):
    """What is wrong with a table, and anything else, that is made for people."""
    yield from (
        f'a line of {len(line)} columns: {line}'
        for line in out.splitlines()
        if len(line) > WIDTH
    )
    for heading, *rows in tables(out):
        columns = {name: cells for name, *cells in zip(heading, *rows, strict=True)}
        for name, cells in columns.items():
            # A cell may go on in the next line, within a word or between two.
            words = _BROKEN.sub('-', ' '.join(cells))
            yield from _wrong(words, name)
            if name not in _NAMELESS and _UUID.search(''.join(cells)):
                yield f'a uuid in column {name}: {words}'
            if name == 'Value':
                yield from _uuids_of_one(zip(columns['Field'], cells, strict=True))
            if _EVENT_TYPE.search(''.join(cells)):
                yield f'a type of event in column {name}: {words}'


def complaints_of_long(out):
    """What is wrong with a table of all columns, which is wide and has the ids."""
    for each in complaints(out):
        if not each.startswith(('a line of', 'a uuid')):
            yield each


def _uuids_of_one(lines):
    """The uuids that an object is shown with, but in fields that are made for them."""
    of_uuids = False
    for field, value in lines:
        if field:
            of_uuids = field.rpartition('_')[2] in ('uuid', 'id') or field == 'offers'
        if not of_uuids and _UUID.search(value):
            yield f'a uuid in field {field}: {value}'


def complaints_of_csv(out):
    """What is wrong with CSV that is made for programs."""
    heading, *rows = csv.reader(io.StringIO(out))
    for row in rows:
        for name, cell in zip(heading, row, strict=True):
            if not _is_json(cell):
                yield from _wrong(cell, name)


def _is_json(text):
    """Whether ``text`` is a list or an object of JSON."""
    try:
        return text[:1] in ('[', '{') and bool(json.loads(text) or True)
    except ValueError:
        return False


def complaints_of_value(out):
    """What is wrong with plain values that are made for programs."""
    for line in out.splitlines():
        yield from _wrong(line, 'the line')


def complaints_of_json(out):
    """What is wrong with JSON that is made for programs."""
    yield from _wrong_leaves(json.loads(out), 'the document')


#: What is wrong with what is printed for programs, by the format.
OF_FORMAT = {
    'csv': complaints_of_csv,
    'json': complaints_of_json,
    'value': complaints_of_value,
}


def _wrong_leaves(value, name):
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _wrong_leaves(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _wrong_leaves(each, name)
    elif isinstance(value, str):
        if value[:1] in ('[', '{'):
            yield f'a document as text in {name}: {value}'
        yield from _wrong(value, name)


def _wrong(text, name):
    for what, pattern in _BAD.items():
        found = pattern.search(text)
        if found:
            yield f'{what} in column {name}: {text}'
