"""Broadcasting by strides: two operands, at most four dimensions per kernel call.

Neighbouring dimensions are merged where both operands walk through them evenly; whatever
more than four dimensions remain is unrolled into several calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape, Tensor
from edgeq.ops.base import Array, Operand, Params, View

KERNEL_RANK = 4


@dataclass(frozen=True, slots=True)
class Walk:
    """One call's part of an element-wise operation over two operands.

    a, b, y   first elements, counted from each tensor's start
    params    d0..d3 extents, a0..a3 and b0..b3 element strides; y is contiguous
    """

    a: int
    b: int
    y: int
    params: dict[str, int]


def broadcast_shape(node: Node, a: Shape, b: Shape) -> Shape:
    """The shape of an element-wise result.

    Raises:
        GraphError: a dimension differs and neither side is 1.
    """
    try:
        return tuple(int(d) for d in np.broadcast_shapes(a, b))
    except ValueError:
        raise GraphError(f"shapes {a} and {b} do not broadcast", where=node.name) from None


def walks(a: Shape, b: Shape) -> tuple[Walk, ...]:
    """The calls that cover two broadcasting shapes."""
    rows = _merged(a, b)
    outer, inner = rows[:-KERNEL_RANK], rows[-KERNEL_RANK:]
    inner = [(1, 0, 0)] * (KERNEL_RANK - len(inner)) + inner
    params = {f"d{i}": d for i, (d, _, _) in enumerate(inner)}
    params |= {f"a{i}": sa for i, (_, sa, _) in enumerate(inner)}
    params |= {f"b{i}": sb for i, (_, _, sb) in enumerate(inner)}
    size = int(np.prod([d for d, _, _ in inner]))
    found = []
    for number, index in enumerate(product(*(range(d) for d, _, _ in outer))):
        at_a = sum(i * sa for i, (_, sa, _) in zip(index, outer, strict=True))
        at_b = sum(i * sb for i, (_, _, sb) in zip(index, outer, strict=True))
        found.append(Walk(at_a, at_b, number * size, params))
    return tuple(found)


def _merged(a: Shape, b: Shape) -> list[tuple[int, int, int]]:
    """(extent, stride of a, stride of b) of each merged dimension, outermost first."""
    shape = np.broadcast_shapes(a, b)
    rank = len(shape)
    strides_a, strides_b = _strides(a, rank), _strides(b, rank)
    merged: list[tuple[int, int, int]] = []
    for d, sa, sb in reversed([*zip(shape, strides_a, strides_b, strict=True)]):
        if d == 1:
            continue
        if merged and merged[-1][0] * merged[-1][1] == sa and merged[-1][0] * merged[-1][2] == sb:
            merged[-1] = (merged[-1][0] * d, merged[-1][1], merged[-1][2])
        else:
            merged.append((d, sa, sb))
    return merged[::-1]


def _strides(shape: Shape, rank: int) -> list[int]:
    """Element strides of `shape` seen with `rank` dimensions; 0 where it is 1."""
    strides, step = [], 1
    for d in reversed(shape):
        strides.append(0 if d == 1 else step)
        step *= d
    return ([0] * (rank - len(shape))) + strides[::-1]


def operand(tensor: Tensor, offset: int) -> Operand:
    """A kernel argument: a view of an activation, or the constant's elements from `offset` on."""
    if tensor.data is None:
        return View(tensor.name, offset)
    flat: Array = np.ascontiguousarray(tensor.data).reshape(-1)[offset:]
    return flat


def gather(memory: Array, params: Params, side: str) -> Array:
    """The operand `side` ("a" or "b") in the order of y: (d0 * d1 * d2 * d3) int64."""
    index = np.zeros((), np.int64)
    for i in range(KERNEL_RANK):
        index = index[..., None] + np.arange(params[f"d{i}"]) * params[f"{side}{i}"]
    flat: Array = memory.reshape(-1)[index.reshape(-1)].astype(np.int64)
    return flat


def put(y: Array, values: Array) -> Array:
    """A copy of `y` whose first elements are `values`, in its dtype."""
    flat = y.reshape(-1).copy()
    flat[: values.size] = values.reshape(-1)
    return flat.reshape(y.shape)


CASE_SHAPES: tuple[tuple[Shape, Shape], ...] = (
    ((1,), (1,)), ((7,), (7,)), ((8,), (1,)), ((1,), (15,)), ((16,), (16,)), ((3, 17), (17,)),
    ((33,), (33,)), ((2, 1, 5), (1, 3, 1)), ((2, 3, 4, 5), (2, 1, 4, 1)), ((65,), (1,)),
    ((1, 3, 1, 7), (2, 1, 4, 1)), ((4, 9, 16), (4, 1, 16)),
)  # fmt: skip
"""Pairs around the tails of vectors, with every kind of broadcast."""


def case_walks() -> Iterator[tuple[int, int, int, dict[str, int]]]:
    """(elements of a, of b, of y, stride params) for each pair of CASE_SHAPES."""
    for a, b in CASE_SHAPES:
        (walk,) = walks(a, b)
        size = int(np.prod(np.broadcast_shapes(a, b)))
        yield int(np.prod(a)), int(np.prod(b)), size, dict(walk.params)
