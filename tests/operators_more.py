"""One-operator .tflite models of later operators, with the output's shape worked out.

As in tests/operators.py: an output `y` given by the caller lends its dtype and quantization.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.one_op import T, const, one_op

Pair = tuple[int, int]


def transpose_conv(
    x: T,
    w: T,
    bias: T | None = None,
    y: T | None = None,
    *,
    stride: Pair = (2, 2),
    padding: str = "SAME",
    size: Pair | None = None,
    activation: str = "NONE",
) -> bytes:
    """TRANSPOSE_CONV of x (N, H, W, I) with weights (O, KH, KW, I) to `size` rows and columns.

    Without `size`, to the largest that the padding allows.
    """
    n, h, wide, _ = x.shape
    if size is None:
        sides = zip((h, wide), w.shape[1:3], stride, strict=True)
        rows, columns = (
            i * s if padding == "SAME" else (i - 1) * s + max(k, s) for i, k, s in sides
        )
        size = rows, columns
    shape = (n, *size, w.shape[0])
    inputs = [const(np.array(shape, np.int32)), w, x]
    options = {
        "stride_h": stride[0],
        "stride_w": stride[1],
        "padding": padding,
        "activation": activation,
    }
    if bias is not None:
        inputs.append(bias)
    return one_op("TRANSPOSE_CONV", inputs, [like(x, shape, y)], version=4, **options)


def prelu(x: T, slope: T, y: T | None = None) -> bytes:
    """PRELU with constant slopes."""
    return one_op("PRELU", [x, slope], [like(x, x.shape, y)], version=1)


def reduction(
    op: str, x: T, axes: Sequence[int], y: T | None = None, *, keep_dims: bool = False
) -> bytes:
    """SUM or REDUCE_MAX over `axes`, which may be negative."""
    gone = {a % len(x.shape) for a in axes}
    kept = [n if i not in gone else 1 for i, n in enumerate(x.shape) if i not in gone or keep_dims]
    axis = const(np.array(axes, np.int32).reshape(-1))
    version = 3 if op == "REDUCE_MAX" and x.dtype == "int16" else 2
    return one_op(op, [x, axis], [like(x, kept, y)], version=version, keep_dims=keep_dims)


def depth_to_space(x: T, block: int) -> bytes:
    """DEPTH_TO_SPACE of x (N, H, W, C)."""
    n, h, w, c = x.shape
    out = like(x, (n, h * block, w * block, c // block**2), None)
    return one_op("DEPTH_TO_SPACE", [x], [out], version=1, block_size=block)


def gather(x: T, indices: T, axis: int, *, batch_dims: int = 0) -> bytes:
    """GATHER along `axis`, which may be negative."""
    at = axis % len(x.shape)
    out = like(x, (*x.shape[:at], *indices.shape, *x.shape[at + 1 :]), None)
    return one_op("GATHER", [x, indices], [out], version=4, axis=axis, batch_dims=batch_dims)


def like(x: T, shape: Sequence[int], y: T | None) -> T:
    """An output of `shape`, otherwise like y if given, else like x."""
    return replace(x if y is None else y, shape=tuple(shape), data=None)
