"""DEPTH_TO_SPACE: blocks of channels become blocks of pixels."""

from __future__ import annotations

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need
from edgeq.ops.strided import check_same_scale, copy_calls, dense_strides, moved, present

IMAGE = 4
SPLIT = {"DCR": (3, 4, 5), "CRD": (4, 5, 3)}
"""Which parts of the channels are block row, block column and channel, by mode."""


@register
class DepthToSpace(Op):
    """y[n][h * b + i][w * b + j][c] = x[n][h][w][...], b the block size.

    The channel of x is (i * b + j) * C + c in mode DCR and c * b * b + i * b + j in mode CRD.
    """

    name = "depth_to_space"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x = need(inputs[0], node, "x")
        n, h, w, b, _, c = _seen(node, x.shape)[0]
        return ((n, h * b, w * b, c),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        (n, h, w, b, _, c), shape, order = _seen(node, x.shape)
        y = x.reshape(shape).transpose(order).reshape(n, h * b, w * b, c)
        return (np.ascontiguousarray(y),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        _, shape, order = _seen(node, x.shape)
        from_x = dense_strides(shape, x.dtype.bytes)
        extents = tuple(shape[i] for i in order)
        to_y = dense_strides(extents, y.dtype.bytes)
        steps = [from_x[i] for i in order]
        return moved(x, y, copy_calls(x, y, list(zip(extents, steps, to_y, strict=True))))


def _seen(node: Node, shape: Shape) -> tuple[Shape, Shape, tuple[int, ...]]:
    """(N, H, W, B, B, C); x's shape with its channels split; the order that makes y.

    Raises:
        GraphError: x is no image, its channels do not split, or an attribute makes no sense.
    """
    block, mode = node.attrs["block_size"], node.attrs.get("mode", "DCR")
    if not isinstance(block, int) or block < 1 or mode not in SPLIT:
        raise GraphError(f"blocks of {block} in mode {mode!r} make no sense", where=node.name)
    if len(shape) != IMAGE or shape[3] % (block * block):
        raise GraphError(f"{shape} does not make blocks of {block} by {block}", where=node.name)
    n, h, w, channels = shape
    c = channels // (block * block)
    i, j, k = SPLIT[str(mode)]
    split = {i: block, j: block, k: c}
    seen = (n, h, w, *(split[d] for d in (3, 4, 5)))
    return (n, h, w, block, block, c), seen, (0, 1, i, 2, j, k)
