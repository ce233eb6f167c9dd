"""LEAKY_RELU: y = x where x >= 0, alpha * x elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import MULT_MAX, quantize_multiplier, requantize
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
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.tables import Table, codes, lookup, need_dtypes, real_table, saturated, scaled

SHIFT_MIN = 16
"""A factor of 2**15 saturates every int16 but 0."""


@register
class LeakyRelu(Op):
    """y = x where x >= 0, alpha * x elsewhere."""

    name = "leaky_relu"
    contracts = ("leaky_relu_s16",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return (np.where(x >= 0, x, x * _alpha(node)).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        if x.dtype is DType.INT8:
            return lookup(x, y, _table(node, x, y, profile))
        factors = _factors(node, x, y, profile)
        return lower_two_factors(node, x, y, factors, profile, sign_last=True)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        x = args["x"].reshape(-1)[: params["count"]].astype(np.int64)
        above = requantize(x, params["mult"], params["shift"], form)
        below = requantize(x, params["mult_neg"], params["shift_neg"], form)
        values = np.where(x >= 0, above, params["sign_neg"] * below)
        return {"y": put(args["y"], np.clip(values, -32768, 32767))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        factors = [(2**30, 31, 2**30, 32), (MULT_MAX, 31, -(2**30), 33), (2**30, 30, 0, 31),
                   (MULT_MAX, 16, -MULT_MAX, 16), (2**30 + 1, 32, MULT_MAX, 36),
                   (2**30, 34, MULT_MAX, 20), (-(2**30), 31, -(2**30) - 5, 30)]  # fmt: skip
        sizes = (1, 7, 8, 15, 16, 17, 33)
        for at, n in enumerate(sizes):
            mult, shift, mult_neg, shift_neg = factors[at % len(factors)]
            x = rng.integers(-32768, 32768, n, np.int16)
            x[0], x[-1] = -32768, 32767
            params = {"count": n, "mult": mult, "shift": shift, "mult_neg": mult_neg,
                      "shift_neg": shift_neg, "sign_neg": (1, -1)[at % 2]}  # fmt: skip
            yield Case({"x": x, "y": np.full(n + 2, 7, np.int16)}, params)


def lower_two_factors(
    node: Node,
    x: Tensor,
    y: Tensor,
    factors: tuple[float, float],
    profile: Profile,
    *,
    sign_last: bool = False,
) -> tuple[Call, ...]:
    """The call that multiplies int16 x by the first factor from zero up, by the second below.

    With `sign_last` a negative second factor's magnitude is applied and rounded first, which
    sends ties to the other side.

    Raises:
        QuantError: a zero point is not 0.
    """
    if zero_point_of(x) or zero_point_of(y):
        raise QuantError("int16 tensors need zero point 0", where=node.name)
    (mult, shift), (mult_neg, shift_neg) = (_signed(factor) for factor in factors)
    sign = -1 if sign_last and mult_neg < 0 else 1
    args: dict[str, Operand] = {"x": View(x.name), "y": View(y.name)}
    params = {"count": x.size, "mult": mult, "shift": shift, "mult_neg": sign * mult_neg,
              "shift_neg": shift_neg, "sign_neg": sign}  # fmt: skip
    return (Call("leaky_relu_s16", args, params, profile.rounding),)


def _alpha(node: Node) -> np.float32:
    alpha = node.attrs["alpha"]
    if not isinstance(alpha, int | float):
        raise GraphError(f"alpha is {alpha}, not a number", where=node.name)
    return np.float32(alpha)


def _factors(node: Node, x: Tensor, y: Tensor, profile: Profile) -> tuple[float, float]:
    """scale_x / scale_y from zero up and scale_x * alpha / scale_y below.

    LiteRT computes them in single precision, TensorFlow Lite Micro in double.
    """
    real = np.float32 if profile is Profile.LITERT else np.float64
    scale_x, scale_y, alpha = real(scale_of(x)), real(scale_of(y)), real(_alpha(node))
    return float(scale_x / scale_y), float(scale_x * alpha / scale_y)


def _signed(factor: float) -> tuple[int, int]:
    """(mult, shift) of a factor of either sign; from 2**15 on saturated to the contract's range."""
    mult, shift = quantize_multiplier(abs(factor))
    if shift < SHIFT_MIN:
        mult, shift = MULT_MAX, SHIFT_MIN
    return (mult if factor >= 0 else -mult), shift


def _table(node: Node, x: Tensor, y: Tensor, profile: Profile) -> Table:
    alpha = float(_alpha(node))
    if profile is Profile.EDGEQ:
        return real_table(x, y, lambda r: r if r >= 0 else alpha * r)
    above, below = _factors(node, x, y, profile)
    value = codes() - zero_point_of(x)
    form = profile.rounding
    v = np.where(value >= 0, scaled(value, above, form), scaled(value, below, form))
    return saturated(v + zero_point_of(y))
