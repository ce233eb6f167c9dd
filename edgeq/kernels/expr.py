"""The small language of kernel directives: integer expressions over named values.

Made into functions, once for each text, by a walk over Python's syntax tree that knows integers,
names, comparison, arithmetic and boolean operators, and nothing else; never by `eval`.
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


Value = Callable[[Mapping[str, int]], int]
"""The integer that an expression is, given the values of names."""


def evaluate(text: str, values: Mapping[str, int]) -> int:
    """The integer value of `text`; names stand for `values`, true is 1 and false 0."""
    try:
        return _whole(text)(values)
    except (ArithmeticError, ValueError) as error:
        raise KernelError(f"'{text}' has no value", why=str(error)) from None


@cache
def _whole(text: str) -> Value:
    return _value(parse(text), text)


def _value(node: ast.expr, text: str) -> Value:
    match node:
        case ast.Constant(value=int() as number):
            return lambda _: number
        case ast.Name(id=name):
            return _named(name, text)
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(
            type(op) in COMPARE for op in ops
        ):
            return _compare([_value(n, text) for n in (left, *rest)], ops)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return _binary(BINARY[type(op)], _value(left, text), _value(right, text))
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in UNARY:
            return _unary(UNARY[type(sign)], _value(operand, text))
        case ast.BoolOp(op=kind, values=parts):
            return _all_of(BOOLEAN[type(kind)], [_value(part, text) for part in parts])
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return _all_of(FUNCTIONS[name], [_value(arg, text) for arg in args])
    return _refused(node, text)


def _refused(node: ast.expr, text: str) -> Value:
    def value(_: Mapping[str, int]) -> int:
        raise KernelError(f"'{text}' holds {type(node).__name__}, which directives do not know")

    return value


def _named(name: str, text: str) -> Value:
    def value(values: Mapping[str, int]) -> int:
        if name in values:
            return values[name]
        known = ", ".join(sorted(values))
        raise UnknownNameError(f"'{text}' uses {name}", why=f"known: {known}")

    return value


def _unary(function: Callable[[int], int], operand: Value) -> Value:
    return lambda values: function(operand(values))


def _binary(function: Callable[[int, int], int], left: Value, right: Value) -> Value:
    return lambda values: function(left(values), right(values))


def _all_of(function: Callable[[Iterable[int]], int], parts: list[Value]) -> Value:
    return lambda values: function(part(values) for part in parts)


def _compare(operands: list[Value], ops: list[ast.cmpop]) -> Value:
    functions = [COMPARE[type(op)] for op in ops]

    def value(values: Mapping[str, int]) -> int:
        found = [operand(values) for operand in operands]
        return int(all(map(lambda f, a, b: f(a, b), functions, found, found[1:])))

    return value
