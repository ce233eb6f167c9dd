"""MAX_POOL_2D: the largest pixel of each window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.ir import DType, Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Args, Array, Case, Floats, Inputs, Lowered, Op, Outputs, Params, register
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
class MaxPool2D(Op):
    """y = act(max of the window's pixels that lie inside the image); x is (N, H, W, C)."""

    name = "max_pool_2d"
    contracts = ("maxpool_s8", "maxpool_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return pool_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        best, _ = pool_reference(node, inputs, np.maximum)
        return (activated(node, best),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return pool_calls(node, inputs, outputs, profile, "maxpool", "")

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        best, _ = pool_exact(args["x"], params, np.maximum)
        y = np.clip(best, params["act_min"], params["act_max"])
        return {"y": scatter(args["y"], y, params)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        return pool_cases(DType.INT8 if contract == "maxpool_s8" else DType.INT16, rng)
