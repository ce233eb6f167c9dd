"""int8 functions of one value as tables of 256, one builder per arithmetic.

A table holds y for x = -128 .. 127 in order.  `float_table` is how LiteRT makes its own,
`real_table` what the exact real function gives, `requantized` and the gemmlowp-based
functions what TensorFlow Lite Micro computes element by element.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, INT32_MIN, Ints, quantize_multiplier, requantize
from edgeq.ops.base import Call, Operand, View
from edgeq.ops.common import round_away, scale_of, zero_point_of

Table = NDArray[np.int8]


def codes() -> Ints:
    """-128 .. 127, the values that index a table."""
    return np.arange(-128, 128, dtype=np.int64)


def saturated(values: Ints) -> Table:
    """(256) integers clamped to int8."""
    return np.clip(values, -128, 127).astype(np.int8)


def lookup(x: Tensor, y: Tensor, table: Table) -> tuple[Call, ...]:
    """The call that applies `table` to every element of x."""
    args: dict[str, Operand] = {"x": View(x.name), "table": table, "y": View(y.name)}
    return (Call("lookup_s8", args, {"count": x.size}),)


def need_dtypes(node: Node, x: Tensor, y: Tensor, *allowed: DType) -> None:
    """GraphError unless x and y share one of the dtypes."""
    if x.dtype is not y.dtype or x.dtype not in allowed:
        raise GraphError(
            f"{node.op} from {x.dtype} to {y.dtype} is not known", where=node.name,
            why=f"it works on {', '.join(allowed)}, the same on both sides",
        )  # fmt: skip


def real_table(x: Tensor, y: Tensor, function: Callable[[float], float]) -> Table:
    """`function` of the real value in double precision, to nearest on y's scale, ties away."""
    scale_x, scale_y = scale_of(x), scale_of(y)
    reals = [function(scale_x * (int(q) - zero_point_of(x))) for q in codes()]
    values = [round_away(max(-512.0, min(512.0, r / scale_y))) + zero_point_of(y) for r in reals]
    return saturated(np.array(values, np.int64))


def float_table(
    x: Tensor, y: Tensor, function: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> Table:
    """`function` in single precision, times the reciprocal of y's scale, ties away."""
    inverse = np.float32(1) / np.float32(scale_of(y))
    reals = np.float32(scale_of(x)) * (codes() - zero_point_of(x)).astype(np.float32)
    with np.errstate(over="ignore"):
        scaled = (function(reals) * inverse).astype(np.float64)
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    limited = np.clip(rounded, -512, 512).astype(np.int64)
    return saturated(limited + zero_point_of(y))


def exp_f32(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """exp, correctly rounded to float32; infinite above 88.7."""
    wide = np.exp(np.minimum(x.astype(np.float64), 700.0))
    with np.errstate(over="ignore"):
        return wide.astype(np.float32)


def scaled(values: Ints, factor: float, form: str) -> Ints:
    """round(values * factor) as a kernel rescales, saturated where int32 would not hold it.

    values are at most 17 bits wide; a factor of 2**31 and more is taken as 2**31 - 1.  The sign
    of a negative factor is applied after rounding, as the runtimes do.
    """
    mult, shift = quantize_multiplier(abs(factor))
    room = np.abs(values) << max(0, 31 - shift)
    safe = np.where(room <= INT32_MAX, values, 0)
    rounded = requantize(safe, mult, shift, form)
    result = rounded if factor >= 0 else -rounded
    beyond = np.where((values > 0) == (factor > 0), INT32_MAX, INT32_MIN)
    return np.where(room <= INT32_MAX, result, beyond)


def requantized(x: Tensor, y: Tensor, factor: float, form: str) -> Ints:
    """Zy + round((q - zx) * factor) for every code, not yet clamped."""
    return scaled(codes() - zero_point_of(x), factor, form) + zero_point_of(y)


def rescale_factor(x: Tensor, y: Tensor) -> float:
    """scale_x / scale_y in double precision."""
    factor = scale_of(x) / scale_of(y)
    if not math.isfinite(factor):
        raise QuantError(f"scales of {x.name} and {y.name} are too far apart")
    return factor


def fixed_point_table(x: Tensor, function: Callable[[Ints], Ints], ends: tuple[int, int]) -> Table:
    """`function` of the real value in Q4; `ends` below and above what Q4 holds.

    TensorFlow Lite Micro's way for logistic and tanh; it ignores the output's parameters.
    """
    fraction, exponent = math.frexp(scale_of(x) * 2.0**27)
    mult = round_away(fraction * 2**31)
    if mult == 2**31:
        mult, exponent = 2**30, exponent + 1
    radius = math.floor(15 * 2**27 / 2.0**exponent)
    value = codes() - zero_point_of(x)
    inside = np.abs(value) < radius
    q4 = requantize(np.where(inside, value, 0), mult, 31 - exponent, "double")
    outside = np.where(value > 0, ends[1], ends[0])
    return saturated(np.where(inside, function(q4), outside))
