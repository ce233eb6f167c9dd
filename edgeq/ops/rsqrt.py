"""RSQRT: y = 1 / sqrt(x); a quantized x of zero or below gives the largest output."""

from __future__ import annotations

import math

import numpy as np

from edgeq.ir import DType, Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.floats import floats
from edgeq.ops.rsqrt_table import rsqrt_table
from edgeq.ops.tables import lookup, need_dtypes
from edgeq.ops.unary import lower_real, need_int8, same_shape


@register
class Rsqrt(Op):
    """y = 1 / sqrt(x), element by element; NaN below zero in float, the largest in integers."""

    name = "rsqrt"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return ((1 / np.sqrt(x.astype(np.float64))).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        if profile is Profile.EDGEQ:
            return lower_real(node, inputs, outputs, _rsqrt)
        need_int8(node, inputs, profile)
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8)
        return lookup(x, y, rsqrt_table(x, y))


def _rsqrt(x: float) -> float:
    return 1 / math.sqrt(x) if x > 0 else math.inf
