"""Convolutions in float32: windows gathered tap by tap in blocks, products left to BLAS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from edgeq.ir import Node
from edgeq.ops.base import Floats

BLOCK = 1 << 21
"""Elements of windows gathered at once: 8 MiB of float32."""


def float_convolution(node: Node, x: Floats, w: Floats) -> Floats:
    """Images (N, H, W, C) under weights (O, KH, KW, C / groups): (N, OH, OW, O), no bias."""
    out_c, kh, kw, in_c = w.shape
    groups, taps = x.shape[3] // in_c, kh * kw * in_c
    matrices = np.ascontiguousarray(w.reshape(groups, out_c // groups, taps).swapaxes(1, 2))
    padded = bordered(node, x)
    shape = window_counts(node, padded, (kh, kw))
    y = np.empty((len(x), *shape, groups, out_c // groups), np.float32)
    at_once = max(1, BLOCK // max(shape[0] * shape[1] * taps, 1))
    for i in range(0, len(x), at_once):
        for g in range(groups):
            part = padded[i : i + at_once, ..., g * in_c : (g + 1) * in_c]
            rows = _rows(node, part, (kh, kw), shape)
            y[i : i + at_once, ..., g, :] = (rows @ matrices[g]).reshape(len(part), *shape, -1)
    return y.reshape(len(x), *shape, out_c)


def float_depthwise(node: Node, x: Floats, w: Floats) -> Floats:
    """Images (N, H, W, C) under weights (1, KH, KW, C * M): (N, OH, OW, C * M), no bias."""
    _, kh, kw, out_c = w.shape
    channels, padded = x.shape[3], bordered(node, x)
    shape = window_counts(node, padded, (kh, kw))
    per_tap = w.reshape(kh, kw, channels, -1)
    y = np.zeros((len(x), *shape, channels, out_c // channels), np.float32)
    for i in range(len(x)):  # an image at a time stays in the cache
        for (row, column), seen in _taps(node, padded[i : i + 1], (kh, kw), shape):
            y[i : i + 1] += seen[..., None] * per_tap[row, column]
    return y.reshape(len(x), *shape, out_c)


def float_pool(node: Node, x: Floats, ufunc: np.ufunc, outside: float) -> Floats:
    """`ufunc` over every window of images (N, H, W, C): (N, OH, OW, C).

    outside   what the border counts as: 0 for sums, -inf for maxima
    """
    kh, kw = node.ints("filter")
    flat = replace(node, attrs={**node.attrs, "dilation": (1, 1)})
    padded = bordered(flat, x, outside)
    shape = window_counts(flat, padded, (kh, kw))
    y = np.full((len(x), *shape, x.shape[3]), outside, np.float32)
    for i in range(len(x)):  # an image at a time stays in the cache
        for _, seen in _taps(flat, padded[i : i + 1], (kh, kw), shape):
            ufunc(y[i : i + 1], seen, out=y[i : i + 1])
    return y


def bordered(node: Node, x: Floats, outside: float = 0.0) -> Floats:
    """The images with the border that the attribute `padding` says."""
    top, bottom, left, right = node.ints("padding")
    if not any((top, bottom, left, right)):
        return x
    n, h, w, c = x.shape
    padded = np.full((n, h + top + bottom, w + left + right, c), outside, np.float32)
    padded[:, top : top + h, left : left + w] = x
    return padded


def window_counts(node: Node, padded: Floats, taps: tuple[int, int]) -> tuple[int, int]:
    """How many windows lie on padded images, down and across."""
    steps = zip(padded.shape[1:3], taps, node.ints("stride"), node.ints("dilation"), strict=True)
    down, across = ((size - (k - 1) * d - 1) // s + 1 for size, k, s, d in steps)
    return down, across


def _taps(
    node: Node, padded: Floats, taps: tuple[int, int], shape: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], Floats]]:
    """Every tap with what it sees: views (N, OH, OW, C)."""
    (sh, sw), (dh, dw) = node.ints("stride"), node.ints("dilation")
    for i in range(taps[0]):
        for j in range(taps[1]):
            rows = slice(i * dh, i * dh + (shape[0] - 1) * sh + 1, sh)
            columns = slice(j * dw, j * dw + (shape[1] - 1) * sw + 1, sw)
            yield (i, j), padded[:, rows, columns]


def _rows(node: Node, padded: Floats, taps: tuple[int, int], shape: tuple[int, int]) -> Floats:
    """Every window as a row (N * OH * OW, KH * KW * C)."""
    n, channels = len(padded), padded.shape[3]
    rows = np.empty((n, *shape, taps[0], taps[1], channels), np.float32)
    for (i, j), seen in _taps(node, padded, taps, shape):
        rows[..., i, j, :] = seen
    return rows.reshape(n * shape[0] * shape[1], -1)
