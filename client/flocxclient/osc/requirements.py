# SPDX-License-Identifier: Apache-2.0
"""What a bid asks of the hardware, as people write it.

PURE. The service judges the JMESPath; here a comparison becomes the triple
``[expression, operator, value]`` that the API takes.
"""

import json
import math
import re

from flocxclient.i18n import _

#: How a symbol reads with a number and with anything else; None: not at all.
SYMBOLS = {
    '>=': ('>=', None),
    '<=': ('<=', None),
    '==': ('==', 'eq'),
    '!=': ('!=', 'ne'),
    '>': ('>', None),
    '<': ('<', None),
    '=': ('==', 'eq'),
}
TEXT_WORDS = ('eq', 'ne', 'startswith', 'endswith', 'matches')
LIST_WORDS = ('in', 'contains')

FORMS = (
    "'memory_mb>=65536', 'cpu_arch=x86_64', "
    "'traits contains HW_CPU_X86_VMX', 'cpu_arch in x86_64,aarch64', "
    "'name !startswith test', or the triple "
    '\'["memory_mb", ">=", 65536]\''
)

_COMPARISON = re.compile(
    r'\s+(?P<word>!?(?:' + '|'.join(TEXT_WORDS + LIST_WORDS) + r'))\s+'
    r'|(?P<symbol>' + '|'.join(SYMBOLS) + ')'
)
_QUOTED = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`""", re.DOTALL
)
_BRACKETED = re.compile(r'[\[({][^\[\](){}]*[\])}]')


def parse(text):
    """``text`` as a triple.

    :raises ValueError: if it is neither a comparison, nor a triple, nor an
        expression that is to be true.
    """
    text = text.strip()
    if text.startswith('['):
        return _triple(text)
    comparison = _COMPARISON.search(_masked(text))
    if not comparison:
        return [_expression(text, text), None, None]
    expression = _expression(text, text[: comparison.start()])
    value = text[comparison.end() :]
    if comparison['word']:
        return _with_word(text, expression, comparison['word'], value)
    return _with_symbol(text, expression, comparison['symbol'], value)


def _masked(text):
    """``text`` without what it holds in quotes and brackets, as long.

    What a JMESPath compares in there is no comparison of ours:
    ``disks[?size > `100`]`` is one expression.
    """

    def blank(found):
        return '_' * len(found.group())

    text, found = _QUOTED.sub(blank, text), 1
    while found:
        text, found = _BRACKETED.subn(blank, text)
    return text


def _with_symbol(text, expression, symbol, value):
    value = _value(text, value)
    number, other = SYMBOLS[symbol]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [expression, number, value]
    if other is None:
        raise ValueError(
            _('{text!r}: {symbol} compares with a number').format(
                text=text, symbol=symbol
            )
        )
    # Ironic's capabilities are strings: "true" is what they hold, not true.
    if not isinstance(value, str):
        value = json.dumps(value)
    return [expression, other, value]


def _with_word(text, expression, word, value):
    if word.lstrip('!') in TEXT_WORDS:
        found = _value(text, value)
        return [expression, word, found if isinstance(found, str) else value.strip()]
    found = _value(text, value)
    if word.lstrip('!') == 'in' and not isinstance(found, list):
        found = [_value(text, part) for part in value.split(',')]
    return [expression, word, found]


def _expression(text, expression):
    expression = expression.strip()
    if not expression:
        raise ValueError(
            _('{text!r} is not a requirement: write {forms}').format(
                text=text, forms=FORMS
            )
        )
    return expression


def _value(text, value):
    """JSON where it is JSON, else the string that it is."""
    value = value.strip()
    if not value:
        raise ValueError(
            _('{text!r} compares with nothing: write {forms}').format(
                text=text, forms=FORMS
            )
        )
    try:
        return _json(value)
    except ValueError:
        return value


def _triple(text):
    try:
        expression, operator, operand = _json(text)
    except (TypeError, ValueError):
        raise ValueError(
            _(
                '{text!r} is not a triple of JSON: write ["memory_mb", ">=", 65536]'
            ).format(text=text)
        ) from None
    if not isinstance(expression, str) or not isinstance(operator, (str, type(None))):
        raise ValueError(
            _(
                '{text!r}: the expression is a string, and so is the '
                'operator, or it is null'
            ).format(text=text)
        )
    return [expression, operator, operand]


def _json(text):
    """``text`` as strict JSON, which has neither NaN nor Infinity."""
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError(_('nested too deeply')) from None


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(_('{text} is not a number').format(text=text))
    return number
