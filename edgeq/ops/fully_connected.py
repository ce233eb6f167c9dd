"""FULLY_CONNECTED: y = activation(x @ w.T + bias)."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import Node, Shape, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, quantize_multipliers, requantize
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args, Array, Call, Case, Floats, Inputs, Lowered, Op, Outputs, Params, View, register,
)  # fmt: skip
from edgeq.ops.common import activation_range, constant_of, need, scale_of, zero_point_of


@register
class FullyConnected(Op):
    """y[n][o] = act(b[o] + sum_i x[n][i] * w[o][i]); x is seen as (N, I)."""

    name = "fully_connected"
    contracts = ("fc_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        out_dim, in_dim = w.shape
        if x.size % in_dim:
            raise GraphError(f"{x.size} values do not split into rows of {in_dim}", where=node.name)
        if node.attrs.get("keep_num_dims"):
            return ((*x.shape[:-1], out_dim),)
        return ((x.size // in_dim, out_dim),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        raise NotImplementedError

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        (y,) = outputs
        weights = constant_of(w, node, "weights").astype(np.int64)
        bias = np.zeros(w.shape[0], np.int64)
        if len(inputs) > 2 and inputs[2] is not None:
            bias = constant_of(inputs[2], node, "bias").astype(np.int64)
        folded = bias - zero_point_of(x) * weights.sum(axis=1)
        worst = int((np.abs(folded) + 128 * np.abs(weights).sum(axis=1)).max())
        if worst > INT32_MAX:
            raise QuantError(f"accumulator may reach {worst}", where=node.name)
        mult, shift = _factors(x, w, y)
        lo, hi = activation_range(str(node.attrs["activation"]), y)
        params = {"batch": x.size // w.shape[1], "in_dim": w.shape[1], "out_dim": w.shape[0],
                  "zy": zero_point_of(y), "act_min": lo, "act_max": hi}  # fmt: skip
        args = {"x": View(x.name), "w": weights.astype(np.int8), "bias": folded.astype(np.int32),
                "mult": mult, "shift": shift, "y": View(y.name)}  # fmt: skip
        facts = {"acc_bits": worst.bit_length() + 1}
        return (Call("fc_s8", args, params, profile.rounding, facts),)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        n, i, o = params["batch"], params["in_dim"], params["out_dim"]
        x = args["x"].reshape(-1)[: n * i].reshape(n, i).astype(np.float64)
        # exact: every partial sum is an integer below 2**53
        acc = (x @ args["w"].reshape(o, i).T.astype(np.float64)).astype(np.int64) + args["bias"]
        v = requantize(acc, args["mult"], args["shift"], form) + params["zy"]
        y = args["y"].reshape(-1).copy()
        y[: n * o] = np.clip(v, params["act_min"], params["act_max"]).reshape(-1)
        return {"y": y.reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        for n, i, o in ((1, 1, 1), (1, 7, 5), (2, 16, 3), (1, 64, 12), (3, 33, 17), (1, 130, 4)):
            x = rng.integers(-128, 128, (n, i), np.int8)
            w = rng.integers(-128, 128, (o, i), np.int8)
            bias = rng.integers(-1000, 1000, o, np.int32)
            mult = rng.integers(2**30, 2**31, o, np.int64).astype(np.int32)
            shift = np.full(o, 31 + 7 + int(np.log2(i + 1)), np.int32)
            bias[0], mult[0], shift[0] = -(x[0].astype(np.int64) @ w[0]) + 101, 2**30, 31
            params = {"batch": n, "in_dim": i, "out_dim": o, "zy": int(rng.integers(-9, 9)),
                      "act_min": -128, "act_max": 127}  # fmt: skip
            args = {"x": x, "w": w, "bias": bias, "mult": mult, "shift": shift,
                    "y": np.zeros((n, o), np.int8)}  # fmt: skip
            yield Case(args, params, {"acc_bits": 24})

    @staticmethod
    def macs(node: Node, inputs: Inputs, outputs: Outputs) -> int:
        w = need(inputs[1], node, "weights")
        return prod(outputs[0].shape) * w.shape[1]


def _factors(x: Tensor, w: Tensor, y: Tensor) -> tuple[Array, Array]:
    """(mult, shift) per output channel: scale_x * scale_w[o] / scale_y."""
    if w.quant is None:
        raise QuantError(f"weights {w.name} have no scale")
    scales = np.broadcast_to(w.quant.scale, (w.shape[0],))
    return quantize_multipliers(scale_of(x) * scales / scale_of(y))
