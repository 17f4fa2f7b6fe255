# SPDX-License-Identifier: Apache-2.0
"""The match language: what a bid asks of the hardware.

A requirement is a triple ``[expression, operator, operand]``: a JMESPath
expression (https://jmespath.org/specification.html) into the hardware document,
one of ``OPERATORS``, and what to compare with. All triples of a bid must be met.

Parsing refuses what cannot be evaluated; evaluation is total: what is absent
or of another type does not meet the requirement, whatever the operator.
"""

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import functools
import math
import operator
from typing import Any
from typing import NamedTuple

try:
    import re2
except ImportError:
    # Those of Python may take exponential time: there are none, then.
    re2 = None

from flocx import exceptions
from flocx.core import expressions


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What one bid may ask for, so that asking stays cheap for everybody."""

    triples: int = 32
    length: int = 256
    depth: int = 16
    items: int = 256
    #: Whether a comparison that can never hold, for its types, is refused.
    types: bool = True


#: For what was accepted once: it is not refused later because an option has changed.
NO_LIMITS = Limits(triples=10**6, length=10**6, depth=10**6, items=10**6, types=False)


#: Memory that a compiled regular expression may take, in bytes.
MAX_PATTERN_MEMORY = 1 << 20


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _anything(_: object) -> bool:
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Operator:
    """``holds(found, operand)``, for what is found and asked of these kinds."""

    holds: Callable[[Any, Any], object]
    found: Callable[[object], bool]
    operand: Callable[[object], bool]
    kind: str
    #: The type of what has to be found, None for any.
    type: str | None = None


def _number(holds: Callable[[Any, Any], object]) -> Operator:
    return Operator(holds, _is_number, _is_number, 'a number', 'number')


def _string(holds: Callable[[Any, Any], object]) -> Operator:
    return Operator(holds, _is_text, _is_text, 'a string', 'string')


@functools.lru_cache(maxsize=1024)
def _pattern(text: str) -> Any:
    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(text, options)


def _matches(found: str, pattern: str) -> object:
    return re2 is not None and _pattern(pattern).search(found)


OPERATORS: dict[str | None, Operator] = {
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
    'matches': _string(_matches),
    'in': Operator(
        lambda found, choices: found in choices, _anything, _is_list, 'a list'
    ),
    'contains': Operator(operator.contains, _is_list, _anything, 'anything', 'list'),
}


class Trial(NamedTuple):
    """Whether some hardware meets a requirement, and how many steps that took."""

    met: bool
    steps: int


@dataclasses.dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a bid asks of the hardware."""

    expression: str
    operator: str | None
    operand: Any
    negated: bool = False

    def tried_on(self, document: object) -> 'Trial':
        """Whether the hardware ``document`` is as asked, and what it took to see."""
        found, steps = expressions.find(self.expression, document)
        return Trial(self._holds(found), steps)

    def _holds(self, found: Any) -> bool:
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

    def triple(self) -> list[Any]:
        """The triple as it was written."""
        name = self.operator
        if self.negated:
            name = '!' + (name or '')
        return [self.expression, name, self.operand]


def parse(
    triples: object, limits: Limits | None = None, field: str = 'requirements'
) -> tuple[Requirement, ...]:
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


def met(requirements: Iterable[Requirement], document: object) -> bool:
    """Whether ``document`` meets each of ``requirements``."""
    return together(each.tried_on(document) for each in requirements).met


def together(trials: Iterable[Trial]) -> Trial:
    """All of them as one, up to the first that fails.

    It fails, too, where they take more steps than one may: what asks for more work of
    everybody than hardware is worth is met by none.
    """
    steps = 0
    for trial in trials:
        steps += trial.steps
        if not trial.met or steps > expressions.MAX_STEPS:
            return Trial(False, steps)
    return Trial(True, steps)


def _parse_one(triple: object, limits: Limits, where: str) -> Requirement:
    if not isinstance(triple, list | tuple) or len(triple) not in (2, 3):
        raise exceptions.Invalid(
            f'{where}: [expression, operator, operand] is '
            f'expected, not {_short(triple)}'
        )
    first, second, operand = (*triple, None)[:3]
    where = f'{where} {_short(list(triple))}'
    expression = _check_expression(first, limits, where)
    negated, name = _operator_name(second, where)
    rule = OPERATORS[name]
    if not rule.operand(operand):
        raise exceptions.Invalid(
            f'{where}: operator {name!r} compares with {rule.kind}, '
            f'not with {_short(operand)}{_hint(name, operand)}'
        )
    _check_operand(name, operand, limits, where)
    if limits.types:
        _check_types(expression, name, operand, where)
    return Requirement(expression, name, operand, negated)


def _operator_name(name: object, where: str) -> tuple[bool, str | None]:
    if name is not None and not isinstance(name, str):
        raise exceptions.Invalid(f'{where}: {_short(name)} is not an operator')
    negated = False
    if name is not None and name not in OPERATORS and name.startswith('!'):
        negated, name = True, name[1:] or None
    if name not in OPERATORS:
        known = ', '.join(repr(each) for each in OPERATORS if each)
        raise exceptions.Invalid(
            f'{where}: {_short(name)} is not an operator; there are null, {known}, '
            'each with ! before it for the contrary'
        )
    return negated, name


def _check_expression(expression: object, limits: Limits, where: str) -> str:
    if not isinstance(expression, str) or not expression.strip():
        raise exceptions.Invalid(f'{where}: a JMESPath expression is expected first')
    if len(expression) > limits.length:
        raise exceptions.Invalid(
            f'{where}: the expression has {len(expression)} characters; '
            f'at most {limits.length} are allowed'
        )
    try:
        expressions.check(expression, limits.depth)
    except expressions.NotJMESPath as error:
        raise exceptions.Invalid(f'{where}: {error}') from None
    return expression


def _check_operand(name: str | None, operand: Any, limits: Limits, where: str) -> None:
    values = operand if _is_list(operand) else [operand]
    if len(values) > limits.items:
        raise exceptions.Invalid(f'{where}: more than {limits.items} values')
    for value in values:
        _check_value(value, limits, where)
    if name == 'matches':
        _check_pattern(operand, where)


def _check_pattern(operand: str, where: str) -> None:
    if re2 is None:
        raise exceptions.Invalid(
            f'{where}: matches needs google-re2, which is not installed here; '
            'startswith, endswith and in do without'
        )
    try:
        _pattern(operand)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode() if isinstance(reason, bytes) else reason
        raise exceptions.Invalid(
            f'{where}: not an RE2 regular expression: {reason}'
        ) from None


def _check_value(value: object, limits: Limits, where: str) -> None:
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


def _check_text(value: str, limits: Limits, where: str) -> None:
    if len(value) > limits.length:
        raise exceptions.Invalid(
            f'{where}: a string of more than {limits.length} characters'
        )
    if not value.isascii() and any('\ud800' <= each <= '\udfff' for each in value):
        raise exceptions.Invalid(f'{where}: a string with half a character in it')


def _check_types(expression: str, name: str | None, operand: Any, where: str) -> None:
    """Nothing, if something could be found that ``name`` compares with ``operand``.

    :raises Invalid: whatever is found is of another type; the message says what to do.
    """
    found, wanted = expressions.type_found(expression), OPERATORS[name].type
    if name == 'in' and found == 'string' and not any(map(_is_text, operand)):
        wanted = 'number'
    if found is None or wanted is None or found == wanted:
        return
    remedy = ''
    if (found, wanted) == ('string', 'number'):
        remedy = f'; write to_number({expression})'
    elif (found, wanted) == ('number', 'string'):
        remedy = '; the operators of numbers are ==, !=, <, <=, > and >='
    raise exceptions.Invalid(
        f'{where}: can never be met: {expression} is always a {found}, and {name!r} '
        f'with this operand takes a {wanted}{remedy}'
    )


def _hint(name: str | None, operand: object) -> str:
    if name in ('==', '!=') and isinstance(operand, str):
        return f'; {"eq" if name == "==" else "ne"!r} compares strings'
    if name in ('eq', 'ne') and _is_number(operand):
        return f'; {"==" if name == "eq" else "!="!r} compares numbers'
    return ''


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
