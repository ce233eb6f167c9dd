"""Bilinear resize of legacy uint8 models: LiteRT's float32 arithmetic, operation by operation."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeq.ops.base import Args, Array, Params

Weights = NDArray[np.float32]


def neighbours(args: Args, p: Params) -> tuple[Array, Array, Array, Array]:
    """The pixels (row, column), (next, column), (row, next), (next, next): (rows, out_w, in_c)."""
    pixels = sliding_window_view(args["x"].reshape(-1), p["in_c"])
    row, row_next = (
        (args[name][p["row0"] : p["row1"]] % p["x_ring"])[:, None] * p["x_row"]
        for name in ("row", "row_next")
    )
    column, column_next = (
        args[name][: p["out_w"]] * p["x_pixel"] for name in ("column", "column_next")
    )
    return (
        pixels[row + column],
        pixels[row_next + column],
        pixels[row + column_next],
        pixels[row_next + column_next],
    )


def legacy_positions(
    n_in: int, n_out: int, align: bool, half: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32], Weights]:
    """Index, next index and weight of the next of every output along one axis.

    The weight is the position less the index, also where that was clipped to the image.
    """
    one_half = np.float32(0.5)
    steps = (n_in - 1, n_out - 1) if align and n_out > 1 else (n_in, n_out)
    scale = np.float32(steps[0]) / np.float32(steps[1])
    at = np.arange(n_out, dtype=np.float32)
    at = (at + one_half) * scale - one_half if half else at * scale
    index = np.maximum(np.floor(at).astype(np.int32), 0)
    after = np.minimum(np.ceil(at).astype(np.int32), n_in - 1)
    return index, after, at - index.astype(np.float32)


def legacy_blend(pixels: tuple[Array, Array, Array, Array], v: Weights, u: Weights) -> Array:
    """The contract resize_bilinear_s8f: every operation in float32, in its order.

    pixels   int8 (rows, out_w, in_c), standing for values less 128
    v, u     weights of the next row (rows, 1, 1) and of the next column (out_w, 1)
    """
    one = np.float32(1)
    weights = ((one - v, one - u), (v, one - u), (one - v, u), (v, u))
    terms = [
        (x.astype(np.float32) + np.float32(128)) * a * b
        for x, (a, b) in zip(pixels, weights, strict=True)
    ]
    total = terms[0] + terms[1] + terms[2] + terms[3] + np.float32(0.5)
    return np.asarray(total.astype(np.int32) - 128, np.int8)
