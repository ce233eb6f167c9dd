"""RELU, and what RELU6 and RELU_N1_TO_1 share with it: a rescale with a clamp."""

from __future__ import annotations

import numpy as np

from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import ACTIVATIONS, activation_range, need
from edgeq.ops.floats import floats
from edgeq.ops.requantize import lower_requantize
from edgeq.ops.tables import lookup, need_dtypes, requantized, rescale_factor, saturated


@register
class Relu(Op):
    """y = max(x, 0)."""

    name = "relu"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        return clamp_reference(node, inputs)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return lower_clamp(node, inputs, outputs, profile)


def clamp_reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
    """X clamped to the real range that the operator's name stands for."""
    (x,) = floats(inputs, 1)
    low, high = ACTIVATIONS[node.op]
    return (np.clip(x, low, high).astype(np.float32),)


def lower_clamp(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
    """A rescale from x to y, clamped to the quantized range of the operator's name."""
    x, (y,) = need(inputs[0], node, "x"), outputs
    need_dtypes(node, x, y, DType.INT8, DType.INT16)
    return rescaled_clamp(node, x, y, activation_range(node.op, y), profile)


def rescaled_clamp(
    node: Node, x: Tensor, y: Tensor, clamp: tuple[int, int], profile: Profile
) -> Lowered:
    """The call of clamp(round((x - zx) * scale_x / scale_y) + zy): a table for int8."""
    factor = rescale_factor(x, y)
    if profile is Profile.LITERT:
        factor = float(np.float32(factor))
    if x.dtype is DType.INT16:
        return lower_requantize(node, x, y, factor, clamp, profile.rounding)
    values = requantized(x, y, factor, profile.rounding)
    return lookup(x, y, saturated(np.clip(values, *clamp)))
