# SPDX-License-Identifier: Apache-2.0
"""JMESPath expressions of strangers, evaluated at a bounded cost.

https://jmespath.org/specification.html
"""

from collections.abc import Iterator
import functools
from typing import Any

import jmespath
import jmespath.exceptions
import jmespath.functions
import jmespath.visitor

#: An evaluation that visits more nodes, or builds longer lists, is given up. To look
#: through sixty disks takes six hundred.
MAX_STEPS = 10_000

#: What the parser makes of an expression: type, value and children.
Node = Any


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

    def __init__(self) -> None:
        super().__init__(jmespath.visitor.Options(custom_functions=_Functions()))
        self.steps = 0

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:
        self.steps += 1
        found = super().visit(node, *args, **kwargs)
        if isinstance(found, list | dict | str):
            self.steps += len(found) // 100
        if self.steps > MAX_STEPS:
            raise _GivenUp
        return found

    def visit_comparator(self, node: Node, value: object) -> Any:
        return super().visit_comparator(self._weighed(node, value), value)

    def visit_function_expression(self, node: Node, value: object) -> Any:
        if node['value'] == 'contains':
            node = self._weighed(node, value)
        return super().visit_function_expression(node, value)

    def _weighed(self, node: Node, value: object) -> Node:
        """``node`` with its operands found, and each part of them counted.

        A value can refer to one part many times, and comparing visits it as often.
        """
        found = [self.visit(child, value) for child in node['children']]
        waiting = list(found)
        while waiting:
            part = waiting.pop()
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise _GivenUp
            if isinstance(part, list):
                waiting.extend(part)
            elif isinstance(part, dict):
                waiting.extend(part.values())
        literals = [
            {'type': 'literal', 'value': each, 'children': []} for each in found
        ]
        return {**node, 'children': literals}


class NotJMESPath(Exception):
    """The expression cannot be understood; the message says why."""


@functools.lru_cache(maxsize=4096)
def _compiled(expression: str) -> Node:
    parsed: Node = jmespath.compile(expression).parsed
    return parsed


def find(expression: str, document: object) -> tuple[Any, int]:
    """What ``expression`` finds in ``document``, or None; and how many steps it took.

    None also where a function is applied to a value that it does not take, and
    where the evaluation would take more than ``MAX_STEPS`` steps.
    """
    interpreter = _Interpreter()
    try:
        found = interpreter.visit(_compiled(expression), document)
    except (
        jmespath.exceptions.JMESPathError,
        _GivenUp,
        TypeError,
        ValueError,
        RecursionError,
        OverflowError,
    ):
        found = None
    return found, interpreter.steps


def check(expression: str, depth: int) -> None:
    """Nothing, if ``expression`` can be evaluated.

    :param depth: how many levels deep it may be nested.
    :raises NotJMESPath: it is none, is deeper, or names an unknown function.
    """
    try:
        tree = _compiled(expression)
    except (jmespath.exceptions.JMESPathError, ValueError) as error:
        reason = ' '.join(str(error).split())
        raise NotJMESPath(f'not JMESPath: {reason}') from None
    except RecursionError:
        raise NotJMESPath('nested too deeply') from None
    for level, node in _nodes(tree):
        if level > depth:
            raise NotJMESPath(f'nested more than {depth} levels deep')
        if node['type'] == 'function_expression':
            _check_function(node['value'])


#: The functions that find values of one type only, or nothing.
_TYPES = {
    **dict.fromkeys(
        ('abs', 'avg', 'ceil', 'floor', 'length', 'sum', 'to_number'), 'number'
    ),
    **dict.fromkeys(('join', 'type'), 'string'),
    **dict.fromkeys(('contains', 'ends_with', 'starts_with'), 'boolean'),
    **dict.fromkeys(('keys', 'map', 'sort', 'sort_by', 'to_array', 'values'), 'list'),
}
_LISTS = ('projection', 'filter_projection', 'value_projection', 'multi_select_list')


def type_found(expression: str) -> str | None:
    """The type of whatever ``expression`` finds, or None where it may be any.

    It is known of some functions, of lists, and of capabilities: in Ironic these are
    strings, as in ``capabilities:gpus:4``.

    :param expression: one that ``check`` lets by.
    """
    node = _compiled(expression)
    if node['type'] == 'function_expression':
        return _TYPES.get(node['value'])
    if node['type'] in _LISTS:
        return 'list'
    path = [each.get('value') for each in node['children'] if isinstance(each, dict)]
    if node['type'] == 'subexpression' and path[0] == 'capabilities':
        return 'string' if len(path) == 2 else None
    return None


def _check_function(name: str) -> None:
    known = _Functions.FUNCTION_TABLE
    if name not in known:
        raise NotJMESPath(
            f'there is no function {name}(); there are ' + ', '.join(sorted(known))
        )


def _nodes(tree: Node) -> Iterator[tuple[int, Node]]:
    """Each node of a parsed expression with its depth."""
    waiting = [(1, tree)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting.extend(
            (depth + 1, child) for child in node['children'] if isinstance(child, dict)
        )
