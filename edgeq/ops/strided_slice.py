"""SLICE, STRIDED_SLICE: every strides[i]-th index of size[i] along axis i, from begin[i] on."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.strided import check_same_scale, copy_calls, dense_strides, moved, present


@register
class StridedSlice(Op):
    """y[j] = x[begin + j * strides], j < size; strides may be negative.

    begin, size and strides have one entry per axis of x, with begin in [0, extent).  The
    attribute `shape` is the output's where axes of size 1 are dropped or added; `copy` asks
    for memory of its own where the slice is all of x.
    """

    name = "strided_slice"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, size = need(inputs[0], node, "x"), node.ints("size")
        begin, strides = node.ints("begin"), node.ints("strides")
        for i, (b, n, s, extent) in enumerate(zip(begin, size, strides, x.shape, strict=True)):
            if n > 0 and not (0 <= b < extent and 0 <= b + (n - 1) * s < extent and s != 0):
                raise GraphError(f"axis {i}: {n} of {extent} from {b} by {s}", where=node.name)
        shape = node.ints("shape") if "shape" in node.attrs else size
        if prod(shape) != prod(size):
            raise GraphError(f"a slice of {size} does not have shape {shape}", where=node.name)
        return (shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        triples = zip(node.ints("begin"), node.ints("size"), node.ints("strides"), strict=True)
        index = np.ix_(*(b + s * np.arange(n) for b, n, s in triples))
        y = np.ascontiguousarray(x[index])
        return (y.reshape(node.ints("shape")) if "shape" in node.attrs else y,)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        size, steps = node.ints("size"), dense_strides(x.shape, x.dtype.bytes)
        if prod(size) != y.size:
            raise GraphError(f"a slice of {size} does not have shape {y.shape}", where=node.name)
        at = sum(b * s for b, s in zip(node.ints("begin"), steps, strict=True))
        from_x = [s * n for s, n in zip(node.ints("strides"), steps, strict=True)]
        to_y = dense_strides(size, y.dtype.bytes)
        dims = list(zip(size, from_x, to_y, strict=True))
        calls = copy_calls(x, y, dims, x_at=at)
        return calls if node.attrs.get("copy") else moved(x, y, calls)
