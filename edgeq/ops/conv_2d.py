"""CONV_2D: y = activation(conv(x, w) + bias), NHWC images and OHWI weights, with groups."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape, Tensor
from edgeq.numerics.fixed_point import requantize
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
from edgeq.ops.common import activation_range, constant_of, need
from edgeq.ops.dense import dense_call
from edgeq.ops.float_windows import float_convolution
from edgeq.ops.floats import activate, floats
from edgeq.ops.grouped import grouped_convolution
from edgeq.ops.mac import (
    GROUPED,
    Mac,
    bias_of,
    contract_of,
    convolution_reals,
    finish,
    float_bias,
    rounding_of,
    weight_rows,
    zero_points,
)
from edgeq.ops.mac_cases import convolution_cases
from edgeq.ops.mac_far_cases import far_convolutions
from edgeq.ops.window import gather, scatter, window_params, window_size


@register
class Conv2D(Op):
    """y[n][h][w][o] = act(b[o] + sum_{kh,kw,i} x[n][..][..][i] * w[o][kh][kw][i]).

    x is (N, H, W, C), w (O, KH, KW, I) with C = I * groups; group g sees channels
    [g * I, (g + 1) * I) and makes outputs [g * O / groups, (g + 1) * O / groups).
    """

    name = "conv_2d"
    contracts = ("conv2d_s8", "conv2d_s16s8", "conv2d_s8zw", "conv2d_s8s4", "conv2d_s16s4")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        n, _, _, channels = x.shape
        out_c, kh, kw, in_c = w.shape
        if channels % in_c or out_c % (channels // in_c):
            raise GraphError(
                f"{channels} channels do not make groups of {in_c} for {out_c} outputs",
                where=node.name,
            )
        return ((n, *window_size(node, x.shape, (kh, kw)), out_c),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x, w = floats(inputs, 2)
        return (activate(node, float_convolution(node, x, w) + float_bias(inputs)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        (y,) = outputs
        contract = contract_of(node, "conv2d", x, w, y)
        data = constant_of(w, node, "weights")
        out_c, kh, kw, in_c = w.shape
        rows = weight_rows(w, data.reshape(out_c, -1))
        reals = convolution_reals(node, x, w, y, out_c)
        form = rounding_of(inputs, x, profile)
        mac = finish(node, x, y, rows, bias_of(node, inputs, out_c), reals, form)
        lo, hi = activation_range(str(node.attrs["activation"]), y)
        if contract == GROUPED:
            return grouped_convolution(node, x, w, y, mac, (lo, hi))
        if _is_dense(node, x, w, y):
            dense, matrix = contract.replace("conv2d", "fc"), data.reshape(out_c, -1)
            return (dense_call(dense, x, matrix, w, y, mac, (lo, hi)),)
        groups = x.shape[3] // in_c
        params = window_params(node, x.shape, y.shape, (kh, kw), in_c, out_c // groups)
        params |= {"act_min": lo, "act_max": hi, **zero_points(contract, x, w, y)}
        return tuple(
            _call(contract, x.name, y.name, x.size // x.shape[0] * n, y.size // y.shape[0] * n,
                  data, mac, params, g)
            for n in range(x.shape[0]) for g in range(groups)
        )  # fmt: skip

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        zx, zw = params.get("zx", 0), params.get("zw", 0)
        windows = gather(args["x"], params, zx).transpose(0, 1, 3, 4, 2)
        rows, out_w = windows.shape[:2]
        patches = windows.reshape(rows * out_w, -1).astype(np.float64)
        w = args["w"].reshape(params["out_c"], -1).astype(np.float64) - zw
        # exact: every partial sum is an integer below 2**53
        acc = (patches @ w.T).astype(np.int64) + args["bias"]
        v = requantize(acc, args["mult"], args["shift"], form) + params.get("zy", 0)
        y = np.clip(v, params["act_min"], params["act_max"]).reshape(rows, out_w, -1)
        return {"y": scatter(args["y"], y, params)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from convolution_cases(contract, rng)
        yield from far_convolutions(contract, rng)

    @staticmethod
    def macs(node: Node, inputs: Inputs, outputs: Outputs) -> int:
        w = need(inputs[1], node, "weights")
        return prod(outputs[0].shape) * prod(w.shape[1:])


def _is_dense(node: Node, x: Tensor, w: Tensor, y: Tensor) -> bool:
    """Whether the window is the image, so that the layer is a fully connected one."""
    padded = any(node.ints("padding"))
    return not padded and y.shape[1:3] == (1, 1) and x.shape[1:] == w.shape[1:]


def _call(
    contract: str, x: str, y: str, x_at: int, y_at: int, data: Array, mac: Mac,
    params: Params, group: int,
) -> Call:  # fmt: skip
    """The call of one group of one image, which start at elements x_at and y_at."""
    out_c = params["out_c"]
    part = slice(group * out_c, (group + 1) * out_c)
    args: dict[str, View | Array] = {
        "x": View(x, x_at + group * params["in_c"]),
        "w": data[part], "bias": mac.bias[part], "mult": mac.mult[part], "shift": mac.shift[part],
        "y": View(y, y_at + group * out_c),
    }  # fmt: skip
    return Call(contract, args, params, mac.form, mac.facts)
