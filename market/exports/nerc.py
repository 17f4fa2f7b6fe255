# SPDX-License-Identifier: Apache-2.0
"""The NERC's invoice, and the nightly list of leases that it is made of. Pure.

https://github.com/CCI-MOC/bare-metal-usage-scripts has the columns that are read
(``models.py``) and written (``billing.py``), and rounds each lease up to whole hours.
"""

import collections
import csv
import decimal
import io
import json

from flocx.core import usage
from flocx.core import window

HEADERS = (
    'Invoice Month',
    'Project - Allocation',
    'Project - Allocation ID',
    'Manager (PI)',
    'Cluster Name',
    'Invoice Email',
    'Invoice Address',
    'Institution',
    'Institution - Specific Code',
    'SU Hours (GBhr or SUhr)',
    'SU Type',
    'Rate',
    'Cost',
)


def leases(lines, names):
    """A JSON array of leases, as text, piece by piece.

    :param lines: contract lines that were handed over.
    :param names: gives the name of a project, by its id.
    """
    yield '['
    separator = '\n'
    for line in lines:
        yield separator + json.dumps(_lease(line, names(line.project_id)))
        separator = ',\n'
    yield '\n]\n'


def _lease(line, project):
    return {
        'UUID': line.uuid,
        'Resource': line.resource_uuid,
        'Resource Class': line.resource_class or '',
        'Project': project,
        'Start Time': _text(line.fulfill_time or line.start_time),
        'Expire Time': _text(line.expire_time and min(line.expire_time, line.end_time)),
    }


def _text(moment):
    """As it writes times: UTC, without a zone."""
    return moment and moment.strftime('%Y-%m-%dT%H:%M:%S')


class Invoice:
    """Adds up a month, line by line; then it has the rows.

    :param rates: a Rates; a type that it lacks costs nothing, as there. None bills what
        the contracts say: hours to six places, and no rate.
    :param types: {resource class: type of service unit}, where they differ.
    """

    def __init__(self, month, period, rates=None, outages=(), types=None, cluster='bm'):
        self._month, self._period, self._rates = month, period, rates
        self._outages, self._types, self._cluster = list(outages), types or {}, cluster
        self._hours = collections.defaultdict(decimal.Decimal)
        self._costs = collections.defaultdict(decimal.Decimal)

    def add(self, line, interruptions, now):
        """Add the usage of a contract line, without outages and interruptions."""
        found = usage.of_line(line, [*interruptions, *self._outages], self._period, now)
        served = sum(each.served for each in found)
        key = line.project_id, self._types.get(line.resource_class, line.resource_class)
        if self._rates is None:
            self._hours[key] += decimal.Decimal(served) / 3600
            self._costs[key] += sum(each.amount for each in found)
        elif served:
            self._hours[key] += -(-served // 3600)

    def rows(self, names):
        """The rows of the invoice, without the headers, in the order of projects.

        :param names: gives the name of a project, by its id.
        """
        for (project, su_type), hours in sorted(
            self._hours.items(), key=lambda item: (item[0][0], item[0][1] or '')
        ):
            rate, cost = self._charge((project, su_type), hours)
            if hours or cost:
                yield (
                    *(self._month, names(project), project, '', self._cluster),
                    *('', '', '', ''),
                    *(_plain(hours), su_type or '', rate, _plain(cost)),
                )

    def _charge(self, key, hours):
        if self._rates is None:
            return '', self._costs[key]
        rate = self._rates.rate(key[1], self._month) or decimal.Decimal(0)
        return _plain(rate), rate * hours


def _plain(value):
    """A decimal as people write it: at most six places, and no zeros at the end."""
    rounded = decimal.Decimal(value).quantize(decimal.Decimal('0.000001'))
    return f'{rounded.normalize():f}'


def csv_rows(rows):
    """Rows as CSV, with the headers, line by line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    for row in (HEADERS, *rows):
        writer.writerow(row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def month_of(period):
    """What an invoice calls the month of ``period``."""
    return window.text(period.start)[:7]
