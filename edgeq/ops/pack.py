"""PACK: tensors of one shape stacked along a new axis."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.strided import axis_of, check_same_scale, copy_calls


@register
class Pack(Op):
    """Index k along the new `axis` of the output is input k."""

    name = "pack"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        shapes = {need(x, node, f"x{i}").shape for i, x in enumerate(inputs)}
        if len(shapes) > 1:
            raise GraphError(f"shapes {sorted(shapes)} differ", where=node.name)
        (shape,) = shapes
        axis = axis_of(node, len(shape) + 1)
        return ((*shape[:axis], len(inputs), *shape[axis:]),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        present = [x for x in inputs if x is not None]
        return (np.stack(present, axis_of(node, present[0].ndim + 1)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        (y,) = outputs
        axis = axis_of(node, len(y.shape))
        outer, inner = prod(y.shape[:axis]), prod(y.shape[axis + 1 :]) * y.dtype.bytes
        calls: list[Call] = []
        for i, operand in enumerate(inputs):
            x = need(operand, node, f"x{i}")
            check_same_scale(node, x, y, profile)
            size = y.dtype.bytes
            dims = [(outer, inner, len(inputs) * inner), (inner // size, size, size)]
            calls += copy_calls(x, y, dims, y_at=i * inner)
        return tuple(calls)
