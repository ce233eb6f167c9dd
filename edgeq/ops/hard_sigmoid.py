"""HARD_SIGMOID: y = clamp(alpha * x + beta, 0, 1)."""

from __future__ import annotations

import numpy as np

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.unary import float_of, lower_real, number, same_shape

ALPHA, BETA = 0.2, 0.5
"""ONNX's values for absent attributes."""


@register
class HardSigmoid(Op):
    """y = min(max(alpha * x + beta, 0), 1), element by element."""

    name = "hard_sigmoid"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        alpha, beta = number(node, "alpha", ALPHA), number(node, "beta", BETA)
        return (np.clip(alpha * float_of(inputs) + beta, 0, 1).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        alpha, beta = number(node, "alpha", ALPHA), number(node, "beta", BETA)
        return lower_real(node, inputs, outputs, lambda x: min(max(alpha * x + beta, 0.0), 1.0))
