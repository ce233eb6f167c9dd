"""DEPTHWISE_CONV_2D: every input channel is convolved by itself, `multiplier` times."""

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
from edgeq.ops.common import activation_range, constant_of, need, zero_point_of
from edgeq.ops.float_windows import float_depthwise
from edgeq.ops.floats import activate, floats
from edgeq.ops.mac import (
    Mac,
    bias_of,
    contract_of,
    convolution_reals,
    finish,
    float_bias,
    wide_if_int16,
    zero_points,
)
from edgeq.ops.mac_cases import depthwise_cases
from edgeq.ops.window import gather, scatter, window_params, window_size


@register
class DepthwiseConv2D(Op):
    """y[n][h][w][c * M + m] = act(b[..] + sum_{kh,kw} x[n][..][..][c] * w[0][kh][kw][c * M + m]).

    x is (N, H, W, C), w (1, KH, KW, O) with O = C * M.  With C = 1 and M > 1 all outputs see the
    same pixels: that is a convolution, and lowered to one.
    """

    name = "depthwise_conv_2d"
    contracts = (
        "depthwise_s8", "depthwise_s16s8", "depthwise_s8zw", "depthwise_s8s4", "depthwise_s16s4",
    )  # fmt: skip

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        n, _, _, channels = x.shape
        one, kh, kw, out_c = w.shape
        if one != 1 or out_c % channels:
            raise GraphError(
                f"weights {w.shape} are not (1, KH, KW, {channels} * multiplier)", where=node.name
            )
        return ((n, *window_size(node, x.shape, (kh, kw)), out_c),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x, w = floats(inputs, 2)
        return (activate(node, float_depthwise(node, x, w) + float_bias(inputs)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        (y,) = outputs
        _, kh, kw, out_c = w.shape
        dense = x.shape[3] == 1 < out_c
        contract = contract_of(node, "conv2d" if dense else "depthwise", x, w, y)
        data = constant_of(w, node, "weights").reshape(kh, kw, out_c)
        rows = data.reshape(-1, out_c).T.astype(np.int64) - zero_point_of(w)
        reals = convolution_reals(node, x, w, y, out_c)
        form = wide_if_int16(x, profile)
        mac = finish(node, x, y, rows, bias_of(node, inputs, out_c), reals, form)
        lo, hi = activation_range(str(node.attrs["activation"]), y)
        params = window_params(node, x.shape, y.shape, (kh, kw), x.shape[3], out_c)
        if dense:
            data = np.ascontiguousarray(data.transpose(2, 0, 1))[..., None]
        else:
            params["multiplier"] = params.pop("out_c") // x.shape[3]
        params |= {"act_min": lo, "act_max": hi, **zero_points(contract, x, w, y)}
        return _calls(contract, x, y, data, mac, params)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        windows = gather(args["x"], params, params.get("zx", 0))
        kh, kw, multiplier = params["kh"], params["kw"], params["multiplier"]
        dtype = np.int64 if args["bias"].dtype == np.int64 else np.int32
        w = args["w"].reshape(kh, kw, -1).astype(dtype) - params.get("zw", 0)
        acc = np.zeros((*windows.shape[:2], w.shape[2]), dtype) + args["bias"]
        for r in range(kh):
            for c in range(kw):
                x = windows[..., r, c].astype(dtype)
                acc += np.repeat(x, multiplier, axis=2) * w[r, c] if multiplier > 1 else x * w[r, c]
        v = requantize(acc, args["mult"], args["shift"], form) + params.get("zy", 0)
        return {"y": scatter(args["y"], np.clip(v, params["act_min"], params["act_max"]), params)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        return depthwise_cases(contract, rng)

    @staticmethod
    def macs(node: Node, inputs: Inputs, outputs: Outputs) -> int:
        w = need(inputs[1], node, "weights")
        return prod(outputs[0].shape) * w.shape[1] * w.shape[2]


def _calls(
    contract: str, x: Tensor, y: Tensor, data: Array, mac: Mac, params: Params
) -> tuple[Call, ...]:
    """One call for each image of the batch."""
    args: dict[str, View | Array] = {"w": data, "bias": mac.bias, "mult": mac.mult}
    args["shift"] = mac.shift
    sizes = prod(x.shape[1:]), prod(y.shape[1:])
    return tuple(
        Call(
            contract,
            {"x": View(x.name, n * sizes[0]), **args, "y": View(y.name, n * sizes[1])},
            params,
            mac.form,
            mac.facts,
        )
        for n in range(x.shape[0])
    )
