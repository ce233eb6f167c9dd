"""LOGISTIC: y = 1 / (1 + exp(-x))."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics import gemmlowp
from edgeq.numerics.fixed_point import Ints, shift_right_away
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
    Case,
    Floats,
    Inputs,
    Lowered,
    Op,
    Outputs,
    Params,
    register,
)
from edgeq.ops.broadcast import put
from edgeq.ops.common import need
from edgeq.ops.floats import floats
from edgeq.ops.sigmoid16 import interpolate, lower_sigmoid, outputs, sigmoid_cases, steps
from edgeq.ops.tables import (
    Table,
    exp_f32,
    fixed_point_table,
    float_table,
    lookup,
    need_dtypes,
    real_table,
)


@register
class Logistic(Op):
    """y = 1 / (1 + exp(-x)), element by element."""

    name = "logistic"
    contracts = ("lookup_s8", "logistic_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return (_logistic_f32(x),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        if x.dtype is DType.INT16:
            return lower_sigmoid(node, "logistic_s16", x, y)
        return lookup(x, y, _table(x, y, profile))

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        if contract == "logistic_s16":
            return _logistic_s16(args, params)
        x = args["x"].reshape(-1)[: params["count"]].astype(np.int64)
        return {"y": put(args["y"], args["table"].reshape(-1)[x + 128])}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        if contract == "logistic_s16":
            yield from sigmoid_cases(rng)
            return
        for n in (1, 7, 8, 15, 16, 17, 33, 256, 259):
            x = rng.integers(-128, 128, n, np.int8)
            x[0], x[-1] = 127, -128
            table = rng.integers(-128, 128, 256, np.int8)
            args = {"x": x, "table": table, "y": np.full(n + 2, 77, np.int8)}
            yield Case(args, {"count": n})


def _logistic_s16(args: Args, params: Params) -> dict[str, Array]:
    magnitude, negative = steps(args, params)
    r = interpolate(args["table"], magnitude, 9, 2 * 32767)
    return outputs(args, np.where(negative, (1 << 25) - r + 511, r + 512) >> 10)


def _logistic_f32(x: NDArray[np.float32]) -> NDArray[np.float32]:
    one = np.float32(1)
    return one / (one + exp_f32(-x))


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _table(x: Tensor, y: Tensor, profile: Profile) -> Table:
    if profile is Profile.LITERT:
        return float_table(x, y, _logistic_f32)
    if profile is Profile.EDGEQ:
        return real_table(x, y, _logistic)
    return fixed_point_table(x, _in_fixed_point, (-128, 127))


def _in_fixed_point(q4: Ints) -> Ints:
    """Q4 to the output on scale 1/256, zero point -128."""
    return shift_right_away(gemmlowp.logistic(q4, 4), 23) - 128
