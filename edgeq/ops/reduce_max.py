"""REDUCE_MAX: the largest value over some axes, by the contract of max pooling."""

from __future__ import annotations

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Floats, Inputs, Lowered, Op, Operand, Outputs, View, register
from edgeq.ops.common import RANGES, need
from edgeq.ops.mean import Mean, reduced_axes
from edgeq.ops.strided import check_same_scale, present

CONTRACTS = {DType.INT8: "maxpool_s8", DType.INT16: "maxpool_s16"}
Group = tuple[bool, int]
PLACES = 5


@register
class ReduceMax(Op):
    """y = max of x over `axes`; x and y share their scale; of any rank.

    Axes are merged into kept rows, reduced rows, kept columns, reduced columns and channels,
    which are windows that do not overlap: max pooling with strides of its own size.
    """

    name = "reduce_max"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return Mean.infer(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        axes = tuple(reduced_axes(node, x.ndim))
        return (np.asarray(x.max(axis=axes, keepdims=bool(node.attrs.get("keep_dims")))),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if x.dtype is not y.dtype or x.dtype not in CONTRACTS:
            raise QuantError(f"maximum of {x.dtype} into {y.dtype}", where=node.name)
        check_same_scale(node, x, y, profile)
        groups = _groups(x.shape, reduced_axes(node, len(x.shape)))
        if len(groups) != PLACES:
            raise GraphError("more than 2 groups of reduced axes", where=node.name)
        args: dict[str, Operand] = {"x": View(x.name), "y": View(y.name)}
        return (Call(CONTRACTS[x.dtype], args, _params(x, tuple(n for _, n in groups))),)


def _groups(shape: Shape, axes: set[int]) -> list[Group]:
    """(whether it is reduced, extent) of merged axes, in turn, kept ones at both ends.

    At least PLACES; leading ones are of extent 1.
    """
    groups: list[Group] = [(False, 1)]
    for axis in reversed(range(len(shape))):
        reduced = axis in axes
        if shape[axis] == 1:
            continue
        if groups[-1][0] == reduced:
            groups[-1] = (reduced, groups[-1][1] * shape[axis])
        else:
            groups.append((reduced, shape[axis]))
    while len(groups) < PLACES or groups[-1][0]:
        groups.append((not groups[-1][0], 1))
    return groups[::-1]


def _params(x: Tensor, extents: tuple[int, ...]) -> dict[str, int]:
    """The pooling of a dense box of kept, reduced, kept, reduced and kept extents."""
    rows, tall, columns, wide, channels = extents
    row = columns * wide * channels
    lo, hi = RANGES[x.dtype]
    return {
        "in_h": rows * tall, "in_w": columns * wide, "in_c": channels, "out_w": columns,
        "kh": tall, "kw": wide, "stride_h": tall, "stride_w": wide, "pad_top": 0, "pad_left": 0,
        "row0": 0, "row1": rows, "x_row": row, "x_pixel": channels, "x_ring": rows * tall,
        "y_row": columns * channels, "y_pixel": channels, "act_min": lo, "act_max": hi,
    }  # fmt: skip
