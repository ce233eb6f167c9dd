"""RELU_N1_TO_1: y = min(max(x, -1), 1)."""

from __future__ import annotations

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.relu import Relu, clamp_reference, lower_clamp


@register
class ReluN1To1(Op):
    """y = min(max(x, -1), 1).  TensorFlow Lite Micro lacks it: its profile takes RELU's form."""

    name = "relu_n1_to_1"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return Relu.infer(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        return clamp_reference(node, inputs)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return lower_clamp(node, inputs, outputs, profile)
