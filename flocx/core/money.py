# SPDX-License-Identifier: Apache-2.0
"""Money: Decimal rates per server and hour, and the amounts they come to."""

import decimal
import re

from flocx import exceptions

#: The smallest part of a credit that is kept, and the largest price.
QUANTUM = decimal.Decimal('0.000001')
LIMIT = decimal.Decimal(10) ** 12
SECONDS_PER_HOUR = decimal.Decimal(3600)

#: Wide enough for any price times any number of seconds, so that nothing is
#: rounded but the result, once.
EXACT = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_EVEN)


#: How a price is written, a regular expression. Python would read more, like ``1_000``,
#: ``1e2`` or other scripts' digits, which people would read otherwise or not at all.
PATTERN = r'[0-9]{1,12}(\.[0-9]{1,6})?'
_PRICE = re.compile(PATTERN)


def price(value: object, field: str = 'price') -> decimal.Decimal:
    """A rate in credits per server and hour.

    :param value: a decimal string, an integer or a Decimal; never a float.
    :param field: what to call the value when it is refused.
    :raises Invalid: it is no such number, negative, too large or too fine.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | decimal.Decimal):
        raise exceptions.Invalid(
            f'{field}: {value!r} is not a decimal string such as "1.25"'
        )
    if isinstance(value, str) and not _PRICE.fullmatch(value):
        text = repr(value) if len(value) <= 40 else f'{value[:37]!r}...'
        raise exceptions.Invalid(
            f'{field}: {text} is not a decimal string such as "1.25", with up to 12 '
            'digits before the point and 6 after it'
        )
    parsed = decimal.Decimal(value)
    if not parsed.is_finite() or parsed < 0 or parsed >= LIMIT:
        raise exceptions.Invalid(f'{field}: it is not in 0..{LIMIT - QUANTUM}')
    rounded = parsed.quantize(QUANTUM, context=EXACT)
    if rounded != parsed:
        raise exceptions.Invalid(f'{field}: {value} has more than 6 decimal places')
    return abs(rounded)


def quantised(value: decimal.Decimal) -> decimal.Decimal:
    """``value`` to 6 places, half to even."""
    return value.quantize(QUANTUM, context=EXACT)


def amount(rate: decimal.Decimal, seconds: int) -> decimal.Decimal:
    """What ``seconds`` of one server cost at ``rate`` per hour, to 6 places."""
    exact = EXACT.divide(
        EXACT.multiply(rate, decimal.Decimal(seconds)), SECONDS_PER_HOUR
    )
    return quantised(exact)


def text(value: decimal.Decimal) -> str:
    """``value`` as the API writes it: ``1.250000``."""
    return format(quantised(value), 'f')
