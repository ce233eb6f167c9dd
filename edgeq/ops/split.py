"""SPLIT, SPLIT_V: parts of a tensor along an axis, one output each."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.strided import axis_of, check_same_scale, copy_calls, dense_strides, present


@register
class Split(Op):
    """Output k is the `sizes[k]` indices of x along `axis` behind those of outputs 0 .. k - 1."""

    name = "split"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, sizes = need(inputs[0], node, "x"), node.ints("sizes")
        axis = axis_of(node, len(x.shape))
        if sum(sizes) != x.shape[axis]:
            raise GraphError(f"{sizes} do not add up to {x.shape[axis]}", where=node.name)
        return tuple((*x.shape[:axis], size, *x.shape[axis + 1 :]) for size in sizes)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        ends = np.cumsum(node.ints("sizes"))[:-1].tolist()
        return tuple(np.split(x, ends, axis_of(node, x.ndim)))

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x = need(inputs[0], node, "x")
        axis = axis_of(node, len(x.shape))
        from_x = dense_strides(x.shape, x.dtype.bytes)
        step = prod(x.shape[axis + 1 :]) * x.dtype.bytes
        calls: list[Call] = []
        at = 0
        for y in outputs:
            check_same_scale(node, x, y, profile)
            to_y = dense_strides(y.shape, y.dtype.bytes)
            dims = list(zip(y.shape, from_x, to_y, strict=True))
            calls += copy_calls(x, y, dims, x_at=at * step)
            at += y.shape[axis]
        return tuple(calls)
