"""Random models of the operators that only move data."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests import operators as write
from tests.one_op import T, act, const


def shapes(lo: int, hi: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(1, 5), min_size=lo, max_size=hi).map(tuple)


@st.composite
def moves(draw: st.DrawFn, dtypes: tuple[str, ...], ranks: dict[str, int]) -> bytes:
    """One operator, of any kind, on a tensor of up to `ranks[kind]` axes."""
    kind = draw(st.sampled_from(sorted(WRITERS)))
    x = act(draw(shapes(1, ranks.get(kind, 4))), draw(st.sampled_from(dtypes)))
    model: bytes = WRITERS[kind](draw, x)
    return model


def _transpose(draw: st.DrawFn, x: T) -> bytes:
    return write.transpose(x, draw(st.permutations(range(len(x.shape)))))


def _pad(draw: st.DrawFn, x: T) -> bytes:
    return write.pad(x, _borders(draw, x))


def _padv2(draw: st.DrawFn, x: T) -> bytes:
    top = 2 if x.dtype == "float32" else int(np.iinfo(x.dtype).max)
    low = -2 if x.dtype == "float32" else int(np.iinfo(x.dtype).min)
    value = const([draw(st.integers(low, top))], x.dtype, scale=x.scale, zero_point=x.zero_point)
    return write.pad(x, _borders(draw, x), value)


def _borders(draw: st.DrawFn, x: T) -> list[tuple[int, int]]:
    return [(draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in x.shape]


def _axis(draw: st.DrawFn, rank: int) -> int:
    return draw(st.integers(-rank, rank - 1))


def _concatenation(draw: st.DrawFn, x: T) -> bytes:
    axis = _axis(draw, len(x.shape))
    parts = [x]
    for _ in range(draw(st.integers(1, 3))):
        shape = list(x.shape)
        shape[axis] = draw(st.integers(1, 4))
        part = replace(x, shape=tuple(shape))
        if draw(st.booleans()):
            part = replace(part, data=np.arange(prod(shape)).reshape(shape).astype(x.dtype))
        parts.append(part)
    return write.concatenation(parts, axis)


def _split(draw: st.DrawFn, x: T) -> bytes:
    axis = _axis(draw, len(x.shape))
    shape, parts = list(x.shape), draw(st.integers(1, 3))
    shape[axis] *= parts
    return write.split(replace(x, shape=tuple(shape)), axis, parts)


def _split_v(draw: st.DrawFn, x: T) -> bytes:
    axis = _axis(draw, len(x.shape))
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    shape = list(x.shape)
    shape[axis] = sum(sizes)
    return write.split_v(replace(x, shape=tuple(shape)), axis % len(shape), sizes)


def _pack(draw: st.DrawFn, x: T) -> bytes:
    return write.pack([x] * draw(st.integers(1, 4)), _axis(draw, len(x.shape) + 1))


def _unpack(draw: st.DrawFn, x: T) -> bytes:
    return write.unpack(x, _axis(draw, len(x.shape)))


def _slice(draw: st.DrawFn, x: T) -> bytes:
    begin = [draw(st.integers(0, n - 1)) for n in x.shape]
    size = [draw(st.sampled_from((-1, draw(st.integers(1, n - b)))))
            for n, b in zip(x.shape, begin, strict=True)]  # fmt: skip
    return write.slice_of(x, begin, size)


def _strided_slice(draw: st.DrawFn, x: T) -> bytes:
    begin, end, strides, shrink = [], [], [], 0
    for i, n in enumerate(x.shape):
        stride = draw(st.sampled_from((1, 2, 3, -1, -2)))
        low = draw(st.integers(0, n - 1))
        high = draw(st.integers(low + 1, n))
        if len(x.shape) > 1 and i and draw(st.integers(0, 4)) == 0:
            shrink, stride, high = shrink | 1 << i, 1, low + 1
        strides.append(stride)
        # A backward range ends before index 0 only by a negative end beyond the extent.
        begin.append(low if stride > 0 else high - 1)
        end.append(high if stride > 0 else low - 1 if low else -n - 1)
    return write.strided_slice(x, begin, end, strides, shrink_axis_mask=shrink)


def _reshape(draw: st.DrawFn, x: T) -> bytes:
    return write.reshape(x, draw(st.sampled_from(((-1,), (1, -1), (x.shape[0], -1)))))


WRITERS: dict[str, Any] = {
    "transpose": _transpose, "pad": _pad, "padv2": _padv2, "concatenation": _concatenation,
    "split": _split, "split_v": _split_v, "pack": _pack, "unpack": _unpack, "slice": _slice,
    "strided_slice": _strided_slice, "reshape": _reshape,
}  # fmt: skip
