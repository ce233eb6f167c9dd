"""POW: y = x ** exponent for a constant exponent."""

from __future__ import annotations

import math

import numpy as np

from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.unary import float_of, lower_real, number, same_shape


@register
class Pow(Op):
    """y = x ** exponent, element by element.

    Where x is below zero and the exponent no integer, float gives NaN and integers give what
    they give at zero.
    """

    name = "pow"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        with np.errstate(all="ignore"):
            return (np.power(float_of(inputs), number(node, "exponent")).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        exponent = number(node, "exponent")
        return lower_real(node, inputs, outputs, lambda x: _power(x, exponent))


def _power(base: float, exponent: float) -> float:
    """The power base ** exponent in double precision, infinite where a double cannot hold it."""
    if not exponent.is_integer():
        base = max(base, 0.0)
    if base == 0 and exponent < 0:
        return math.inf
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 else math.inf
