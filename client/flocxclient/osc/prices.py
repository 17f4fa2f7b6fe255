# SPDX-License-Identifier: Apache-2.0
"""Prices as people write them. PURE."""

import decimal


def price(text):
    """``text`` as the decimal string that the API takes.

    :raises ValueError: if it is not a finite number, or below zero.
    """
    try:
        value = decimal.Decimal(text)
    except decimal.InvalidOperation:
        value = decimal.Decimal('NaN')
    # An exponent is written out below, so it must have an end.
    if not value.is_finite() or value.is_signed() or abs(value.adjusted()) > 20:
        raise ValueError(
            f'{text!r} is not a price: write a decimal number '
            'per server and hour, such as 1.25'
        )
    return format(value, 'f')
