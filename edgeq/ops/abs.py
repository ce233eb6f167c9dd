"""ABS, and what NEG shares with it: a factor for each sign."""

from __future__ import annotations

import numpy as np

from edgeq.ir import DType, Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.leaky_relu import lower_two_factors
from edgeq.ops.tables import (
    codes,
    lookup,
    need_dtypes,
    real_table,
    rescale_factor,
    saturated,
    scaled,
)
from edgeq.ops.unary import same_shape


@register
class Abs(Op):
    """y = |x|, element by element."""

    name = "abs"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return (np.abs(x),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        factor = rescale_factor(x, y)
        if profile is Profile.LITERT:
            factor = float(np.float32(factor))
        if x.dtype is DType.INT16:
            return lower_two_factors(node, x, y, (factor, -factor), profile)
        if profile is Profile.EDGEQ:
            return lookup(x, y, real_table(x, y, abs))
        values = scaled(np.abs(codes() - zero_point_of(x)), factor, profile.rounding)
        return lookup(x, y, saturated(values + zero_point_of(y)))
