# SPDX-License-Identifier: Apache-2.0
"""How fields look: readable in a table, structured in JSON and YAML."""

import collections
import datetime
import decimal
import json

from cliff import columns

from flocxclient.i18n import _
from flocxclient.osc import asks
from flocxclient.osc import times


class Column(columns.FormattableColumn):
    """A value that people read otherwise than programs.

    :param zone: the time zone that times are shown in.
    """

    def __init__(self, value, zone=datetime.UTC):
        super().__init__(value)
        self._zone = zone

    def _time(self, text):
        return times.render_local(text, self._zone) if text else ''

    def _window(self, start, end):
        """A window of time, with its zone once where it is the same."""
        start, end = self._time(start), self._time(end)
        clock, _, zone = start.rpartition(' ')
        return f'{clock if end.endswith(zone) else start} to {end}'


class Time(Column):
    """A moment, in the time zone of the reader."""

    def human_readable(self):
        return self._time(self._value)


class Money(Column):
    """A price or an amount with as many places as it needs, two at least."""

    def human_readable(self):
        return money(self._value)


class EventType(Column):
    """What happened, in words."""

    def human_readable(self):
        words = str(self._value or '').replace('.', ' ').replace('_', ' ')
        return EVENTS.get(self._value) or words.capitalize()


class Named(Column):
    """What people know by its name and programs by its id.

    The command asks for the name, in a ``directory`` of ``names.Names``.
    """

    directory = ''
    #: What it is called, where people see its name.
    heading = ''

    def human_readable(self):
        return self._value or ''


class Project(Named):
    """A project."""

    directory = 'project'


class User(Named):
    """A user of Keystone's, such as the one that a service has."""

    directory = 'user'


class Server(Named):
    """A server of the reader's own, or one that they rent."""

    directory = 'server'
    heading = 'Server'


class Account(Named):
    """An account, by the project that it belongs to."""

    directory = 'account'


class Windows(Column):
    """Windows of time, one a line."""

    def human_readable(self):
        return '\n'.join(self._window(start, end) for start, end in self._value or ())


class Lines(Column):
    """The servers of a contract, one a line."""

    def named(self, name):
        """The same with the names of the servers.

        :param name: gives the name of a server by its uuid, or the uuid.
        """
        lines = [dict(line) for line in self._value or ()]
        for line in lines:
            known = name(line.get('resource_uuid'))
            if known != line.get('resource_uuid'):
                line['resource_name'] = known
        return type(self)(lines, self._zone)

    def human_readable(self):
        return '\n'.join(
            f'{_server(line)} at {money(line.get("price"))}{_origin(line)}: '
            f'{line.get("status", "")}{self._reclaim(line)}'
            for line in self._value or ()
        )

    def _reclaim(self, line):
        """Until when the renter keeps what its owner reclaims, or a firm bid gets."""
        deadline = line.get('reclaim_deadline')
        how = 'reclaimed' if line.get('reclaim_time') else 'displaced'
        return f', {how} by {self._time(deadline)}' if deadline else ''


class ServerNames(Lines):
    """What the servers of a contract are called, one a line."""

    def human_readable(self):
        return '\n'.join(map(_server, self._value or ()))


def _origin(line):
    """How the price of a line was made, where the marketplace says so."""
    rule, displaced = line.get('price_rule'), line.get('displaced')
    if not rule:
        return ''
    parts = [f'ask {money(line.get("ask"))}']
    if displaced is not None:
        parts.append(f'bids left out {money(displaced)} more')
    return f' ({rule}: {", ".join(parts)})'


class Servers(Column):
    """How many servers of a contract have which price and status, one such a line."""

    def human_readable(self):
        counts = collections.Counter(
            (money(line.get('price')), line.get('status')) for line in self._value or ()
        )
        return '\n'.join(
            f'{count} at {price}: {status}' for (price, status), count in counts.items()
        )


class Requirements(Column):
    """Triples, one a line."""

    def human_readable(self):
        return '\n'.join(requirements(self._value))


def requirements(triples):
    """Triples, each as people write it, a list."""
    return [
        ' '.join(
            [str(expression)]
            + [
                part if isinstance(part, str) else json.dumps(part)
                for part in rest
                if part is not None
            ]
        )
        for expression, *rest in triples or ()
    ]


class Asks(Column):
    """What is asked at some times, one entry a line."""

    def human_readable(self):
        return '\n'.join(map(asks.render, self._value or ()))


class Falls(Column):
    """To what, and how long before, an ask falls."""

    def human_readable(self):
        return asks.render_falls(self._value) if self._value else ''


def _apart_or_together(each):
    if each.get('group_by'):
        value = f': {each["group_value"]}' if each.get('group_value') else ''
        yield f'one {each["group_by"]}{value}'
    if each.get('spread_by'):
        yield f'{each["spread_max"]} of a {each["spread_by"]} at most'


class Parts(Column):
    """Parts of a bundle, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{each["name"] or number}: {self._servers(each)}'
            + ', '.join(self._terms(each))
            for number, each in enumerate(self._value or ())
        )

    def _servers(self, each):
        least = each.get('min_quantity') or each['quantity']
        return f'{least} to {each["quantity"]}' if least < each['quantity'] else least

    def _terms(self, each):
        yield f' at {money(each["price"])}' if each['price'] else ''
        if each['offset']:
            yield f'from +{times.render_duration(each["offset"])}'
        yield f'for {times.render_duration(each["duration"])}'
        if each['resource_class']:
            yield each['resource_class']
        yield from _apart_or_together(each)
        yield from requirements(each['requirements'])


class Alternatives(Column):
    """Other terms of a bid, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{number}: {each["quantity"]} at {money(each["price"])}, '
            + ', '.join(self._parts(each))
            for number, each in enumerate(self._value or (), 1)
        )

    def _parts(self, each):
        yield times.render_duration(each['duration'])
        yield self._window(each['start_time'], each['end_time'])
        if each.get('resource_class'):
            yield each['resource_class']
        yield from _apart_or_together(each)
        yield from requirements(each.get('requirements'))


class QuotedLines(Column):
    """The servers that a bid would get, those of a class and price in a line."""

    def human_readable(self):
        return '\n'.join(
            f'{count} {name} at {price}' if name else f'{count} at {price}'
            for (name, price), count in collections.Counter(
                (line.get('resource_class'), money(line.get('price')))
                for line in self._value or ()
            ).items()
        )


class QuotedAlternatives(Column):
    """What a bid would get by each alternative, one a line; 0 are its own terms."""

    def human_readable(self):
        return '\n'.join(
            f'{number}: {self._got(each)}'
            for number, each in enumerate(self._value or ())
        )

    def _got(self, each):
        if not each['lines']:
            return each['detail']
        stay = self._window(each['start_time'], each['end_time'])
        return f'{len(each["lines"])}, {stay}, {money(each["amount"])} in all'


class Calendar(Column):
    """What a start would cost, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{self._time(each.get("start_time"))}: '
            + (
                f'{each.get("servers")} at {money(each.get("price"))}'
                if each.get('price') is not None
                else 'not enough'
            )
            for each in self._value or ()
        )


class OffersMeeting(Column):
    """Requirements, and how many offers meet each, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{Requirements([each.get("requirement")]).human_readable()}: '
            f'met by {each.get("offers")}'
            for each in self._value or ()
        )


class Values(Column):
    """What a property is: a list, or a dictionary of min and max."""

    def human_readable(self):
        if isinstance(self._value, dict):
            if self._value['min'] == self._value['max']:
                return str(self._value['min'])
            return '{min} to {max}'.format_map(self._value)
        return ', '.join(str(each) for each in self._value or ())


class Document(Column):
    """A dictionary, a key a line, nested values as JSON."""

    def human_readable(self):
        return '\n'.join(
            f'{key}={value if isinstance(value, str) else json.dumps(value)}'
            for key, value in sorted((self._value or {}).items())
        )


class Duration(Column):
    """Seconds, for people as the days and hours they are."""

    def human_readable(self):
        return '' if self._value is None else times.render_duration(self._value)


class Seconds(Column):
    """How long something took, to the millisecond."""

    def human_readable(self):
        return '' if self._value is None else f'{float(self._value):.3f}'


class Hours(Column):
    """How many hours of servers, to the hundredth."""

    def human_readable(self):
        return '' if self._value is None else f'{decimal.Decimal(self._value):.2f}'


class Sentence(Column):
    """What the API says of something, to people."""

    def human_readable(self):
        return times.sentence(self._value or '')


class Outlook(Column):
    """Why a bid waits, a sentence."""

    def human_readable(self):
        return times.sentence((self._value or {}).get('detail', ''))


class Promises(Column):
    """Offers or contracts of a server, one a line."""

    def human_readable(self):
        return '\n'.join(
            f'{self._window(each.get("start_time"), each.get("end_time"))} '
            f'at {money(each.get("price"))}: {each.get("status", "")}'
            for each in self._value or ()
        )


class Rows(Column):
    """What became of the rows of a file, one a line."""

    @property
    def line(self):
        """The only row."""
        (row,) = self._value
        return self._outcome(row)

    def human_readable(self):
        return '\n'.join(
            f'{row["row"]} {self._outcome(row)}' for row in self._value or ()
        )

    @staticmethod
    def _outcome(row):
        became = row['result'] if row['error'] is None else f'failed: {row["error"]}'
        return f'{row["name"]}: {became}' if row['name'] else became


class Names(Column):
    """A list of words."""

    def human_readable(self):
        return ', '.join(self._value or ())


#: The columns by the names that tables of fields have for them.
COLUMNS = {
    each.__name__: each
    for kind in (Column, Named, Lines)
    for each in kind.__subclasses__()
}

#: What happens, where the words of its type do not say it.
EVENTS = {
    'offer.resumed': _('Offer back on sale'),
    'offer.republished': _('Hardware of an offer changed'),
    'offer.maintenance_announced': _('Outage planned'),
    'offer.maintenance_cancelled': _('Planned outage called off'),
    'contract.active': _('Servers handed over'),
    'contract.error': _('Contract in trouble'),
    'contract.hardware_changed': _('Hardware of a server changed'),
    'contract.maintenance_announced': _('Outage planned'),
    'contract.maintenance_cancelled': _('Planned outage called off'),
    'contract.not_extended': _('Not extended'),
    'contract.reclaiming': _('Servers reclaimed by owner'),
    'contract.displaced': _('Displaced by a firm bid'),
    'contract.released': _('Servers released'),
    'contract.replaced': _('Another server found'),
    'contract.wait_cancel': _('Waiting for cancellation'),
    'contract.wait_end': _('Waiting for return'),
    'contract.wait_fulfill': _('Waiting for servers'),
    'account.changed': _('Overdraft changed'),
    'account.credited': _('Credits received'),
    'account.exhausted': _('Credits are spent'),
    'account.low': _('Credits run low'),
    'standing_demand.changed': _('Servers to be held changed'),
    'standing_demand.created': _('Servers are to be held'),
    'standing_demand.ended': _('Servers are held no longer'),
    'standing_demand.refused': _('Nothing more is bought'),
}


def money(text):
    """A decimal string with as many places as it needs, two at least."""
    if text in (None, ''):
        return ''
    amount = decimal.Decimal(str(text))
    if amount == amount.quantize(decimal.Decimal('0.01')):
        return f'{amount:.2f}'
    return f'{amount.normalize():f}'


def plain(value):
    """A value as a word for formats that know nothing but words: CSV and the like.

    What has a structure is JSON; what there is not is empty.
    """
    if isinstance(value, columns.FormattableColumn):
        value = value.machine_readable()
    if value is None:
        return ''
    return value if isinstance(value, str) else json.dumps(value)


def readable(value):
    """A value as a cell of a table, in which what there is not is a dash."""
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return '-' if value is None else value


def heading(label, cell):
    """The heading of a column for people, whose label is that for programs."""
    if not isinstance(cell, Named):
        return label
    return cell.heading or label.removesuffix(' ID')


def label(field):
    """The heading of a field in a list: ``offer_uuid`` is ``Offer UUID``."""
    return ' '.join(
        word.upper() if word in ('id', 'uuid') else word.capitalize()
        for word in field.split('_')
    )


def labels(fields):
    return tuple(label(field) for field in fields)


def values(resource, fields, known, zone=datetime.UTC):
    """The values of ``resource``, in the order of ``fields``.

    :param known: {field: name of a class of this module}.
    :param zone: the time zone that times are shown in.
    """
    return tuple(
        wrapped(getattr(resource, field), known.get(field), zone) for field in fields
    )


def wrapped(value, name, zone=datetime.UTC):
    """A value as the column of this name; without a name as it is."""
    return COLUMNS[name](value, zone) if name else value


def _server(line):
    """What the server of a line is called; its whole uuid is for programs."""
    uuid = line.get('resource_uuid')
    return line.get('resource_name') or (f'server {uuid[:8]}' if uuid else 'a server')
