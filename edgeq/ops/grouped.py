"""Layers whose int4 weights have a scale for every group of inputs: the contract fc_s8s4g.

A group's scale is its channel's times an integer r in [1, 255], so that an accumulator is
a sum of r times group sums, exact in integers.  Fully connected layers are one call, 1x1
convolutions one for all pixels, or one for each row where they skip pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgeq.ir import Node, Tensor
from edgeq.numerics.fixed_point import requantize
from edgeq.ops.base import Args, Array, Call, Case, Params, View
from edgeq.ops.common import constant_of, quant_of, zero_point_of
from edgeq.ops.mac import GROUPED, Mac
from edgeq.ops.mac_cases import draw_inputs, draw_weights, finish_cases, weight_limit


@dataclass(frozen=True, slots=True, eq=False)
class GroupedLayer:
    """A layer of I inputs and O outputs, ready for calls.

    data     (O, I) weights in [-8, 7]
    factors  (O, G) uint8 in [1, 255]
    group    inputs in a group
    clamp    (act_min, act_max)
    zy       zero point of the output
    """

    data: Array
    factors: Array
    group: int
    mac: Mac
    clamp: tuple[int, int]
    zy: int

    def call(self, x: View, y: View, batch: int, x_step: int, y_step: int) -> Call:
        """The call on `batch` rows, which are x_step and y_step elements apart."""
        out_dim, in_dim = self.data.shape
        params = {
            "batch": batch, "in_dim": in_dim, "out_dim": out_dim, "group": min(self.group, in_dim),
            "x_step": x_step, "y_step": y_step, "zy": self.zy,
            "act_min": self.clamp[0], "act_max": self.clamp[1],
        }  # fmt: skip
        mac = self.mac
        args: dict[str, View | Array] = {"x": x, "w": self.data, "r": self.factors}
        args |= {"bias": mac.bias, "mult": mac.mult, "shift": mac.shift, "y": y}
        return Call(GROUPED, args, params, mac.form, mac.facts)

    def part(self, channels: slice) -> GroupedLayer:
        """The layer of some of the outputs."""
        mac = self.mac
        constants = (mac.bias[channels], mac.mult[channels], mac.shift[channels])
        return replace(
            self, data=self.data[channels], factors=self.factors[channels],
            mac=Mac(*constants, mac.form, mac.facts),
        )  # fmt: skip


def grouped_layer(
    node: Node, w: Tensor, y: Tensor, mac: Mac, clamp: tuple[int, int]
) -> GroupedLayer:
    """The layer of weights `w`, (O, I) or (O, 1, 1, I), which have group factors."""
    quant, data = quant_of(w), constant_of(w, node, "weights").reshape(w.shape[0], -1)
    factors = np.asarray(quant.group_factors).astype(np.uint8)
    return GroupedLayer(data, factors, quant.group_size, mac, clamp, zero_point_of(y))


def grouped_convolution(
    node: Node, x: Tensor, w: Tensor, y: Tensor, mac: Mac, clamp: tuple[int, int]
) -> tuple[Call, ...]:
    """The calls of a 1x1 convolution without padding, also in groups of channels."""
    layer = grouped_layer(node, w, y, mac, clamp)
    n, in_h, in_w, x_pixel = x.shape
    _, out_h, out_w, y_pixel = y.shape
    stride_h, stride_w = node.ints("stride")
    in_c, parts = w.shape[3], x_pixel // w.shape[3]
    out_c = y_pixel // parts
    runs: list[tuple[int, int, int]] = [(0, 0, n * in_h * in_w)]  # first pixels of x, y; count
    if (stride_h, stride_w) != (1, 1):
        starts = [(i * in_h + r * stride_h, i * out_h + r) for i in range(n) for r in range(out_h)]
        runs = [(x_row * in_w, y_row * out_w, out_w) for x_row, y_row in starts]
    return tuple(
        layer.part(slice(part * out_c, (part + 1) * out_c)).call(
            View(x.name, x_at * x_pixel + part * in_c), View(y.name, y_at * y_pixel + part * out_c),
            count, stride_w * x_pixel, y_pixel,
        )
        for x_at, y_at, count in runs for part in range(parts)
    )  # fmt: skip


def grouped_exact(args: Args, params: Params, form: str) -> dict[str, Array]:
    """What fc_s8s4g returns, to the bit; gaps between rows keep what they hold."""
    n, i, o = params["batch"], params["in_dim"], params["out_dim"]
    rows = np.arange(n)[:, None]
    x = args["x"].reshape(-1)[rows * params["x_step"] + np.arange(i)].astype(np.float64)
    factors = args["r"].reshape(o, -1)[:, np.arange(i) // params["group"]]
    w = args["w"].reshape(o, i).astype(np.float64) * factors
    # exact: every partial sum is an integer below 2**53
    acc = (x @ w.T).astype(np.int64) + args["bias"]
    v = requantize(acc, args["mult"], args["shift"], form) + params["zy"]
    y = args["y"].reshape(-1).copy()
    y[rows * params["y_step"] + np.arange(o)] = np.clip(v, params["act_min"], params["act_max"])
    return {"y": y.reshape(args["y"].shape)}


SHAPES: tuple[dict[str, int], ...] = (
    {"batch": 1, "in_dim": 1, "out_dim": 1, "group": 1},
    {"batch": 1, "in_dim": 7, "out_dim": 5, "group": 3, "y_gap": 1},
    {"batch": 2, "in_dim": 8, "out_dim": 8, "group": 8, "x_gap": 3, "y_gap": 2},
    {"batch": 3, "in_dim": 15, "out_dim": 9, "group": 4, "x_gap": 1},
    {"batch": 2, "in_dim": 16, "out_dim": 16, "group": 2, "x_gap": -5},
    {"batch": 1, "in_dim": 17, "out_dim": 16, "group": 16},
    {"batch": 1, "in_dim": 64, "out_dim": 12, "group": 32, "y_gap": 7},
    {"batch": 4, "in_dim": 33, "out_dim": 17, "group": 32},
    {"batch": 1, "in_dim": 130, "out_dim": 7, "group": 64},
    {"batch": 5, "in_dim": 96, "out_dim": 10, "group": 32, "x_gap": 96},
    {"batch": 2, "in_dim": 31, "out_dim": 8, "group": 15},
    {"batch": 1, "in_dim": 320, "out_dim": 8, "group": 128},
    {"batch": 7, "in_dim": 41, "out_dim": 18, "group": 12, "x_gap": 1, "y_gap": 2},
    {"batch": 3, "in_dim": 1101, "out_dim": 5, "group": 48},
)  # fmt: skip
"""Sizes; `x_gap` and `y_gap` widen the steps from row to row."""


def grouped_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Cases of fc_s8s4g, the factors 1 and 255 among the others."""
    for index, shape in enumerate(SHAPES):
        p = {key: shape[key] for key in ("batch", "in_dim", "out_dim", "group")}
        n, i, o = p["batch"], p["in_dim"], p["out_dim"]
        p |= {"x_step": i + shape.get("x_gap", 0), "y_step": o + shape.get("y_gap", 0)}
        x, points = draw_inputs(GROUPED, rng, index, (n - 1) * p["x_step"] + i)
        points.pop("zx", 0)
        w = draw_weights(rng, (o, i), weight_limit(GROUPED, i))
        r = rng.integers(1, 256, (o, -(-i // p["group"])))
        r[rng.random(r.shape) < 1 / 8] = 1
        r[rng.random(r.shape) < 1 / 8] = 255
        rows = w.astype(np.int64) * r[:, np.arange(i) // p["group"]]
        dots = x[np.arange(n)[:, None] * p["x_step"] + np.arange(i)].astype(np.int64) @ rows.T
        for case in finish_cases(GROUPED, rng, x, w, rows, dots, p | points):
            args = {**case.args, "r": r.astype(np.uint8)}
            yield replace(case, args=args)
