# SPDX-License-Identifier: Apache-2.0
"""The match language: what a bid asks of the hardware.

A requirement is a triple ``[expression, operator, operand]``: a JMESPath
expression (https://jmespath.org/specification.html) into the hardware document,
one of ``OPERATORS``, and what to compare with. All triples of a bid must be met.

Parsing refuses what cannot be evaluated; evaluation is total: what is absent
or of another type does not meet the requirement, whatever the operator.
"""

import dataclasses
import functools
import math
import operator

import jmespath
import jmespath.exceptions
import jmespath.functions
import jmespath.visitor
import re2

from flocx import exceptions


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What one bid may ask for, so that asking stays cheap for everybody."""

    triples: int = 32
    length: int = 256
    depth: int = 16
    items: int = 256


#: An evaluation that visits more nodes, or builds a longer list, is given up.
MAX_STEPS = 20_000

#: Memory that a compiled regular expression may take, in bytes.
MAX_PATTERN_MEMORY = 1 << 20


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value):
    return isinstance(value, str)


def _is_list(value):
    return isinstance(value, list | tuple)


def _anything(_):
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Operator:
    """``holds(found, operand)``, for what is found and asked of these kinds."""

    holds: object
    found: object
    operand: object
    kind: str


def _number(holds):
    return Operator(holds, _is_number, _is_number, 'a number')


def _string(holds):
    return Operator(holds, _is_text, _is_text, 'a string')


OPERATORS = {
    None: Operator(lambda found, _: bool(found), _anything, _anything, 'anything'),
    '==': _number(operator.eq),
    '!=': _number(operator.ne),
    '<': _number(operator.lt),
    '<=': _number(operator.le),
    '>': _number(operator.gt),
    '>=': _number(operator.ge),
    'eq': _string(operator.eq),
    'ne': _string(operator.ne),
    'startswith': _string(str.startswith),
    'endswith': _string(str.endswith),
    'matches': _string(lambda found, pattern: _pattern(pattern).search(found)),
    'in': Operator(
        lambda found, choices: found in choices, _anything, _is_list, 'a list'
    ),
    'contains': Operator(operator.contains, _is_list, _anything, 'anything'),
}


class _GivenUp(Exception):
    """The evaluation took more than a hardware document can need."""


class _Functions(jmespath.functions.Functions):
    """JMESPath's functions without the one that writes values out as text.

    A value can refer to one part many times; written out it would not fit into
    memory.
    """


# The base class fills the table anew for each subclass, so it is cut afterwards.
_Functions.FUNCTION_TABLE = {
    name: entry
    for name, entry in jmespath.functions.Functions.FUNCTION_TABLE.items()
    if name != 'to_string'
}


class _Interpreter(jmespath.visitor.TreeInterpreter):
    """JMESPath with a bound on the work that an expression can cause."""

    def __init__(self):
        super().__init__(jmespath.visitor.Options(custom_functions=_Functions()))
        self._steps = 0

    def visit(self, node, *args, **kwargs):
        self._steps += 1
        found = super().visit(node, *args, **kwargs)
        if isinstance(found, list | dict | str):
            self._steps += len(found) // 100
        if self._steps > MAX_STEPS:
            raise _GivenUp
        return found

    def visit_comparator(self, node, value):
        return super().visit_comparator(self._weighed(node, value), value)

    def visit_function_expression(self, node, value):
        if node['value'] == 'contains':
            node = self._weighed(node, value)
        return super().visit_function_expression(node, value)

    def _weighed(self, node, value):
        """``node`` with its operands found, and each part of them counted.

        A value can refer to one part many times, and comparing visits it as often.
        """
        found = [self.visit(child, value) for child in node['children']]
        waiting = list(found)
        while waiting:
            part = waiting.pop()
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise _GivenUp
            if isinstance(part, list):
                waiting.extend(part)
            elif isinstance(part, dict):
                waiting.extend(part.values())
        literals = [
            {'type': 'literal', 'value': each, 'children': []} for each in found
        ]
        return {**node, 'children': literals}


@functools.lru_cache(maxsize=4096)
def _compiled(expression):
    return jmespath.compile(expression).parsed


@functools.lru_cache(maxsize=1024)
def _pattern(text):
    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(text, options)


def find(expression, document):
    """What ``expression`` finds in ``document``, or None.

    None also where a function is applied to a value that it does not take, and
    where the evaluation would take more than ``MAX_STEPS`` steps.
    """
    try:
        return _Interpreter().visit(_compiled(expression), document)
    except (
        jmespath.exceptions.JMESPathError,
        _GivenUp,
        TypeError,
        ValueError,
        RecursionError,
        OverflowError,
    ):
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a bid asks of the hardware."""

    expression: str
    operator: str | None
    operand: object
    negated: bool = False

    def met_by(self, document):
        """Whether the hardware ``document`` is as asked."""
        found = find(self.expression, document)
        rule = OPERATORS[self.operator]
        if self.operator is not None and found is None:
            return False
        if not rule.found(found):
            return False
        try:
            holds = rule.holds(found, self.operand)
        except (UnicodeError, RecursionError):
            # A lone surrogate, which is no text; or nested without end.
            return False
        return bool(holds) is not self.negated

    def triple(self):
        """The triple as it was written."""
        name = self.operator
        if self.negated:
            name = '!' + (name or '')
        return [self.expression, name, self.operand]


def parse(triples, limits=None, field='requirements'):
    """The requirements that ``triples`` say, a tuple of Requirement.

    :param triples: a list of ``[expression, operator, operand]``; an operand
        may be left out where the operator is null.
    :raises Invalid: naming the triple, by position and text, and the reason.
    """
    limits = limits or Limits()
    if not isinstance(triples, list | tuple):
        raise exceptions.Invalid(
            f'{field}: a list of [expression, operator, operand] is expected'
        )
    if len(triples) > limits.triples:
        raise exceptions.Invalid(
            f'{field}: {len(triples)} triples; at most {limits.triples} are allowed'
        )
    return tuple(
        _parse_one(triple, limits, f'{field}[{position}]')
        for position, triple in enumerate(triples)
    )


def met(requirements, document):
    """Whether ``document`` meets each of ``requirements``."""
    return all(requirement.met_by(document) for requirement in requirements)


def _parse_one(triple, limits, where):
    if not isinstance(triple, list | tuple) or len(triple) not in (2, 3):
        raise exceptions.Invalid(
            f'{where}: [expression, operator, operand] is '
            f'expected, not {_short(triple)}'
        )
    expression, name, operand = (*triple, None)[:3]
    where = f'{where} {_short(list(triple))}'
    _check_expression(expression, limits, where)
    negated, name = _operator_name(name, where)
    rule = OPERATORS[name]
    if not rule.operand(operand):
        raise exceptions.Invalid(
            f'{where}: operator {name!r} compares with {rule.kind}, '
            f'not with {_short(operand)}{_hint(name, operand)}'
        )
    _check_operand(name, operand, limits, where)
    return Requirement(expression, name, operand, negated)


def _operator_name(name, where):
    if name is not None and not isinstance(name, str):
        raise exceptions.Invalid(f'{where}: {_short(name)} is not an operator')
    negated = bool(name) and name not in OPERATORS and name.startswith('!')
    if negated:
        name = name[1:] or None
    if name not in OPERATORS:
        known = ', '.join(repr(each) for each in OPERATORS if each)
        raise exceptions.Invalid(
            f'{where}: {_short(name)} is not an operator; there are null, {known}, '
            'each with ! before it for the contrary'
        )
    return negated, name


def _check_expression(expression, limits, where):
    if not isinstance(expression, str) or not expression.strip():
        raise exceptions.Invalid(f'{where}: a JMESPath expression is expected first')
    if len(expression) > limits.length:
        raise exceptions.Invalid(
            f'{where}: the expression has {len(expression)} characters; '
            f'at most {limits.length} are allowed'
        )
    try:
        tree = _compiled(expression)
    except (jmespath.exceptions.JMESPathError, ValueError) as error:
        reason = ' '.join(str(error).split())
        raise exceptions.Invalid(f'{where}: not JMESPath: {reason}') from None
    except RecursionError:
        raise exceptions.Invalid(f'{where}: nested too deeply') from None
    for depth, node in _nodes(tree):
        if depth > limits.depth:
            raise exceptions.Invalid(
                f'{where}: nested more than {limits.depth} levels deep'
            )
        if node['type'] == 'function_expression':
            _check_function(node['value'], where)


def _check_function(name, where):
    known = _Functions.FUNCTION_TABLE
    if name not in known:
        raise exceptions.Invalid(
            f'{where}: there is no function {name}(); there are '
            + ', '.join(sorted(known))
        )


def _nodes(tree):
    """Each node of a parsed expression with its depth."""
    waiting = [(1, tree)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting.extend(
            (depth + 1, child) for child in node['children'] if isinstance(child, dict)
        )


def _check_operand(name, operand, limits, where):
    values = operand if _is_list(operand) else [operand]
    if len(values) > limits.items:
        raise exceptions.Invalid(f'{where}: more than {limits.items} values')
    for value in values:
        _check_value(value, limits, where)
    if name == 'matches':
        try:
            _pattern(operand)
        except re2.error as error:
            reason = error.args[0]
            reason = reason.decode() if isinstance(reason, bytes) else reason
            raise exceptions.Invalid(
                f'{where}: not an RE2 regular expression: {reason}'
            ) from None


def _check_value(value, limits, where):
    if not isinstance(value, str | int | float | bool | None):
        raise exceptions.Invalid(
            f'{where}: {_short(value)} is neither a string nor a number'
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise exceptions.Invalid(f'{where}: {value} is not a number')
    if isinstance(value, int) and abs(value) > 10**18:
        raise exceptions.Invalid(f'{where}: {_short(value)} is too large')
    if isinstance(value, str):
        _check_text(value, limits, where)


def _check_text(value, limits, where):
    if len(value) > limits.length:
        raise exceptions.Invalid(
            f'{where}: a string of more than {limits.length} characters'
        )
    if not value.isascii() and any('\ud800' <= each <= '\udfff' for each in value):
        raise exceptions.Invalid(f'{where}: a string with half a character in it')


def _hint(name, operand):
    if name in ('==', '!=') and isinstance(operand, str):
        return f'; {"eq" if name == "==" else "ne"!r} compares strings'
    if name in ('eq', 'ne') and _is_number(operand):
        return f'; {"==" if name == "eq" else "!="!r} compares numbers'
    return ''


def _short(value):
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
