"""RESIZE_NEAREST_NEIGHBOR: every output pixel is the nearest input pixel."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
    Call,
    Case,
    Floats,
    Inputs,
    Lowered,
    Op,
    Outputs,
    Params,
    View,
    register,
)
from edgeq.ops.common import need, round_away
from edgeq.ops.strided import check_same_scale, present
from edgeq.ops.window import scatter


@register
class ResizeNearestNeighbor(Op):
    """(N, H, W, C) -> (N, *size, C), of any element type."""

    name = "resize_nearest_neighbor"
    contracts = ("resize_nearest_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        n, _, _, c = need(inputs[0], node, "x").shape
        return ((n, *node.ints("size"), c),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        out_h, out_w = node.ints("size")
        row, column = source_indices(node, x.shape[1:3], (out_h, out_w))
        return (np.ascontiguousarray(x[:, row[:, None], column]),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        check_same_scale(node, x, y, profile)
        _, in_h, in_w, c = x.shape
        _, out_h, out_w, _ = y.shape
        row, column = source_indices(node, (in_h, in_w), (out_h, out_w))
        run = c * x.dtype.bytes
        params = {
            "out_w": out_w, "run": run, "row0": 0, "row1": out_h,
            "x_row": in_w * run, "x_pixel": run, "x_ring": in_h,
            "y_row": out_w * run, "y_pixel": run,
        }  # fmt: skip
        images = [(n * prod(x.shape[1:]), n * prod(y.shape[1:])) for n in range(x.shape[0])]
        return tuple(
            Call("resize_nearest_s8", {"x": View(x.name, x_at), "row": row, "column": column,
                                       "y": View(y.name, y_at)}, params)
            for x_at, y_at in images
        )  # fmt: skip

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        row = args["row"][params["row0"] : params["row1"]] % params["x_ring"]
        column = args["column"][: params["out_w"]]
        start = row[:, None] * params["x_row"] + column * params["x_pixel"]
        x = args["x"].reshape(-1).view(np.int8)
        y = args["y"].reshape(-1).copy()
        filled = scatter(y.view(np.int8), sliding_window_view(x, params["run"])[start], params)
        return {"y": filled.view(y.dtype).reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        for in_h, in_w, run, out_h, out_w, gap, ring in (
            (1, 1, 1, 1, 1, 0, 1), (2, 3, 1, 5, 7, 0, 2), (4, 4, 16, 2, 2, 1, 4),
            (5, 2, 33, 3, 9, 2, 3), (3, 7, 8, 6, 4, 0, 3), (2, 2, 15, 4, 4, 3, 1),
        ):  # fmt: skip
            pixel = run + gap
            params = {
                "out_w": out_w, "run": run, "row0": out_h // 3, "row1": out_h,
                "x_row": in_w * pixel + gap, "x_pixel": pixel, "x_ring": ring,
                "y_row": out_w * pixel + gap, "y_pixel": pixel,
            }  # fmt: skip
            args = {
                "x": rng.integers(-128, 128, ring * params["x_row"], np.int8),
                "row": np.sort(rng.integers(0, in_h, out_h, np.int32)),
                "column": rng.integers(0, in_w, out_w, np.int32),
                "y": np.full(out_h * params["y_row"], 77, np.int8),
            }
            yield Case(args, params)


def source_indices(
    node: Node, image: tuple[int, ...], size: tuple[int, int]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Source row of each output row, and source column of each column."""
    align, half = bool(node.attrs["align_corners"]), bool(node.attrs["half_pixel_centers"])
    row, column = (
        [_nearest(i, n_in, n_out, align=align, half=half) for i in range(n_out)]
        for n_in, n_out in zip(image, size, strict=True)
    )
    return np.array(row, np.int32), np.array(column, np.int32)


def _nearest(i: int, n_in: int, n_out: int, *, align: bool, half: bool) -> int:
    """Index in [0, n_in) of output i of n_out, computed in float32 as TensorFlow Lite does."""
    corners = align and n_out > 1
    steps = (n_in - 1, n_out - 1) if corners else (n_in, n_out)
    scale = np.float32(steps[0]) / np.float32(steps[1])
    at = float((np.float32(i) + np.float32(0.5 if half else 0.0)) * scale)
    return min(round_away(at) if align else floor(at), n_in - 1)
