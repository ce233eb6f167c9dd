"""Transposed windows: output sizes, geometry fields, and the sums of what reaches each output.

Input pixel (r, c) spreads over outputs (r * stride_h + kh * dil_h - pad_top, ...).  Adding
every tap's product into a strided slice of the outputs is the same sum that a kernel gathers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.ops.base import Params
from edgeq.ops.window import window_params

Pair = tuple[int, int]


def output_size(node: Node, image: Shape, taps: Pair) -> Pair:
    """Output (height, width) of an image (N, H, W, C) spread by windows of `taps`.

    Reads the attributes stride, padding (top, bottom, left, right: how much is cut off),
    output_padding (h, w: how much is added behind) and dilation, the last two if any.

    Raises:
        GraphError: nothing is left, or an attribute makes no sense.
    """
    stride, padding, dilation, extra = attributes(node)
    if min(*stride, *dilation) < 1 or min(*padding, *extra) < 0:
        raise GraphError(
            f"stride {stride}, dilation {dilation}, padding {padding} and output_padding {extra} "
            "make no sense", where=node.name,
        )  # fmt: skip
    sizes = []
    for axis in range(2):
        full = (image[1 + axis] - 1) * stride[axis] + (taps[axis] - 1) * dilation[axis] + 1
        sizes.append(full - sum(padding[2 * axis : 2 * axis + 2]) + extra[axis])
    if min(sizes) < 1:
        raise GraphError(f"padding {padding} leaves no output", where=node.name)
    return sizes[0], sizes[1]


def attributes(node: Node) -> tuple[tuple[int, ...], ...]:
    """Stride, padding, dilation and output_padding."""
    dilation = node.ints("dilation") if "dilation" in node.attrs else (1, 1)
    extra = node.ints("output_padding") if "output_padding" in node.attrs else (0, 0)
    return node.ints("stride"), node.ints("padding"), dilation, extra


def transposed_params(node: Node, image: Shape, output: Shape, taps: Pair) -> dict[str, int]:
    """Every geometry field for the whole of one dense image (N, H, W, C) -> (N, OH, OW, O)."""
    stride, padding, dilation, _ = attributes(node)
    attrs = {"stride": stride, "padding": padding, "dilation": dilation}
    plain = Node(node.name, node.op, node.inputs, node.outputs, attrs)
    return window_params(plain, image, output, taps, image[3], output[3])


def spread(x: NDArray[Any], w: NDArray[Any], stride: Pair, dilation: Pair) -> NDArray[Any]:
    """Images (N, H, W, I) under weights (O, KH, KW, I), nothing cut off: (N, FH, FW, O).

    FH = (H - 1) * stride + (KH - 1) * dilation + 1; in the dtype of both.
    """
    (n, height, width, _), (out_c, kh, kw, _) = x.shape, w.shape
    (sh, sw), (dh, dw) = stride, dilation
    shape = (n, (height - 1) * sh + (kh - 1) * dh + 1, (width - 1) * sw + (kw - 1) * dw + 1, out_c)
    full = np.zeros(shape, x.dtype)
    pixels = x.reshape(-1, x.shape[3])
    for i in range(kh):
        for j in range(kw):
            rows = slice(i * dh, i * dh + (height - 1) * sh + 1, sh)
            columns = slice(j * dw, j * dw + (width - 1) * sw + 1, sw)
            full[:, rows, columns] += (pixels @ w[:, i, j].T).reshape(n, height, width, out_c)
    return full


def cropped(full: NDArray[Any], top: int, left: int, size: Pair) -> NDArray[Any]:
    """The part (N, *size, O) of `full` from row `top` and column `left` on, zeros beyond it.

    `top` may be negative.
    """
    n, height, width, channels = full.shape
    part = np.zeros((n, *size, channels), full.dtype)
    first, last = max(top, 0), max(min(top + size[0], height), 0)
    end = min(left + size[1], width)
    if first < last and left < end:
        part[:, first - top : last - top, : end - left] = full[:, first:last, left:end]
    return part


def transposed_sums(x: NDArray[Any], w: NDArray[Any], zx: int, p: Params) -> NDArray[np.int64]:
    """What reaches output rows [row0, row1), without bias: (rows, out_w, O).

    x   flat memory from the image's (ring) start
    w   (O, KH, KW, I)
    """
    first = p["row0"] + p["pad_top"] - (p["kh"] - 1) * p["dil_h"]
    low = max(-(-first // p["stride_h"]), 0)
    high = min((p["row1"] - 1 + p["pad_top"]) // p["stride_h"] + 1, p["in_h"])
    size = (p["row1"] - p["row0"], p["out_w"])
    if low >= high:
        return np.zeros((*size, p["out_c"]), np.int64)
    start = (np.arange(low, high) % p["x_ring"])[:, None] * p["x_row"]
    start = start + np.arange(p["in_w"]) * p["x_pixel"]
    pixels = sliding_window_view(x.reshape(-1), p["in_c"])[start]
    # exact: every partial sum is an integer below 2**53
    values = pixels.astype(np.float64)[None] - zx
    stride, dilation = (p["stride_h"], p["stride_w"]), (p["dil_h"], p["dil_w"])
    full = spread(values, w.astype(np.float64), stride, dilation)
    top = p["row0"] + p["pad_top"] - low * p["stride_h"]
    part: NDArray[np.int64] = cropped(full, top, p["pad_left"], size)[0].astype(np.int64)
    return part
