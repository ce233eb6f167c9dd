"""ELU: y = x where x >= 0, alpha * (exp(x) - 1) elsewhere."""

from __future__ import annotations

import math

import numpy as np

from edgeq.ir import DType, Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.litert_tables import F32, lower_litert
from edgeq.ops.unary import float_of, lower_real, number, same_shape


@register
class Elu(Op):
    """y = x where x >= 0, alpha * (exp(x) - 1) elsewhere; alpha is 1 when absent."""

    name = "elu"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x, alpha = float_of(inputs), number(node, "alpha", 1.0)
        return (np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0))).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        alpha = number(node, "alpha", 1.0)
        if profile is not Profile.EDGEQ and need(inputs[0], node, "x").dtype is DType.INT8:
            return lower_litert(node, inputs, outputs, lambda x: _elu_f32(x, alpha))
        return lower_real(node, inputs, outputs, lambda x: _elu(x, alpha))


def _elu(x: float, alpha: float) -> float:
    return x if x >= 0 else alpha * math.expm1(x)


def _elu_f32(x: F32, alpha: float) -> F32:
    below = np.expm1(np.minimum(x, 0).astype(np.float64)).astype(np.float32)
    return np.where(x >= 0, x, np.float32(alpha) * below)
