"""GATHER: the slices of a tensor that constant indices name."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import constant_of, need
from edgeq.ops.strided import axis_of, check_same_scale, copy_calls, moved

Run = tuple[int, int, int]


@register
class Gather(Op):
    """y[..., i, ...] = x[..., indices[i], ...] along `axis`; the indices may have any shape."""

    name = "gather"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, indices = need(inputs[0], node, "x"), need(inputs[1], node, "indices")
        axis = axis_of(node, len(x.shape))
        _indices(node, indices, x.shape[axis])
        return ((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x, indices = inputs[0], inputs[1]
        if x is None or indices is None:
            raise GraphError("2 inputs are needed", where=node.name)
        return (np.take(x, indices.astype(np.int64), axis_of(node, x.ndim)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, indices, (y,) = need(inputs[0], node, "x"), need(inputs[1], node, "indices"), outputs
        check_same_scale(node, x, y, profile)
        axis = axis_of(node, len(x.shape))
        wanted = _indices(node, indices, x.shape[axis])
        lead, slice_bytes = prod(x.shape[:axis]), prod(x.shape[axis + 1 :]) * x.dtype.bytes
        size = x.dtype.bytes
        x_row, y_row = (n * slice_bytes for n in (x.shape[axis], len(wanted)))
        calls: list[Call] = []
        at = 0
        for first, count, step in runs(wanted):
            dims = [(lead, x_row, y_row), (count, step * slice_bytes, slice_bytes)]
            dims.append((slice_bytes // size, size, size))
            calls += copy_calls(x, y, dims, x_at=first * slice_bytes, y_at=at * slice_bytes)
            at += count
        return moved(x, y, tuple(calls))


def runs(indices: list[int]) -> Iterator[Run]:
    """The indices as (first, count, step) of evenly spaced neighbours, as few as greed finds."""
    at = 0
    while at < len(indices):
        first = indices[at]
        step = indices[at + 1] - first if at + 1 < len(indices) else 1
        count = 1
        while at + count < len(indices) and indices[at + count] == first + count * step:
            count += 1
        yield first, count, step
        at += count


def _indices(node: Node, indices: Tensor, size: int) -> list[int]:
    """The constant indices, negative ones counted from the end.

    Raises:
        GraphError: they are computed, or leave [-size, size).
    """
    values = constant_of(indices, node, "indices").astype(np.int64).reshape(-1)
    if values.size and not -size <= int(values.min()) <= int(values.max()) < size:
        raise GraphError(
            f"indices {values.min()} to {values.max()} of {size} slices", where=node.name
        )
    return [int(i) % size for i in values]
