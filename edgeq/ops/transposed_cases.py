"""Arguments worth trying on transposed convolutions, the ugliest legal ones included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ops.base import Case
from edgeq.ops.mac_cases import (
    X_RANGE,
    draw_factors,
    draw_inputs,
    draw_weights,
    weight_limit,
    wide_case,
)
from edgeq.ops.mac_facts import mac_facts
from edgeq.ops.transposed import transposed_sums

SHAPES: tuple[dict[str, int], ...] = (
    {"in_h": 1, "in_w": 1, "in_c": 1, "out_c": 1},
    {"in_h": 2, "in_w": 3, "in_c": 7, "out_c": 5, "kh": 2, "kw": 2, "stride_h": 2, "stride_w": 2},
    {"in_h": 3, "in_w": 5, "in_c": 8, "out_c": 8, "kh": 3, "kw": 3, "stride_h": 2, "stride_w": 2,
     "pad": 1, "x_gap": 3, "y_gap": 2},
    {"in_h": 4, "in_w": 2, "in_c": 15, "out_c": 9, "kh": 4, "kw": 4, "stride_h": 2, "stride_w": 2,
     "pad": 1, "row0": 2, "row1": 5},
    {"in_h": 3, "in_w": 3, "in_c": 16, "out_c": 16, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 2, "in_w": 3, "in_c": 33, "out_c": 7, "kh": 2, "kw": 3, "stride_h": 3, "stride_w": 1,
     "more": 1},
    {"in_h": 3, "in_w": 4, "in_c": 3, "out_c": 8, "kh": 3, "kw": 2, "stride_h": 1, "stride_w": 5,
     "dil_h": 2, "dil_w": 3, "pad": 2, "x_gap": 1},
    {"in_h": 3, "in_w": 3, "in_c": 4, "out_c": 5, "kh": 3, "kw": 3, "stride_h": 2, "stride_w": 4,
     "dil_h": 3, "dil_w": 2, "pad": 1, "y_gap": 1},
    {"in_h": 9, "in_w": 3, "in_c": 17, "out_c": 6, "kh": 4, "kw": 3, "stride_h": 2, "stride_w": 1,
     "pad": 1, "x_ring": 3, "row0": 7, "row1": 9},
    {"in_h": 8, "in_w": 2, "in_c": 5, "out_c": 3, "kh": 5, "kw": 1, "x_ring": 6, "row0": 6,
     "row1": 8, "x_gap": 2},
    {"in_h": 1, "in_w": 2, "in_c": 2, "out_c": 9, "kh": 2, "kw": 2, "stride_h": 2, "stride_w": 2,
     "pad": 1, "more": 3},
    {"in_h": 2, "in_w": 2, "in_c": 65, "out_c": 12, "kh": 5, "kw": 4, "stride_h": 3, "stride_w": 2,
     "pad": 2},
    {"in_h": 2, "in_w": 14, "in_c": 6, "out_c": 27, "kh": 3, "kw": 3, "stride_h": 2, "stride_w": 2,
     "pad": 1, "y_gap": 1},
    {"in_h": 2, "in_w": 9, "in_c": 4, "out_c": 50, "kh": 2, "kw": 2},
    {"in_h": 1, "in_w": 23, "in_c": 5, "out_c": 10, "kh": 1, "kw": 3, "stride_w": 2},
)  # fmt: skip
"""Geometries; `pad` cuts off before, `more` adds behind, `*_gap` widens pixel and row strides."""


def transposed_cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
    """Cases of conv_transpose2d_s8 and conv_transpose2d_s16s8."""
    for index, shape in enumerate(SHAPES):
        p = _geometry(shape)
        x, points = draw_inputs(contract, rng, index, p["x_row"] * p["x_ring"])
        taps = p["kh"] * p["kw"] * p["in_c"]
        w_shape = (p["out_c"], p["kh"], p["kw"], p["in_c"])
        w = draw_weights(rng, w_shape, weight_limit(contract, taps))
        dots = transposed_sums(x, w, points.get("zx", 0), p).reshape(-1, p["out_c"])
        yield from _finish(contract, rng, x, w, dots, p | points)


def _geometry(shape: dict[str, int]) -> dict[str, int]:
    one = ("kh", "kw", "stride_h", "stride_w", "dil_h", "dil_w")
    p = {k: shape[k] for k in ("in_h", "in_w", "in_c")} | {"out_w": 0, "out_c": shape["out_c"]}
    pad, more = shape.get("pad", 0), shape.get("more", 0)
    p |= {k: shape.get(k, 1) for k in one} | {"pad_top": pad, "pad_left": pad}
    out_h = (p["in_h"] - 1) * p["stride_h"] + (p["kh"] - 1) * p["dil_h"] + 1 - 2 * pad + more
    p["out_w"] = (p["in_w"] - 1) * p["stride_w"] + (p["kw"] - 1) * p["dil_w"] + 1 - 2 * pad + more
    p |= {"row0": shape.get("row0", 0), "row1": shape.get("row1", out_h)}
    x_gap, y_gap = shape.get("x_gap", 0), shape.get("y_gap", 0)
    x_pixel, y_pixel = p["in_c"] + x_gap, p["out_c"] + y_gap
    p |= {"x_row": p["in_w"] * x_pixel + x_gap, "x_pixel": x_pixel}
    p |= {"x_ring": shape.get("x_ring", p["in_h"])}
    return p | {"y_row": p["out_w"] * y_pixel + y_gap, "y_pixel": y_pixel}


def _finish(
    contract: str, rng: np.random.Generator, x: NDArray[Any], w: NDArray[np.int8],
    dots: NDArray[np.int64], p: dict[str, int],
) -> Iterator[Case]:  # fmt: skip
    """Biases and factors for the sums `dots` (pixels, O); x counts less its zero point."""
    wide, rows = "s16" in contract, w.reshape(len(w), -1).astype(np.int64)
    zx = p.get("zx", 0)
    lo, hi = X_RANGE[x.dtype]
    reach = (lo - zx, hi - zx)
    bias, mult, shift = draw_factors(rng, (reach[0], max(reach[1], 1)), rows, dots)
    y = rng.integers(-100, 100, p["y_row"] * p["row1"]).astype(x.dtype)
    facts = mac_facts(rows, bias, mult, shift, reach)
    bias = bias.astype(np.int64 if wide else np.int32)
    args = {"x": x, "w": w, "bias": bias, "mult": mult, "shift": shift, "y": y}
    yield Case(args, p, facts, ("double", "single") if wide else ())
    if wide:
        yield wide_case(args, rows, p)
        yield wide_case(args, rows, p, tame=True)
