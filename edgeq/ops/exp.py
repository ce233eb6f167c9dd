"""EXP: y = exp(x), and the contract of every interpolated int16 function."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Args, Array, Case, Floats, Inputs, Lowered, Op, Outputs, Params, register
from edgeq.ops.floats import floats
from edgeq.ops.litert_tables import lower_litert
from edgeq.ops.tables import exp_f32
from edgeq.ops.unary import lookup16_cases, lookup16_exact, lower_real, safe_exp, same_shape


@register
class Exp(Op):
    """y = exp(x), element by element."""

    name = "exp"
    contracts = ("lookup_s16",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return (exp_f32(x),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        if profile is Profile.LITERT:
            return lower_litert(node, inputs, outputs, exp_f32)
        return lower_real(node, inputs, outputs, safe_exp)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        return lookup16_exact(args, params)

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        yield from lookup16_cases(rng)
