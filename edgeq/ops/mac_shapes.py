"""Shapes worth trying on multiply-accumulate kernels: tails, borders, strides, rings, ranges."""

from __future__ import annotations

CONVOLUTIONS: tuple[dict[str, int], ...] = (
    {"in_h": 1, "in_w": 1, "in_c": 1, "out_c": 1},
    {"in_h": 2, "in_w": 3, "in_c": 7, "out_c": 5},
    {"in_h": 3, "in_w": 5, "in_c": 8, "out_c": 8, "x_gap": 3, "y_gap": 2},
    {"in_h": 2, "in_w": 4, "in_c": 15, "out_c": 9},
    {"in_h": 3, "in_w": 3, "in_c": 16, "out_c": 16, "row0": 1, "row1": 2},
    {"in_h": 4, "in_w": 2, "in_c": 33, "out_c": 17, "stride_h": 2, "stride_w": 2},
    {"in_h": 5, "in_w": 6, "in_c": 3, "out_c": 8, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 7, "in_w": 5, "in_c": 3, "out_c": 4, "kh": 3, "kw": 3, "pad": 1, "stride_h": 2,
     "stride_w": 2, "y_gap": 1},
    {"in_h": 9, "in_w": 8, "in_c": 4, "out_c": 5, "kh": 3, "kw": 2, "pad": 2, "dil_h": 3,
     "dil_w": 2, "x_gap": 1},
    {"in_h": 9, "in_w": 4, "in_c": 17, "out_c": 4, "kh": 3, "kw": 3, "pad": 1, "x_ring": 5,
     "row0": 4, "row1": 7},
    {"in_h": 6, "in_w": 5, "in_c": 3, "out_c": 4, "kh": 3, "kw": 3, "pad": 3, "pad_left": 1,
     "dil_h": 2, "x_gap": 2},
    {"in_h": 5, "in_w": 7, "in_c": 4, "out_c": 4, "kh": 2, "kw": 3, "pad": 1, "pad_left": 2,
     "dil_w": 2, "stride_h": 2},
    {"in_h": 12, "in_w": 3, "in_c": 5, "out_c": 3, "kh": 2, "kw": 1, "dil_h": 3, "x_ring": 5,
     "row0": 4, "row1": 6, "x_gap": 2},
    {"in_h": 2, "in_w": 3, "in_c": 16, "out_c": 6, "kh": 5, "kw": 7, "pad": 3},
    {"in_h": 1, "in_w": 9, "in_c": 1, "out_c": 4, "kh": 1, "kw": 8, "pad": 2, "stride_w": 3},
    {"in_h": 3, "in_w": 3, "in_c": 1, "out_c": 4, "kh": 1, "kw": 1, "pad": 1},
    {"in_h": 1, "in_w": 2, "in_c": 2, "out_c": 4, "kh": 2, "kw": 2, "dil_h": 9, "dil_w": 9,
     "pad": 6},
    {"in_h": 4, "in_w": 5, "in_c": 65, "out_c": 12, "kh": 3, "kw": 3, "pad": 1},
)  # fmt: skip
"""Geometries; `pad` pads all sides but for `pad_left`, `*_gap` widens the strides."""


DEPTHWISE: tuple[dict[str, int], ...] = (
    {"in_h": 1, "in_w": 1, "in_c": 1, "multiplier": 1},
    {"in_h": 5, "in_w": 6, "in_c": 7, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 6, "in_w": 5, "in_c": 8, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1,
     "stride_h": 2, "stride_w": 2, "x_gap": 2, "y_gap": 3},
    {"in_h": 4, "in_w": 4, "in_c": 15, "multiplier": 1, "kh": 3, "kw": 3},
    {"in_h": 3, "in_w": 4, "in_c": 16, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 5, "in_w": 3, "in_c": 33, "multiplier": 1, "kh": 5, "kw": 3, "pad": 2, "row0": 1,
     "row1": 4},
    {"in_h": 4, "in_w": 5, "in_c": 1, "multiplier": 8, "kh": 4, "kw": 3, "pad": 1},
    {"in_h": 3, "in_w": 3, "in_c": 5, "multiplier": 3, "kh": 2, "kw": 2, "y_gap": 1},
    {"in_h": 9, "in_w": 7, "in_c": 4, "multiplier": 2, "kh": 3, "kw": 3, "pad": 2, "dil_h": 2,
     "dil_w": 3, "x_gap": 1},
    {"in_h": 9, "in_w": 4, "in_c": 17, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1, "x_ring": 5,
     "row0": 4, "row1": 7},
    {"in_h": 6, "in_w": 5, "in_c": 3, "multiplier": 2, "kh": 3, "kw": 3, "pad": 3,
     "pad_left": 1, "dil_h": 2},
    {"in_h": 5, "in_w": 7, "in_c": 4, "multiplier": 1, "kh": 2, "kw": 3, "pad": 1,
     "pad_left": 2, "dil_w": 2, "stride_h": 2},
    {"in_h": 2, "in_w": 2, "in_c": 6, "multiplier": 1, "kh": 5, "kw": 7, "pad": 3},
    {"in_h": 3, "in_w": 3, "in_c": 4, "multiplier": 1, "pad": 1},
    {"in_h": 1, "in_w": 2, "in_c": 4, "multiplier": 1, "kh": 2, "kw": 2, "dil_h": 9, "dil_w": 9,
     "pad": 6},
    {"in_h": 9, "in_w": 1, "in_c": 12, "multiplier": 1, "kh": 9, "kw": 1},
    {"in_h": 5, "in_w": 6, "in_c": 8, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1, "x_gap": 1,
     "row0": 1, "row1": 5},
    {"in_h": 7, "in_w": 6, "in_c": 24, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1,
     "stride_h": 2, "stride_w": 2},
    {"in_h": 5, "in_w": 6, "in_c": 5, "multiplier": 1, "kh": 5, "kw": 5, "pad": 2},
    {"in_h": 9, "in_w": 7, "in_c": 12, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1, "x_ring": 5,
     "row0": 4, "row1": 7, "x_gap": 1, "y_gap": 3, "full": 1},
    {"in_h": 8, "in_w": 20, "in_c": 4, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1, "full": 1},
    {"in_h": 4, "in_w": 5, "in_c": 9, "multiplier": 1, "kh": 2, "kw": 2, "stride_h": 2,
     "stride_w": 3},
    {"in_h": 15, "in_w": 5, "in_c": 8, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1, "row0": 2,
     "row1": 15, "x_gap": 2, "y_gap": 1, "full": 1},
    {"in_h": 9, "in_w": 13, "in_c": 8, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1,
     "stride_h": 2, "stride_w": 2, "y_gap": 2, "full": 1},
    {"in_h": 7, "in_w": 2, "in_c": 4, "multiplier": 1, "kh": 3, "kw": 3, "pad": 2, "full": 1},
    {"in_h": 9, "in_w": 11, "in_c": 8, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1,
     "stride_h": 2, "stride_w": 2, "x_ring": 5, "row0": 2, "row1": 4, "full": 1},
    {"in_h": 8, "in_w": 8, "in_c": 4, "multiplier": 1, "kh": 3, "kw": 3, "stride_h": 2,
     "stride_w": 2, "row1": 4, "x_gap": 1, "full": 1},
)  # fmt: skip
"""The same with a multiplier; `full` leaves the clamp to the range of int8."""


FULLY_CONNECTED = (
    (1, 1, 1), (1, 7, 5), (2, 8, 8), (1, 15, 9), (2, 16, 3), (1, 17, 16), (1, 64, 12), (3, 33, 17),
    (1, 130, 7), (1, 640, 6), (5, 3, 2),
)  # fmt: skip
"""Batch, inputs, outputs."""
