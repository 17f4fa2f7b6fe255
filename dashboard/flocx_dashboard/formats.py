# SPDX-License-Identifier: Apache-2.0
"""How money, times, durations and hardware are written for people."""

import datetime
import decimal
import re

from django.utils import dateformat
from django.utils import formats as written
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flocxclient.osc import times

_MOMENT = re.compile(r'\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z')
_CENTS = decimal.Decimal('0.01')
#: What the pricing rules of FLOCX are called; an operator's own have their names.
PRICE_RULES = {
    'core': gettext_lazy('core'),
    'k_double_auction': gettext_lazy('k double auction'),
    'second_price': gettext_lazy('second price'),
    'trade_reduction': gettext_lazy('trade reduction'),
    'uniform': gettext_lazy('uniform'),
    'vcg': gettext_lazy('vcg'),
}
_UUID = re.compile(r'\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b')


def title(resource):
    """What a resource is called: its name, or the beginning of its uuid."""
    return resource.name or short(resource.uuid)


def instant(text):
    """A moment of the API, aware."""
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def money(text):
    """A price or amount with as many places as it needs, two at least."""
    if text in (None, ''):
        return '–'
    amount = decimal.Decimal(text)
    if amount == amount.quantize(_CENTS):
        return about(text)
    return grouped(amount.normalize())


def grouped(value, places=None):
    """A number with the signs that the user's language has in it."""
    return written.number_format(value, places, force_grouping=True)


def editable_money(text):
    """A price as it is typed, in each language."""
    amount = decimal.Decimal(text)
    if amount == amount.quantize(_CENTS):
        return f'{amount:.2f}'
    return f'{amount.normalize():f}'


def price_origin(line):
    """How the price of a contract line was made, in a sentence."""
    if not line.get('price_rule'):
        return ''
    reason = _('%(rule)s; the owner asks %(ask)s') % {
        'rule': PRICE_RULES.get(line['price_rule'], line['price_rule']),
        'ask': money(line.get('ask')),
    }
    if line.get('displaced') is not None:
        reason = _('%(reason)s, bids left out would have paid %(more)s more') % {
            'reason': reason,
            'more': money(line['displaced']),
        }
    return reason


def about(text):
    """An amount for a glance, with two places."""
    return grouped(decimal.Decimal(text or 0).quantize(_CENTS), 2)


def number(value):
    """A number without the zeros at its end."""
    return grouped(decimal.Decimal(str(value)).normalize())


def hours(text):
    """Hours, with two places."""
    return about(text)


def moment(text):
    """A moment of the API in the time zone of the user, to the minute."""
    if not text:
        return '–'
    return timezone.localtime(instant(text)).strftime('%Y-%m-%d %H:%M %Z')


def editable_moment(text):
    """A moment of the API as the user would type it, in their time zone."""
    return timezone.localtime(instant(text)).strftime('%Y-%m-%d %H:%M')


def duration(seconds):
    """Seconds as people write them: 1d 12h."""
    if seconds is None:
        return '–'
    text = times.render_duration(int(seconds))
    return ''.join(f'{each} ' if each.isalpha() else each for each in text).strip()


def distance(when, now):
    """How far off a moment is: in 3h 20m, 2d ago."""
    seconds = int((when - now).total_seconds())
    far = abs(seconds)
    unit = 86400 if far >= 14 * 86400 else 3600 if far >= 2 * 86400 else 60
    if far < 60:
        return (
            _('in less than a minute') if seconds >= 0 else _('less than a minute ago')
        )
    text = duration(far // unit * unit)
    return _('in %s') % text if seconds >= 0 else _('%s ago') % text


def day(moment):
    """A day without its year, such as Tue 05 Jan."""
    return dateformat.format(moment, 'D d M')


def hardware(properties):
    """What a server is, in a line."""
    properties = properties or {}
    parts = []
    for key, render in (
        ('cpus', lambda value: _('%s CPUs') % number(value)),
        ('memory_mb', lambda value: f'{number(_rounded(value, 1024))} GiB'),
        ('local_gb', lambda value: _('%s GB disk') % number(value)),
        ('cpu_arch', str),
    ):
        if properties.get(key):
            try:
                parts.append(render(properties[key]))
            except (ArithmeticError, ValueError):
                parts.append(f'{key} {properties[key]}')
    return ', '.join(parts) or '–'


def short(ident):
    """An id that has to stand for a name, as short as people can tell it apart."""
    return ident[:8] if ident and len(ident) > 16 else ident or '–'


def requirement(triple):
    """A triple of the match language as it may be typed."""
    expression, operator, operand = triple
    if operator is None:
        return expression
    value = operand if isinstance(operand, str) else _plain(operand)
    return f'{expression} {operator} {value}'


def totals(rows):
    """The sums of usage as renter and as owner: a label, two of hours, an amount.

    :param rows: dictionaries with the names of these, and ``role``.
    """
    found = []
    for role, label in (('renter', _('Spent in all')), ('owner', _('Earned in all'))):
        own = [each for each in rows if each['role'] == role]
        if own:
            names = ('server_hours', 'missed_hours', 'amount')
            sums = (sum(decimal.Decimal(each[n]) for each in own) for n in names)
            found.append((label, *sums))
    return found


def explained(detail):
    """A sentence of the API, with durations as people write them."""
    return for_people(times.sentence(detail or '', duration))


def for_people(text):
    """A sentence of the API, with its moments in the user's zone and ids short."""
    text = _UUID.sub(lambda found: short(found[0]), text)
    return _MOMENT.sub(lambda found: moment(found[0]), text)


def _plain(operand):
    if isinstance(operand, list):
        return ', '.join(map(str, operand))
    return str(operand)


def _rounded(value, divisor):
    return (decimal.Decimal(str(value)) / divisor).quantize(decimal.Decimal('0.1'))
