"""SUB: a sum in which one operand counts negative."""

from __future__ import annotations

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.add import Add, lower_sum
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.floats import activate, floats


@register
class Sub(Op):
    """y = act(a - b), broadcast; the contracts are those of ADD."""

    name = "sub"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return Add.infer(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        a, b = floats(inputs, 2)
        return (activate(node, a - b),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return lower_sum(node, inputs, outputs, profile, -1)
