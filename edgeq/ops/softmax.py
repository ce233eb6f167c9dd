"""SOFTMAX over the last axis: y[i] = exp(beta * x[i]) / sum_j exp(beta * x[j])."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics import gemmlowp
from edgeq.numerics.fixed_point import (
    INT32_MAX,
    Ints,
    high_mul,
    quantize_multiplier,
    requantize,
    shift_right_away,
)
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
    Call,
    Case,
    Floats,
    Inputs,
    Lowered,
    Op,
    Operand,
    Outputs,
    Params,
    View,
    register,
)
from edgeq.ops.broadcast import put
from edgeq.ops.common import need, scale_of
from edgeq.ops.floats import floats
from edgeq.ops.softmax16 import exact_softmax16, lower_softmax16, softmax16_cases

DIFF_BITS = 5
SUM_BITS = 12
"""Integer bits of a difference and of the sum of exponentials."""

OUTPUT_BITS = {"softmax_s8": 8, "softmax_s8s16": 16}
CONTRACT = {
    (DType.INT8, DType.INT8): "softmax_s8",
    (DType.INT8, DType.INT16): "softmax_s8s16",
}


@register
class Softmax(Op):
    """y[n][c] = exp(beta * x[n][c]) / sum_k exp(beta * x[n][k]); x is seen as (N, C)."""

    name = "softmax"
    contracts = ("softmax_s8", "softmax_s8s16", "softmax_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        powers = np.exp(_beta(node) * (x - x.max(axis=-1, keepdims=True)))
        return ((powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if x.dtype is DType.INT16 and y.dtype is DType.INT16:
            return lower_softmax16(node, x, y, float(_beta(node)), profile)
        if (x.dtype, y.dtype) not in CONTRACT:
            raise GraphError(f"softmax from {x.dtype} to {y.dtype} is not known", where=node.name)
        depth = x.shape[-1] if x.shape else 1
        table = _exponentials(node, x, profile)
        args: dict[str, Operand] = {"x": View(x.name), "table": table, "y": View(y.name)}
        params = {"rows": x.size // depth, "depth": depth}
        return (Call(CONTRACT[x.dtype, y.dtype], args, params),)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        if contract == "softmax_s16":
            return exact_softmax16(args, params, form)
        n, c = params["rows"], params["depth"]
        x = args["x"].reshape(-1)[: n * c].reshape(n, c).astype(np.int64)
        bits = OUTPUT_BITS[contract]
        powers = args["table"].reshape(-1).astype(np.int64)[x.max(axis=1, keepdims=True) - x]
        total = shift_right_away(powers, SUM_BITS).sum(axis=1, keepdims=True)
        factor, over = gemmlowp.reciprocal(np.minimum(total, 2**32 - 1), SUM_BITS)
        right = over + 31 - bits
        quotient = shift_right_away(high_mul(factor, powers), np.minimum(right, 31))
        quotient = np.where(right > 31, 0, quotient)  # noqa: PLR2004
        half = 1 << (bits - 1)
        return {"y": put(args["y"], np.minimum(quotient - half, half - 1))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        if contract == "softmax_s16":
            yield from softmax16_cases(rng)
            return
        dtype = np.int8 if contract == "softmax_s8" else np.int16
        for powers in _boundary_tables(OUTPUT_BITS[contract]):
            x, y = np.array([[5, 4]], np.int8), np.zeros(5, dtype)
            yield Case({"x": x, "table": powers, "y": y}, {"rows": 1, "depth": 2})
        shapes = [(1, 1), (1, 2), (3, 7), (1, 12), (2, 17), (1, 130), (1, 600), (1, 9000)]
        shapes += [(8, 2), (27, 2), (2, 257)]
        for n, c in shapes:
            for scale in (0.004, 0.1, 1.7):
                table = real_exponentials(scale)
                x = rng.integers(-128, 128, (n, c), np.int8)
                x[0, : c // 2] = 127
                y = np.zeros(n * c + 3, dtype)
                yield Case({"x": x, "table": table, "y": y}, {"rows": n, "depth": c})
                last = np.minimum(x, 60)
                last[:, -1] = 127
                yield Case({"x": last, "table": table, "y": y}, {"rows": n, "depth": c})
            alike = np.where(np.arange(n)[:, None] % 3 == 1, x, x[:, :1])
            yield Case({"x": alike, "table": table, "y": y}, {"rows": n, "depth": c})


def _boundary_tables(bits: int) -> Iterator[NDArray[np.int32]]:
    """Tables whose second entry, beside the first, comes to just half a step of the output.

    So that one unit in the last place of the reciprocal or of a product shows: the quotient of
    32 bits is 2**(right - 1) above a multiple of 2**right, or one less.
    """
    for share in (0.1, 0.2, 0.3):
        step = 1 << bits
        target = (math.floor(share * step) + 0.5) / step  # of the whole: e / (1 + e)
        middle = round(target / (1 - target) * 2**31)
        entries = np.arange(middle - (1 << 17), middle + (1 << 17), dtype=np.int64)
        total = (1 << 19) + shift_right_away(entries, SUM_BITS)
        factor, over = gemmlowp.reciprocal(total, SUM_BITS)
        right = over + 31 - bits
        rest = high_mul(factor, entries) & ((np.int64(1) << right) - 1)
        half = np.int64(1) << (right - 1)
        for wanted in (half, half - 1):
            table = real_exponentials(0.1)
            table[1] = entries[np.flatnonzero(rest == wanted)[0]]
            yield table


def real_exponentials(step: float) -> NDArray[np.int32]:
    """exp(-step * d) in Q0 for d = 0 .. 255, to nearest, at most 2**31 - 1."""
    values = [math.floor(math.exp(-step * d) * 2**31 + 0.5) for d in range(256)]
    return np.minimum(np.array(values, np.int64), INT32_MAX).astype(np.int32)


def _beta(node: Node) -> np.float32:
    beta = node.attrs.get("beta", 1.0)
    if not isinstance(beta, int | float):
        raise GraphError(f"beta is {beta}, not a number", where=node.name)
    return np.float32(beta)


def _exponentials(node: Node, x: Tensor, profile: Profile) -> NDArray[np.int32]:
    """exp(-beta * scale * d) in Q0 for d = 0 .. 255: the profile's fixed point, or exact."""
    step = float(_beta(node)) * scale_of(x)
    if not step > 0:
        raise QuantError(f"beta * scale is {step}, and must be positive", where=node.name)
    if profile is Profile.EDGEQ:
        return real_exponentials(step)
    mult, shift = quantize_multiplier(min(step * 2.0 ** (31 - DIFF_BITS), 2.0**31 - 1))
    if shift > 31:  # noqa: PLR2004
        raise QuantError(f"beta * scale is {step}, less than 2**-26", where=node.name)
    return _fixed_exponentials(mult, shift)


def _fixed_exponentials(mult: int, shift: int) -> NDArray[np.int32]:
    """The table of differences in Q5; 0 from where they would not fit."""
    radius = math.floor(((1 << DIFF_BITS) - 1) * 2.0 ** (31 - DIFF_BITS) / 2.0 ** (31 - shift))
    difference = -np.arange(256, dtype=np.int64)
    inside = difference >= -radius
    q5: Ints = requantize(np.where(inside, difference, 0), mult, shift, "double")
    powers = np.where(inside, gemmlowp.exp_on_negative_values(q5, DIFF_BITS), 0)
    return powers.astype(np.int32)
