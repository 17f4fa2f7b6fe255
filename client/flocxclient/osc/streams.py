# SPDX-License-Identifier: Apache-2.0
"""Formatters that print each row as it comes, for lists that do not end."""

import json

from cliff import columns


def of(name, formatter):
    """A formatter for rows that come one by one.

    :param name: what -f says.
    :param formatter: the one for lists that end; those of cliff for CSV and
        plain values print as they go already.
    """
    return {'table': Lines(), 'json': Objects(), 'yaml': Items()}.get(name, formatter)


class Lines:
    """A row is a line, with two spaces between its fields."""

    def emit_list(self, column_names, data, stdout, parsed_args):
        for row in data:
            stdout.write('  '.join(map(self._text, row)).rstrip() + '\n')

    @staticmethod
    def _text(value):
        if isinstance(value, columns.FormattableColumn):
            value = ' '.join(value.human_readable().split('\n'))
        return '-' if value is None else str(value)


class Objects:
    """A row is a JSON object in a line of its own."""

    def emit_list(self, column_names, data, stdout, parsed_args):
        for row in data:
            json.dump(_document(column_names, row), stdout)
            stdout.write('\n')


class Items:
    """A row is an item of a list in YAML."""

    def emit_list(self, column_names, data, stdout, parsed_args):
        import yaml

        for row in data:
            yaml.safe_dump([_document(column_names, row)], stdout, sort_keys=False)


def _document(column_names, row):
    return {
        name: value.machine_readable()
        if isinstance(value, columns.FormattableColumn)
        else value
        for name, value in zip(column_names, row, strict=True)
    }
