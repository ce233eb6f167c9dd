"""FULLY_CONNECTED: y = activation(x @ w.T + bias)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.dots import dot_interval
from edgeq.numerics.fixed_point import requantize
from edgeq.numerics.profile import Profile
from edgeq.numerics.thresholds import fine_factor, single_factor
from edgeq.ops.base import (
    Args,
    Array,
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
from edgeq.ops.common import RANGES, activation_range, constant_of, need, scale_of, zero_point_of
from edgeq.ops.dense import dense_call
from edgeq.ops.floats import activate, floats
from edgeq.ops.grouped import grouped_cases, grouped_exact, grouped_layer
from edgeq.ops.mac import (
    GROUPED,
    Mac,
    Rows,
    bias_of,
    contract_of,
    finish,
    float_bias,
    fold,
    need_int32,
    prove,
    rounding_of,
    weight_rows,
    weight_scales,
)
from edgeq.ops.mac_cases import fc_cases
from edgeq.ops.mac_far_cases import far_layers

Find = Callable[[float, int, int, tuple[int, int]], tuple[int, int] | None]


@register
class FullyConnected(Op):
    """y[n][o] = act(b[o] + sum_i x[n][i] * w[o][i]); x is seen as (N, I).

    LiteRT's reference kernel rescales in double precision; under its profile the factors are
    proved to give the same bytes for every accumulator that the layer can reach.
    """

    name = "fully_connected"
    contracts = ("fc_s8", "fc_s16s8", "fc_s8zw", "fc_s8s4", "fc_s16s4", GROUPED)

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
        x, w = floats(inputs, 2)
        keep = bool(node.attrs.get("keep_num_dims"))
        rows = x if keep else x.reshape(-1, w.shape[1])
        return (activate(node, rows @ w.T + float_bias(inputs)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
        (y,) = outputs
        contract = contract_of(node, "fc", x, w, y)
        out_dim, in_dim = w.shape
        data = constant_of(w, node, "weights")
        clamp = activation_range(str(node.attrs["activation"]), y)
        mac = _constants(node, inputs, y, weight_rows(w, data), profile, clamp)
        if contract == GROUPED:
            layer, batch = grouped_layer(node, w, y, mac, clamp), x.size // in_dim
            return (layer.call(View(x.name), View(y.name), batch, in_dim, out_dim),)
        return (dense_call(contract, x, data, w, y, mac, clamp),)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        if contract == GROUPED:
            return grouped_exact(args, params, form)
        n, i, o = params["batch"], params["in_dim"], params["out_dim"]
        x = args["x"].reshape(-1)[: n * i].reshape(n, i).astype(np.float64)
        w = args["w"].reshape(o, i).astype(np.float64) - params.get("zw", 0)
        # exact: every partial sum is an integer below 2**53
        acc = (x @ w.T).astype(np.int64) + args["bias"]
        v = requantize(acc, args["mult"], args["shift"], form) + params.get("zy", 0)
        y = args["y"].reshape(-1).copy()
        y[: n * o] = np.clip(v, params["act_min"], params["act_max"]).reshape(-1)
        return {"y": y.reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from grouped_cases(rng) if contract == GROUPED else fc_cases(contract, rng)
        yield from far_layers(contract, rng)

    @staticmethod
    def macs(node: Node, inputs: Inputs, outputs: Outputs) -> int:
        w = need(inputs[1], node, "weights")
        return prod(outputs[0].shape) * w.shape[1]


def _constants(
    node: Node, inputs: Inputs, y: Tensor, rows: Rows, profile: Profile, clamp: tuple[int, int]
) -> Mac:
    """Folded bias, factors and form of the layer under `profile`, with overflow proved absent."""
    x, w = need(inputs[0], node, "x"), need(inputs[1], node, "weights")
    bias = bias_of(node, inputs, len(rows))
    reals = scale_of(x) * weight_scales(w, len(rows)) / scale_of(y)
    if profile is not Profile.LITERT:
        return finish(node, x, y, rows, bias, reals, rounding_of(inputs, x, profile))
    fine = x.dtype is DType.INT16
    folded = fold(x, rows, bias)
    low, high = (folded + end for end in dot_interval(rows, RANGES[x.dtype]))
    need_int32(node, low, high)
    steps = (clamp[0] - zero_point_of(y), clamp[1] - zero_point_of(y))
    mult, shift = _proved(node, reals, low, high, steps, fine_factor if fine else single_factor)
    return prove(node, x, y, rows, folded, mult, shift, "fine" if fine else "single")


def _proved(
    node: Node, reals: Array, low: Rows, high: Rows, steps: tuple[int, int], find: Find
) -> tuple[Array, Array]:
    """(mult, shift) of every channel, equal to rounding in double precision on [low, high].

    Channels of one scale share the factor of the hull of their intervals where it has one.

    Raises:
        QuantError: a channel has none; for int8 its accumulator reaches beyond 2**25 or so.
    """
    found = np.zeros((2, len(reals)), np.int32)
    for real in np.unique(reals):
        same = np.flatnonzero(reals == real)
        shared = find(float(real), int(low[same].min()), int(high[same].max()), steps)
        for o in same:
            factor = shared or find(float(real), int(low[o]), int(high[o]), steps)
            if factor is None:
                raise QuantError(
                    f"channel {o} has no integer factor equal to rounding in double precision",
                    where=node.name,
                    why=f"accumulators in [{low[o]}, {high[o]}], rescaled by {real!r}",
                    fix="take --numerics tflm",
                )
            found[:, o] = factor
    return found[0], found[1]
