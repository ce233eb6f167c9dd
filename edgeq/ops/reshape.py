"""RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape."""

from __future__ import annotations

from math import prod

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.strided import check_same_scale, copy_calls, present


@register
class Reshape(Op):
    """y is x in row-major order.

    The attribute `shape` is the output's; without it the output is known as a vector only.
    """

    name = "reshape"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x = need(inputs[0], node, "x")
        shape = node.ints("shape") if "shape" in node.attrs else (x.size,)
        if prod(shape) != x.size:
            raise GraphError(f"{x.shape} does not reshape to {shape}", where=node.name)
        return (shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        return (x.reshape(node.ints("shape") if "shape" in node.attrs else (x.size,)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        if x.size != y.size:
            raise GraphError(f"{x.shape} does not reshape to {y.shape}", where=node.name)
        if x.data is not None:
            return copy_calls(x, y, [(x.size, x.dtype.bytes, y.dtype.bytes)])
        return Alias(x.name)
