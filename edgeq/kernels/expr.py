"""The small language of kernel directives: integer expressions over named values.

Evaluated by a walk over Python's syntax tree that knows integers, names, comparison,
arithmetic and boolean operators, and nothing else; never by `eval`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
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


class UnknownName(KernelError):
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
    return _value(parse(text), text, values)


def _value(node: ast.expr, text: str, values: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int() as number):
            return number
        case ast.Name(id=name):
            if name not in values:
                raise UnknownName(
                    f"'{text}' uses {name}", why=f"known: {', '.join(sorted(values))}"
                )
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return BINARY[type(op)](_value(left, text, values), _value(right, text, values))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, text, values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return int(not _value(operand, text, values))
        case ast.BoolOp(op=op, values=parts):
            results = (_value(part, text, values) for part in parts)
            return int(all(results) if isinstance(op, ast.And) else any(results))
        case ast.Compare():
            return int(_compare(node, text, values))
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=args):
            found = [_value(a, text, values) for a in args]
            return max(found) if name == "max" else min(found)
    raise KernelError(f"'{text}' holds {type(node).__name__}, which directives do not know")


def _compare(node: ast.Compare, text: str, values: Mapping[str, int]) -> bool:
    operands = [_value(n, text, values) for n in (node.left, *node.comparators)]
    pairs = zip(operands, node.ops, operands[1:], strict=False)
    return all(COMPARE[type(op)](a, b) for a, op, b in pairs)
