"""SQRT: y = sqrt(x); a quantized x below zero counts as zero."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
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
    register,
)
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.octaves import octaves_cases, octaves_exact
from edgeq.ops.tables import Table, codes, lookup, need_dtypes, saturated
from edgeq.ops.unary import lower_real, need_int8, same_shape


@register
class Sqrt(Op):
    """y = sqrt(x), element by element; NaN below zero in float, 0 in integers."""

    name = "sqrt"
    contracts = ("lookup_octaves_s16",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        with np.errstate(invalid="ignore"):
            return (np.sqrt(x),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        if profile is not Profile.LITERT:
            return lower_real(node, inputs, outputs, lambda x: math.sqrt(max(x, 0.0)))
        need_int8(node, inputs, profile)
        x, (y,) = need(inputs[0], node, "x"), outputs
        need_dtypes(node, x, y, DType.INT8)
        return lookup(x, y, _truncated(x, y))

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        return octaves_exact(args, params)

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from octaves_cases(rng)


def _truncated(x: Tensor, y: Tensor) -> Table:
    """LiteRT's arithmetic: single precision, cut off instead of rounded."""
    values = np.maximum(codes() - zero_point_of(x), 0).astype(np.float32)
    roots = np.sqrt(np.float32(scale_of(x)) * values) / np.float32(scale_of(y))
    return saturated(np.minimum(roots, 512).astype(np.int64) + zero_point_of(y))
