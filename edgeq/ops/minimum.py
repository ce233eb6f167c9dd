"""MINIMUM: y = min(a, b), broadcast."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.ir import Node, Shape
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
from edgeq.ops.broadcast import gather, put
from edgeq.ops.floats import floats
from edgeq.ops.maximum import Maximum, comparison_cases, lower_comparison


@register
class Minimum(Op):
    """y = min(a, b), broadcast."""

    name = "minimum"
    contracts = ("min_s8", "min_s16")

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return Maximum.infer(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        a, b = floats(inputs, 2)
        return (np.minimum(a, b),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        return lower_comparison(node, inputs, outputs, profile, "min")

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        a, b = gather(args["a"], params, "a"), gather(args["b"], params, "b")
        return {"y": put(args["y"], np.minimum(a, b))}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from comparison_cases(contract, rng)
