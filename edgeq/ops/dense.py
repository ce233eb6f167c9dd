"""The call of a fully connected layer, whichever operator asks for it."""

from __future__ import annotations

from edgeq.ir import Tensor
from edgeq.ops.base import Array, Call, View
from edgeq.ops.mac import Mac, zero_points


def dense_call(
    contract: str, x: Tensor, weights: Array, w: Tensor, y: Tensor, mac: Mac, clamp: tuple[int, int]
) -> Call:
    """y[n] = weights @ x[n], for all rows of x that hold as many values as the weights' rows.

    Args:
        contract: one of fc_s8, fc_s16s8, fc_s8zw, fc_s8s4, fc_s16s4.
        x: the input, read as (N, I).
        weights: (O, I) constants of w.
        w: the weights' tensor, for its zero point.
        y: the output, written as (N, O).
        mac: folded biases and factors.
        clamp: the least and the greatest output.
    """
    out_dim, in_dim = weights.shape
    params = {"batch": x.size // in_dim, "in_dim": in_dim, "out_dim": out_dim}
    params |= {"act_min": clamp[0], "act_max": clamp[1], **zero_points(contract, x, w, y)}
    params.pop("zx", None)
    args: dict[str, View | Array] = {"x": View(x.name), "w": weights, "bias": mac.bias}
    args |= {"mult": mac.mult, "shift": mac.shift, "y": View(y.name)}
    return Call(contract, args, params, mac.form, mac.facts)
