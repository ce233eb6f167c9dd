"""UNPACK: the slices of a tensor along an axis, one output each."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.strided import axis_of, check_same_scale, copy_calls, present


@register
class Unpack(Op):
    """Output k is index k of x along `axis`, which the outputs lack."""

    name = "unpack"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x = need(inputs[0], node, "x")
        axis = axis_of(node, len(x.shape))
        return ((*x.shape[:axis], *x.shape[axis + 1 :]),) * x.shape[axis]

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        return tuple(np.moveaxis(x, axis_of(node, x.ndim), 0))

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x = need(inputs[0], node, "x")
        axis, size = axis_of(node, len(x.shape)), x.dtype.bytes
        outer, inner = prod(x.shape[:axis]), prod(x.shape[axis + 1 :]) * size
        dims = [(outer, x.shape[axis] * inner, inner), (inner // size, size, size)]
        calls: list[Call] = []
        for i, y in enumerate(outputs):
            check_same_scale(node, x, y, profile)
            calls += copy_calls(x, y, dims, x_at=i * inner)
        return tuple(calls)
