"""TANH: y = tanh(x)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics import gemmlowp
from edgeq.numerics.fixed_point import Ints, shift_right_away
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Args, Array, Case, Floats, Inputs, Lowered, Op, Outputs, Params, register
from edgeq.ops.common import need
from edgeq.ops.floats import floats
from edgeq.ops.sigmoid16 import interpolate, lower_sigmoid, outputs, sigmoid_cases, steps
from edgeq.ops.tables import (
    Table,
    fixed_point_table,
    float_table,
    lookup,
    need_dtypes,
    real_table,
)


@register
class Tanh(Op):
    """y = tanh(x), element by element."""

    name = "tanh"
    contracts = ("tanh_s16",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return (_tanh_f32(x),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        if x.dtype is DType.INT16:
            return lower_sigmoid(node, "tanh_s16", x, y)
        return lookup(x, y, _table(x, y, profile))

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        magnitude, negative = steps(args, params)
        r = interpolate(args["table"], magnitude, 8, 65535) - (1 << 23)
        return outputs(args, np.where(negative, 127 - r, r + 128) >> 8)

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from sigmoid_cases(rng)


def _tanh_f32(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.tanh(x.astype(np.float64)).astype(np.float32)


def _table(x: Tensor, y: Tensor, profile: Profile) -> Table:
    if profile is Profile.LITERT:
        return float_table(x, y, _tanh_f32)
    if profile is Profile.EDGEQ:
        return real_table(x, y, math.tanh)
    return fixed_point_table(x, _in_fixed_point, (-128, 127))


def _in_fixed_point(q4: Ints) -> Ints:
    """Q4 to the output on scale 1/128, zero point 0."""
    return shift_right_away(gemmlowp.tanh(q4, 4), 24)
