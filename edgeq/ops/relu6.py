"""RELU6: y = min(max(x, 0), 6)."""

from __future__ import annotations

import numpy as np

from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import quantize_multiplier
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Floats, Inputs, Lowered, Op, Outputs, View, register
from edgeq.ops.common import activation_range, need
from edgeq.ops.relu import Relu, clamp_reference, lower_clamp
from edgeq.ops.tables import codes, lookup, need_dtypes, saturated


@register
class Relu6(Op):
    """y = min(max(x, 0), 6).

    TensorFlow Lite Micro clamps x's integers on x's own scale and hands them on: equal to a
    rescale where x and y share their scale, which it takes for granted.
    """

    name = "relu6"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return Relu.infer(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        return clamp_reference(node, inputs)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if profile is not Profile.TFLM:
            return lower_clamp(node, inputs, outputs, profile)
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        return _clamped(x, y, activation_range("relu6", x))


def _clamped(x: Tensor, y: Tensor, clamp: tuple[int, int]) -> tuple[Call, ...]:
    """The integers of x, clamped."""
    if x.dtype is DType.INT8:
        return lookup(x, y, saturated(np.clip(codes(), *clamp)))
    mult, shift = quantize_multiplier(1.0)
    params = {"count": x.size, "zx": 0, "mult": mult, "shift": shift, "zy": 0,
              "act_min": clamp[0], "act_max": clamp[1]}  # fmt: skip
    return (Call("requantize_s16", {"x": View(x.name), "y": View(y.name)}, params, "double"),)
