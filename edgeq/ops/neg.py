"""NEG: y = -x."""

from __future__ import annotations

import numpy as np

from edgeq.ir import DType, Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.floats import floats
from edgeq.ops.leaky_relu import lower_two_factors
from edgeq.ops.tables import codes, lookup, need_dtypes, real_table, rescale_factor
from edgeq.ops.unary import need_int8, same_shape


@register
class Neg(Op):
    """y = -x, element by element.

    LiteRT negates the integers whatever their scales and zero points, and -128 stays what it is.
    """

    name = "neg"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return (-x,)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        if profile is Profile.LITERT:
            need_int8(node, inputs, profile)
            return lookup(x, y, (-codes()).astype(np.int8))
        if x.dtype is DType.INT8:
            return lookup(x, y, real_table(x, y, lambda v: -v))
        factor = rescale_factor(x, y)
        return lower_two_factors(node, x, y, (-factor, -factor), profile)
