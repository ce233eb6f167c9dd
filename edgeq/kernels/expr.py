"""The small language of kernel directives: integer expressions over named values.

Evaluated by a walk over Python's syntax tree that knows integers, names, comparison,
arithmetic and boolean operators, and nothing else; never by `eval`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from edgeq.errors import KernelError

BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
    ast.LShift: operator.lshift,
}
COMPARE: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


UNARY: dict[type[ast.unaryop], Callable[[int], int]] = {
    ast.USub: operator.neg,
    ast.Not: lambda value: int(not value),
}
BOOLEAN: dict[type[ast.boolop], Callable[[Iterable[int]], int]] = {
    ast.And: lambda found: int(all(found)),
    ast.Or: lambda found: int(any(found)),
}
FUNCTIONS: dict[str, Callable[[Iterable[int]], int]] = {"max": max, "min": min}


class UnknownNameError(KernelError):
    """An expression uses a name that has no value here."""


@cache
def parse(text: str) -> ast.expr:
    """The syntax tree of `text`; KernelError when it is not an expression."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise KernelError(f"'{text}' is not an expression", why=str(error)) from None


def evaluate(text: str, values: Mapping[str, int]) -> int:
    """The integer value of `text`; names stand for `values`, true is 1 and false 0."""
    try:
        return _value(parse(text), text, values)
    except (ArithmeticError, ValueError) as error:
        raise KernelError(f"'{text}' has no value", why=str(error)) from None


def _value(node: ast.expr, text: str, values: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int() as number):
            return number
        case ast.Name(id=name):
            return _named(name, text, values)
        case ast.Compare(ops=ops) if all(type(op) in COMPARE for op in ops):
            return int(_compare(node, text, values))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return BINARY[type(op)](_value(left, text, values), _value(right, text, values))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return UNARY[type(op)](_value(operand, text, values))
        case ast.BoolOp(op=op, values=parts):
            return BOOLEAN[type(op)](_value(part, text, values) for part in parts)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](_value(arg, text, values) for arg in args)
    raise KernelError(f"'{text}' holds {type(node).__name__}, which directives do not know")


def _named(name: str, text: str, values: Mapping[str, int]) -> int:
    if name not in values:
        raise UnknownNameError(f"'{text}' uses {name}", why=f"known: {', '.join(sorted(values))}")
    return values[name]


def _compare(node: ast.Compare, text: str, values: Mapping[str, int]) -> bool:
    operands = [_value(n, text, values) for n in (node.left, *node.comparators)]
    pairs = zip(operands, node.ops, operands[1:], strict=False)
    return all(COMPARE[type(op)](a, b) for a, op, b in pairs)
