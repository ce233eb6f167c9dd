"""CONV_TRANSPOSE_2D: every input pixel is spread over a window of outputs, which add up."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
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
from edgeq.ops.common import RANGES, activation_range, constant_of, need, quant_of, zero_point_of
from edgeq.ops.floats import activate, floats
from edgeq.ops.mac import (
    bias_of,
    convolution_reals,
    finish,
    float_bias,
    rounding_of,
    zero_points,
)
from edgeq.ops.mac_facts import mac_facts
from edgeq.ops.transposed import (
    attributes,
    cropped,
    output_size,
    spread,
    transposed_params,
    transposed_sums,
)
from edgeq.ops.transposed_cases import transposed_cases
from edgeq.ops.window import scatter

CONTRACTS = {DType.INT8: "conv_transpose2d_s8", DType.INT16: "conv_transpose2d_s16s8"}


@register
class ConvTranspose2D(Op):
    """y[n][h][w][o] = act(b[o] + sum x[n][r][c][i] * w[o][kh][kw][i]).

    The sum runs over i and over all taps with r * stride_h + kh * dil_h - pad_top = h, and
    likewise for columns.  x is (N, H, W, I), w (O, KH, KW, I).
    """

    name = "conv_transpose_2d"
    contracts = ("conv_transpose2d_s8", "conv_transpose2d_s16s8")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        out_c, kh, kw, in_c = w.shape
        if x.shape[3] != in_c:
            raise GraphError(f"weights {w.shape} do not fit {x.shape[3]} channels", where=node.name)
        return ((x.shape[0], *output_size(node, x.shape, (kh, kw)), out_c),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x, w = floats(inputs, 2)
        stride, padding, dilation, _ = attributes(node)
        size = output_size(node, x.shape, (w.shape[1], w.shape[2]))
        full = spread(x, w, (stride[0], stride[1]), (dilation[0], dilation[1]))
        return (activate(node, cropped(full, padding[0], padding[2], size) + float_bias(inputs)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, w, (y,) = need(inputs[0], node, "x"), need(inputs[1], node, "weights"), outputs
        contract = _contract(node, x, w, y)
        data = constant_of(w, node, "weights")
        rows = data.reshape(len(data), -1).astype(np.int64)
        bias = bias_of(node, inputs, len(data))
        reals = convolution_reals(node, x, w, y, len(data))
        # The sum of any subset of taps lies between the ends of all of them: each tap's
        # (x - zx) * w may be zero.
        mac = finish(node, x, y, rows, bias, reals, rounding_of(inputs, x, profile))
        reach = (RANGES[x.dtype][0] - zero_point_of(x), RANGES[x.dtype][1] - zero_point_of(x))
        facts = mac_facts(rows, bias, mac.mult, mac.shift, reach)
        lo, hi = activation_range(str(node.attrs.get("activation", "none")), y)
        params = transposed_params(node, x.shape, y.shape, (w.shape[1], w.shape[2]))
        params |= {"act_min": lo, "act_max": hi, **zero_points(contract, x, w, y)}
        constants: dict[str, View | Array] = {
            "w": data, "bias": bias.astype(mac.bias.dtype), "mult": mac.mult, "shift": mac.shift,
        }  # fmt: skip
        images = [(n * prod(x.shape[1:]), n * prod(y.shape[1:])) for n in range(x.shape[0])]
        return tuple(
            Call(contract, {"x": View(x.name, x_at), **constants, "y": View(y.name, y_at)},
                 params, mac.form, facts)
            for x_at, y_at in images
        )  # fmt: skip

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        w = args["w"].reshape([params[k] for k in ("out_c", "kh", "kw", "in_c")])
        acc = transposed_sums(args["x"], w, params.get("zx", 0), params) + args["bias"]
        v = requantize(acc, args["mult"], args["shift"], form) + params.get("zy", 0)
        y = np.clip(v, params["act_min"], params["act_max"])
        return {"y": scatter(args["y"], y, params)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        return transposed_cases(contract, rng)

    @staticmethod
    def macs(node: Node, inputs: Inputs, outputs: Outputs) -> int:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        return prod(x.shape[:3]) * prod(w.shape)


def _contract(node: Node, x: Tensor, w: Tensor, y: Tensor) -> str:
    """The contract for these dtypes; int4 weights are kept as bytes.

    Raises:
        QuantError: there is none.
    """
    integers = w.dtype in (DType.INT8, DType.INT4) and quant_of(w).group_factors is None
    points = [zero_point_of(w)]
    if x.dtype is DType.INT16:
        points += [zero_point_of(x), zero_point_of(y)]
    if x.dtype is not y.dtype or x.dtype not in CONTRACTS or not integers or any(points):
        raise QuantError(
            f"no integer form for {x.dtype} activations, {w.dtype} weights and {y.dtype} outputs",
            where=node.name,
            why=f"weights need zero point 0 and no groups, int16 needs zero point 0: {points}",
            fix="int8 or int16 activations with int8 or int4 weights per channel",
        )
    return CONTRACTS[x.dtype]
