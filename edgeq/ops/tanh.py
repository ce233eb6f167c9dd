"""TANH: y = tanh(x)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics import gemmlowp
from edgeq.numerics.fixed_point import Ints, shift_right_away
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.floats import floats
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
        need_dtypes(node, x, y, DType.INT8)
        return lookup(x, y, _table(x, y, profile))


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
