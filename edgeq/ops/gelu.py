"""GELU: y = x * (1 + erf(x / sqrt(2))) / 2, or its approximation by tanh."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError
from edgeq.ir import Node, Shape
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.erf import erf
from edgeq.ops.litert_tables import F32, lower_litert
from edgeq.ops.unary import float_of, lower_real, need_int8, same_shape

CUBIC = 0.044715
ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)


@register
class Gelu(Op):
    """y = x * (1 + erf(x / sqrt(2))) / 2.

    With approximate "tanh": y = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2.
    LiteRT's int16 form is refused: the last bits of its table are those of the C library's
    erfcf and tanhf, which differ from machine to machine.
    Source: D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units", 2016.
    """

    name = "gelu"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return same_shape(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = float_of(inputs)
        return ((x * _gates(x, approximate=_by_tanh(node))).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        by_tanh = _by_tanh(node)
        if profile is Profile.LITERT:
            need_int8(node, inputs, profile)
            return lower_litert(node, inputs, outputs, _tanh_f32 if by_tanh else _erf_f32)
        return lower_real(node, inputs, outputs, _gelu_tanh if by_tanh else _gelu)


def _by_tanh(node: Node) -> bool:
    kind = node.attrs.get("approximate", "none")
    if kind not in ("none", "tanh"):
        raise GraphError(f"approximate is {kind!r}, neither 'none' nor 'tanh'", where=node.name)
    return kind == "tanh"


def _gates(x: NDArray[np.float64], approximate: bool) -> NDArray[np.float64]:
    """What x is multiplied by, in [0, 1]."""
    if approximate:
        return 0.5 * (1 + np.tanh(ROOT_TWO_OVER_PI * (x + CUBIC * x**3)))
    return 0.5 * (1 + erf(x * ROOT_HALF))


def _gelu(x: float) -> float:
    return 0.5 * x * math.erfc(-x * ROOT_HALF)


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(ROOT_TWO_OVER_PI * (x + CUBIC * x**3)))


def _erf_f32(x: F32) -> F32:
    gates = np.array([math.erfc(float(v)) for v in x * np.float32(-ROOT_HALF)], np.float32)
    return np.float32(0.5) * x * gates


def _tanh_f32(x: F32) -> F32:
    inner = np.float32(ROOT_TWO_OVER_PI) * (x + np.float32(CUBIC) * x * x * x)
    gates = np.float32(1) + np.tanh(inner.astype(np.float64)).astype(np.float32)
    return np.float32(0.5) * x * gates
