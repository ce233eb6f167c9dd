"""CLIP: y = min(max(x, lo), hi)."""

from __future__ import annotations

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import RANGES, need, round_away, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.requantize import lower_requantize
from edgeq.ops.tables import (
    lookup,
    need_dtypes,
    real_table,
    requantized,
    rescale_factor,
    saturated,
)
from edgeq.ops.unary import same_shape


@register
class Clip(Op):
    """y = min(max(x, lo), hi), element by element; a bound that is infinite or absent is none.

    The runtimes' profiles rescale to y first, then clamp, as QUANTIZE, MAXIMUM and MINIMUM do.
    """

    name = "clip"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,), (lo, hi) = floats(inputs, 1), _bounds(node)
        return (np.clip(x, lo, hi).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,), (lo, hi) = need(inputs[0], node, "x"), outputs, _bounds(node)
        need_dtypes(node, x, y, DType.INT8, DType.INT16)
        if x.dtype is DType.INT8 and profile is Profile.EDGEQ:
            return lookup(x, y, real_table(x, y, lambda v: min(max(v, lo), hi)))
        factor, clamp = rescale_factor(x, y), (_code(y, lo), _code(y, hi))
        if x.dtype is DType.INT8:
            values = saturated(requantized(x, y, factor, profile.rounding))
            return lookup(x, y, np.clip(values, *clamp).astype(np.int8))
        return lower_requantize(node, x, y, factor, clamp, profile.rounding)


def _bounds(node: Node) -> tuple[float, float]:
    """The bounds, lo <= hi; infinite where there is none."""
    lo, hi = node.attrs.get("lo", -np.inf), node.attrs.get("hi", np.inf)
    if not isinstance(lo, int | float) or not isinstance(hi, int | float) or not lo <= hi:
        raise GraphError(f"cannot clip to [{lo}, {hi}]", where=node.name)
    return float(lo), float(hi)


def _code(y: Tensor, bound: float) -> int:
    """The code of y nearest to `bound`, ties away from zero."""
    low, high = RANGES[y.dtype]
    steps = bound / scale_of(y)
    far = high - low
    return min(max(round_away(min(max(steps, -far), far)) + zero_point_of(y), low), high)
