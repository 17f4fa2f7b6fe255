# SPDX-License-Identifier: Apache-2.0
"""Prices and amounts as people write them. PURE."""

import decimal

from flocxclient.i18n import _


def price(text):
    """``text`` as the decimal string that the API takes.

    :raises ValueError: if it is not a finite number, or below zero.
    """
    return _decimal(text, 'price', 'per server and hour, such as 1.25')


def credits(text):
    """``text`` as the decimal string of a number of credits.

    :raises ValueError: if it is not a finite number, or below zero.
    """
    return _decimal(text, 'number of credits', 'such as 12.50')


def _decimal(text, what, example):
    try:
        value = decimal.Decimal(text)
    except decimal.InvalidOperation:
        value = decimal.Decimal('NaN')
    # An exponent is written out below, so it must have an end.
    if not value.is_finite() or value.is_signed() or abs(value.adjusted()) > 20:
        raise ValueError(
            _('{text!r} is not a {what}: write a decimal number {example}').format(
                text=text, what=what, example=example
            )
        )
    return format(value, 'f')
