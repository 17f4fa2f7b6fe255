# SPDX-License-Identifier: Apache-2.0
"""Fuzz what callers write, guided by the branches that it reaches (libFuzzer, Atheris).

``python -m tests.fuzzing -runs=100000``, with any options of libFuzzer. What is found
is a crash: anything but a value or :class:`flocx.exceptions.Invalid`.
"""

import sys

import atheris

with atheris.instrument_imports():
    from flocx import exceptions
    from flocx.core import money
    from flocx.core import query
    from flocx.core import requirements
    from flocx.core import window

_DOCUMENT = {'cpus': 64, 'inventory': {'disks': [{'size': 1, 'name': 'sda'}]}}
_OPERATORS = list(requirements.OPERATORS)
_PARSERS = (
    money.price,
    lambda text: window.instant(text, 'end_time'),
    lambda text: query.integer(text, 'limit'),
)


def one_input(data):
    provider = atheris.FuzzedDataProvider(data)
    text = provider.ConsumeUnicode(300)
    operator = provider.PickValueInList(_OPERATORS)
    operand = provider.PickValueInList([text, 1, [text], None])
    for parse in _PARSERS:
        _refused_or_not(parse, text)
    _refused_or_not(_met, [[text, operator, operand]])
    _refused_or_not(_met, [['cpus', operator, operand]])


def _met(triples):
    return requirements.met(requirements.parse(triples), _DOCUMENT)


def _refused_or_not(parse, literal):
    try:
        parse(literal)
    except exceptions.Invalid:
        return


if __name__ == '__main__':
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
