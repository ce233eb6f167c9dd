"""Strided boxes of bytes: how operators that only move data lower to copy_s8 and fill_s8.

A box is a list of dimensions (extent, bytes per step of x, bytes per step of y), outermost
first, over runs of contiguous bytes.  Dimensions are merged as far as the strides allow; what
remains beyond four is unrolled into several calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Array, Call, Floats, Lowered, Operand, Params, View

Dim: TypeAlias = tuple[int, int, int]

MAX_DIMS = 4
SCALE_ROUNDING = 2.0**-22  # relative: one float32 step of either scale


def axis_of(node: Node, rank: int) -> int:
    """The attribute `axis`, which may count from the end, in [0, rank).

    Raises:
        GraphError: it is no axis of `rank`.
    """
    axis = node.attrs["axis"]
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise GraphError(f"axis {axis} is none of {rank}", where=node.name)
    return axis % rank


def dense_strides(shape: Shape, itemsize: int = 1) -> tuple[int, ...]:
    """Bytes from index to index along each dimension of a contiguous array."""
    return tuple(itemsize * prod(shape[i + 1 :]) for i in range(len(shape)))


def merge(run: int, dims: Sequence[Dim]) -> tuple[int, tuple[Dim, ...]]:
    """The same box with as few dimensions, and as long a run, as its strides allow."""
    kept: list[Dim] = []
    for extent, xs, ys in reversed(dims):
        if extent == 1:
            continue
        if not kept and xs == ys == run:
            run *= extent
        elif kept and (xs, ys) == (kept[-1][0] * kept[-1][1], kept[-1][0] * kept[-1][2]):
            kept[-1] = (kept[-1][0] * extent, kept[-1][1], kept[-1][2])
        else:
            kept.append((extent, xs, ys))
    return run, tuple(reversed(kept))


def outer_steps(dims: Sequence[Dim], inner: int) -> Iterator[tuple[int, int]]:
    """Byte offsets (of x, of y) of every index of the dimensions but the last `inner`."""
    outer = dims[: max(len(dims) - inner, 0)]
    for index in product(*(range(extent) for extent, _, _ in outer)):
        pairs = [(i * xs, i * ys) for i, (_, xs, ys) in zip(index, outer, strict=True)]
        yield sum(x for x, _ in pairs), sum(y for _, y in pairs)


def inner_params(dims: Sequence[Dim]) -> dict[str, int]:
    """Fields d0..d3, x0..x3, y0..y3 for the last four dimensions."""
    inner = [(1, 0, 0)] * (MAX_DIMS - len(dims)) + list(dims[-MAX_DIMS:])
    return {
        f"{letter}{i}": dim[part]
        for part, letter in enumerate("dxy")
        for i, dim in enumerate(inner)
    }


def present(node: Node, inputs: tuple[Floats | None, ...]) -> Floats:
    """The first float input.

    Raises:
        GraphError: it is missing.
    """
    if not inputs or inputs[0] is None:
        raise GraphError("input x is missing", where=node.name)
    return inputs[0]


def operand(x: Tensor, offset: int) -> Operand:
    """`x` from byte `offset` on: a view, or the bytes of a constant."""
    if x.data is not None:
        return np.ascontiguousarray(x.data).reshape(-1).view(np.int8)[offset:]
    return View(x.name, offset // x.dtype.bytes)


def copy_calls(
    x: Tensor, y: Tensor, dims: Sequence[Dim], *, x_at: int = 0, y_at: int = 0
) -> tuple[Call, ...]:
    """Copy elements of x, from byte x_at on, to those of y, from byte y_at on.

    Strides of x in `dims` may be negative or zero, x_at then is where index 0 lies.
    """
    if any(extent == 0 for extent, _, _ in dims):
        return ()
    run, merged = merge(y.dtype.bytes, dims)
    params = {"run": run} | inner_params(merged)
    below = sum((n - 1) * xs for n, xs, _ in merged[-MAX_DIMS:] if xs < 0)
    params["x_base"] = -below
    return tuple(
        Call(
            "copy_s8",
            {"x": operand(x, x_at + xs + below), "y": View(y.name, (y_at + ys) // y.dtype.bytes)},
            params,
        )
        for xs, ys in outer_steps(merged, MAX_DIMS)
    )


def fill_calls(y: Tensor, shape: Shape, y_at: int, value: bytes) -> tuple[Call, ...]:
    """Set the box `shape` of y, whose corner is byte y_at, to the element `value`."""
    if 0 in shape:
        return ()
    size = len(value)
    steps = dense_strides(y.shape, size)
    if len(set(value)) > 1:
        pattern = Tensor(y.name, (1,), y.dtype, data=np.frombuffer(value, y.dtype.numpy))
        repeat = [(n, 0, ys) for n, ys in zip(shape, steps, strict=True)]
        return copy_calls(pattern, y, repeat, y_at=y_at)
    run, merged = merge(size, [(n, ys, ys) for n, ys in zip(shape, steps, strict=True)])
    fields = inner_params(merged)
    params = {"run": run, "value": int(np.frombuffer(value, np.int8)[0])}
    params |= {name: n for name, n in fields.items() if name[0] in "dy"}
    return tuple(
        Call("fill_s8", {"y": View(y.name, (y_at + ys) // size)}, params)
        for _, ys in outer_steps(merged, MAX_DIMS)
    )


def moved(x: Tensor, y: Tensor, calls: tuple[Call, ...]) -> Lowered:
    """The calls, or an alias when they are one copy of the whole of a computed x."""
    if len(calls) == 1 and x.data is None and calls[0].params["run"] == x.nbytes == y.nbytes:
        return Alias(x.name)
    return calls


def check_same_scale(node: Node, x: Tensor, y: Tensor, profile: Profile) -> None:
    """Moving bytes keeps values only on one scale; the runtimes do not look, edgeq does.

    Raises:
        QuantError: under the profile edgeq, when the quantizations differ by more than the
            rounding of a scale to float32.
    """
    if profile is not Profile.EDGEQ or x.quant is None or y.quant is None or x.quant == y.quant:
        return
    close = np.allclose(x.quant.scale, y.quant.scale, rtol=SCALE_ROUNDING, atol=0)
    if x.quant.zero_point != y.quant.zero_point or not close:
        raise QuantError(
            f"{x.name} and {y.name} must share their scale and zero point", where=node.name
        )


def box(memory: Array, params: Params, letter: str, base: int = 0) -> NDArray[np.int8]:
    """The box d0 x d1 x d2 x d3 x run of strides `letter`0..3 in `memory`, as a view of bytes.

    Raises:
        ValueError: the box leaves the memory.
    """
    data = memory.reshape(-1).view(np.int8)
    extents = [params[f"d{i}"] for i in range(MAX_DIMS)] + [params["run"]]
    steps = [params[f"{letter}{i}"] for i in range(MAX_DIMS)] + [1]
    reach = [(n - 1) * s for n, s in zip(extents, steps, strict=True)]
    low, high = base + sum(r for r in reach if r < 0), base + sum(r for r in reach if r > 0)
    if low < 0 or high >= data.size:
        raise ValueError(f"bytes [{low}, {high}] of an operand of {data.size}")
    return as_strided(data[base:], extents, steps)


def written(y: Array, params: Params, values: Any) -> Array:  # noqa: ANN401 (array or number)
    """A copy of `y` with the box of strides y0..3 set to `values`."""
    out = np.array(y).reshape(-1)
    box(out, params, "y")[...] = values
    return out.reshape(y.shape)
