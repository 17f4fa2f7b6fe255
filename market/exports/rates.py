# SPDX-License-Identifier: Apache-2.0
"""Rates and outages that a site keeps in files, as the NERC publishes its own. Pure.

https://github.com/CCI-MOC/nerc-rates: ``rates.yaml`` has values with a history by
month, ``outages.yaml`` windows of time in which nothing is billed.
"""

import dataclasses
import decimal

import yaml

from flocx import exceptions
from flocx.core import ledger
from flocx.core import money
from flocx.core import window


def _documents(text, name):
    try:
        found = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        raise exceptions.Invalid(f'{name}: not YAML: {error}') from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise exceptions.Invalid(f'{name}: a list of mappings is expected')
    return found


@dataclasses.dataclass(frozen=True)
class Rates:
    """Credits per server and hour of a type of service unit, by month."""

    history: dict

    @classmethod
    def parse(cls, text):
        """The rates of the entries called ``... SU Rate`` of a rate file.

        :raises Invalid: it is no such file, or has something else than a rate.
        """
        history = {}
        for entry in _documents(text, 'rates'):
            name = str(entry.get('name', ''))
            if not name.endswith(' SU Rate'):
                continue
            periods = [_period(name, each) for each in entry.get('history') or ()]
            history[name.removesuffix(' SU Rate')] = sorted(periods)
        return cls(history)

    def rate(self, su_type, month):
        """The rate of a type of service unit in ``month``; None where it has none."""
        found = None
        for first, last, value in self.history.get(su_type, ()):
            if first <= month <= (last or month):
                found = value
        return found


def _period(name, entry):
    try:
        value = decimal.Decimal(str(entry['value']))
        first, last = str(entry['from']), entry.get('until')
    except (KeyError, TypeError, decimal.InvalidOperation):
        raise exceptions.Invalid(
            f'rates: {name}: a value and a month from which on are expected'
        ) from None
    if not value.is_finite() or value < 0 or value >= money.LIMIT:
        raise exceptions.Invalid(f'rates: {name}: {value} is not a rate')
    last = last and str(last)
    for month in filter(None, (first, last)):
        ledger.parse_month(month, f'rates: {name}')
    return first, last or '', value


def outages(text, service=None):
    """The windows of an outage file, in order.

    Windows that end before they start are left out, as those who publish such files
    have had some.

    :param service: those that affect this service; None for all.
    :raises Invalid: it is no such file.
    """
    found = []
    for entry in _documents(text, 'outages'):
        for each in entry.get('timeframes') or ():
            affected = each.get('affected_services') or ()
            if service is not None and service not in affected:
                continue
            if not {'from', 'until'} <= each.keys():
                raise exceptions.Invalid(f'outages: {each}: from and until are missing')
            start, end = (
                window.instant(str(each[name]), f'outages: {name}')
                for name in ('from', 'until')
            )
            if start < end:
                found.append(window.Window(start, end))
    return sorted(found)
