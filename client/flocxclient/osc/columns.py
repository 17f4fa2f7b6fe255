# SPDX-License-Identifier: Apache-2.0
"""How fields look: readable in a table, structured in JSON and YAML."""

import json

from cliff import columns

from flocxclient.osc import times


class Windows(columns.FormattableColumn):
    """Stretches of time, one a line."""

    def human_readable(self):
        return '\n'.join(f'{start} to {end}' for start, end in self._value or ())


class Lines(columns.FormattableColumn):
    """The servers of a contract, one a line."""

    def human_readable(self):
        return '\n'.join(
            '{resource_uuid} at {price}: {status}'.format_map(_Blank(line))
            for line in self._value or ()
        )


class Requirements(columns.FormattableColumn):
    """Triples, one a line."""

    def human_readable(self):
        return '\n'.join(
            ' '.join(
                [str(expression)]
                + [
                    part if isinstance(part, str) else json.dumps(part)
                    for part in rest
                    if part is not None
                ]
            )
            for expression, *rest in self._value or ()
        )


class QuotedLines(columns.FormattableColumn):
    """The servers that a bid would get, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{line.get("resource_class") or "server"} at {line.get("price")} '
            f'from offer {line.get("offer_uuid")}'
            for line in self._value or ()
        )


class OffersMeeting(columns.FormattableColumn):
    """Requirements, and how many offers meet each, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{Requirements([each.get("requirement")]).human_readable()}: '
            f'met by {each.get("offers")}'
            for each in self._value or ()
        )


class Values(columns.FormattableColumn):
    """What a property is: a list, or a dictionary of min and max."""

    def human_readable(self):
        if isinstance(self._value, dict):
            if self._value['min'] == self._value['max']:
                return str(self._value['min'])
            return '{min} to {max}'.format_map(self._value)
        return ', '.join(str(each) for each in self._value or ())


class Document(columns.FormattableColumn):
    """A dictionary, a key a line, nested values as JSON."""

    def human_readable(self):
        return '\n'.join(
            f'{key}={value if isinstance(value, str) else json.dumps(value)}'
            for key, value in sorted((self._value or {}).items())
        )


class Duration(columns.FormattableColumn):
    """Seconds, for people as the days and hours they are."""

    def human_readable(self):
        return '' if self._value is None else times.render_duration(self._value)


class Outlook(columns.FormattableColumn):
    """Why a bid waits, a sentence."""

    def human_readable(self):
        return (self._value or {}).get('detail', '')


class Stretches(columns.FormattableColumn):
    """Offers or contracts of a server, one a line."""

    def human_readable(self):
        return '\n'.join(
            '{start_time} to {end_time} at {price}: {status}'.format_map(_Blank(each))
            for each in self._value or ()
        )


class Names(columns.FormattableColumn):
    """A list of words."""

    def human_readable(self):
        return ', '.join(self._value or ())


class _Blank(dict):
    """What a line does not tell is blank."""

    def __missing__(self, key):
        return ''


COLUMNS = {
    'availabilities': Windows,
    'duration': Duration,
    'lines': Lines,
    'outlook': Outlook,
    'payload': Document,
    'properties': Document,
    'requirements': Requirements,
}


def label(field):
    """The heading of a field in a list: ``offer_uuid`` is ``Offer UUID``."""
    return ' '.join(
        word.upper() if word in ('id', 'uuid') else word.capitalize()
        for word in field.split('_')
    )


def labels(fields):
    return tuple(label(field) for field in fields)


def values(resource, fields, more=None):
    """The values of ``resource``, in the order of ``fields``.

    :param more: {field: column} of what these resources alone have.
    """
    known = {**COLUMNS, **(more or {})}
    return tuple(_value(resource, field, known) for field in fields)


def _value(resource, field, known):
    value = getattr(resource, field)
    column = known.get(field)
    return column(value) if column else value
