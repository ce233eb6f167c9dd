"""Sliding windows over images: output sizes, the geometry fields of a contract, gather and scatter.

A spatial contract computes output rows [row0, row1) of one image that lies strided in memory,
its input rows perhaps in a ring; what lies outside the image counts as one given value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.ops.base import Params


def window_size(node: Node, image: Shape, taps: tuple[int, int]) -> tuple[int, int]:
    """Output (height, width) of windows of `taps` over an image (N, H, W, C).

    Reads the attributes stride and padding (top, bottom, left, right), and dilation if any.
    """
    stride, padding = node.ints("stride"), node.ints("padding")
    dilation = node.ints("dilation") if "dilation" in node.attrs else (1, 1)
    sizes = []
    for axis in range(2):
        before, after = padding[2 * axis : 2 * axis + 2]
        room = image[1 + axis] + before + after - (taps[axis] - 1) * dilation[axis] - 1
        if room < 0 or stride[axis] < 1:
            raise GraphError(
                f"a window of {taps} does not fit an image of {image[1:3]}",
                where=node.name,
                why=f"stride {stride}, dilation {dilation}, padding {padding}",
            )
        sizes.append(room // stride[axis] + 1)
    return sizes[0], sizes[1]


def window_params(
    node: Node, image: Shape, output: Shape, taps: tuple[int, int], in_c: int, out_c: int
) -> dict[str, int]:
    """Every geometry field for the whole of one dense image (N, H, W, C) -> (N, OH, OW, CO).

    in_c and out_c are the channels that the call sees, which a group makes fewer than C and CO.
    """
    stride, padding, dilation = (node.ints(k) for k in ("stride", "padding", "dilation"))
    _, in_h, in_w, x_pixel = image
    _, out_h, out_w, y_pixel = output
    return {
        "in_h": in_h, "in_w": in_w, "in_c": in_c, "out_w": out_w, "out_c": out_c,
        "kh": taps[0], "kw": taps[1], "stride_h": stride[0], "stride_w": stride[1],
        "dil_h": dilation[0], "dil_w": dilation[1], "pad_top": padding[0], "pad_left": padding[2],
        "row0": 0, "row1": out_h, "x_row": in_w * x_pixel, "x_pixel": x_pixel, "x_ring": in_h,
        "y_row": out_w * y_pixel, "y_pixel": y_pixel,
    }  # fmt: skip


def gather(x: NDArray[Any], p: Params, outside: int) -> NDArray[Any]:
    """The windows of output rows [row0, row1): a view (rows, out_w, in_c, kh, kw).

    x        flat memory from the image's (ring) start
    outside  the value of taps that lie outside the image
    """
    top = p["row0"] * p["stride_h"] - p["pad_top"]
    height = (p["row1"] - p["row0"] - 1) * p["stride_h"] + (p["kh"] - 1) * p["dil_h"] + 1
    width = (p["out_w"] - 1) * p["stride_w"] + (p["kw"] - 1) * p["dil_w"] + 1
    rows = np.arange(max(top, 0), max(min(top + height, p["in_h"]), 0))
    columns = np.arange(min(max(width - p["pad_left"], 0), p["in_w"]))
    padded = np.full((height, width, p["in_c"]), outside, x.dtype)
    if len(rows) and len(columns):
        start = (rows % p["x_ring"])[:, None] * p["x_row"] + columns * p["x_pixel"]
        inside = sliding_window_view(x.reshape(-1), p["in_c"])[start]
        at = rows[0] - top
        left = p["pad_left"]
        padded[at : at + len(rows), left : left + len(columns)] = inside
    spans = ((p["kh"] - 1) * p["dil_h"] + 1, (p["kw"] - 1) * p["dil_w"] + 1)
    every = sliding_window_view(padded, spans, axis=(0, 1))
    strided = every[:: p["stride_h"], :: p["stride_w"]]
    return strided[..., :: p["dil_h"], :: p["dil_w"]]


def scatter(y: NDArray[Any], values: NDArray[Any], p: Params) -> NDArray[Any]:
    """A copy of `y` with rows [row0, row1) set to values (rows, out_w, out_c); gaps keep theirs."""
    out = y.reshape(-1).copy()
    rows = np.arange(p["row0"], p["row1"])
    start = rows[:, None] * p["y_row"] + np.arange(p["out_w"]) * p["y_pixel"]
    sliding_window_view(out, values.shape[-1], writeable=True)[start] = values
    return out.reshape(y.shape)
