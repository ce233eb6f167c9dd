"""AVERAGE_POOL_2D: the mean of each window, divided by the pixels inside the image."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.ir import DType, Node, Shape
from edgeq.numerics.fixed_point import divide
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Args, Array, Case, Floats, Inputs, Lowered, Op, Outputs, Params, register
from edgeq.ops.common import need
from edgeq.ops.pooling import (
    activated,
    pool_calls,
    pool_cases,
    pool_exact,
    pool_reference,
    pool_shape,
)
from edgeq.ops.window import scatter


@register
class AveragePool2D(Op):
    """y = act(mean of the window's pixels that lie inside the image); x is (N, H, W, C).

    Ties are rounded away from zero, or toward +infinity in what was a uint8 model (attribute
    legacy_uint8), under every profile.
    """

    name = "average_pool_2d"
    contracts = ("avgpool_s8", "avgpool_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return pool_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        total, count = pool_reference(node, inputs, np.add)
        return (activated(node, total / count),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        short = need(inputs[0], node, "x").dtype is DType.INT16
        form = "" if short else "up" if node.attrs.get("legacy_uint8") else "away"
        return pool_calls(node, inputs, outputs, profile, "avgpool", form)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        total, count = pool_exact(args["x"], params, np.add)
        y = np.clip(divide(total, count, form or "away"), params["act_min"], params["act_max"])
        return {"y": scatter(args["y"], y, params)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        return pool_cases(DType.INT8 if contract == "avgpool_s8" else DType.INT16, rng)
