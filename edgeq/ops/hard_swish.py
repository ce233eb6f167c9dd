"""HARD_SWISH: y = x * clamp(x + 3, 0, 6) / 6."""

from __future__ import annotations

import numpy as np

from edgeq.errors import QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.fixed_point import Ints, quantize_multiplier, shift_right_away, wide_factor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.tables import Table, codes, lookup, need_dtypes, saturated
from edgeq.ops.unary import lower_real

HIRES_BITS = 7
THREE_IN_Q15 = np.float32(3.0) / np.float32(32768.0)
INT16_MIN, INT16_MAX = -32768, 32767


@register
class HardSwish(Op):
    """y = x * min(max(x + 3, 0), 6) / 6.

    int16 under the profile edgeq alone: the runtimes have none.
    """

    name = "hard_swish"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return (need(inputs[0], node, "x").shape,)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        (x,) = floats(inputs, 1)
        return ((x * np.clip(x + np.float32(3), 0, 6) / np.float32(6)).astype(np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        x, (y,) = need(inputs[0], node, "x"), outputs
        if profile is Profile.EDGEQ:
            return lower_real(node, inputs, outputs, _hard_swish)
        need_dtypes(node, x, y, DType.INT8)
        return lookup(x, y, _table(node, x, y))


def _hard_swish(x: float) -> float:
    return x * min(max(x + 3.0, 0.0), 6.0) / 6.0


def _table(node: Node, x: Tensor, y: Tensor) -> Table:
    """The runtimes' arithmetic in 16 bits.

    x is widened by seven bits (`hires`), put on the output's scale (`linear`), and multiplied by
    (x + 3) / 6 in [0, 1] (`gate`), the last product rounded toward zero.

    Source: the HardSwish reference kernel of TensorFlow Lite.
    """
    hires_scale = np.float32(1 / 128) * np.float32(scale_of(x))
    mult, exponent = _factor(hires_scale / np.float32(scale_of(y)))
    if exponent > 0:
        raise QuantError(
            f"output scale {scale_of(y)} is too fine", where=node.name,
            why=f"the input's is {scale_of(x)}, more than 128 times as large",
        )  # fmt: skip
    hires = (codes() - zero_point_of(x)) << HIRES_BITS
    linear = _high_mul(hires, mult)
    gate = (_gate(hires, *_factor(hires_scale / THREE_IN_Q15)) + (1 << 15)) >> 1
    product = gate * linear
    truncated = np.sign(product) * (np.abs(product) >> 15)
    return saturated(_shift_right_int16(truncated, -exponent) + zero_point_of(y))


def _factor(real: np.float32) -> tuple[int, int]:
    """`real` = mult * 2**(exponent - 15), mult of 15 bits."""
    mult, shift = wide_factor(*quantize_multiplier(float(real)))
    return mult, 15 - shift


def _gate(hires: Ints, mult: int, exponent: int) -> Ints:
    """X / 3 in Q15, saturated at +-1."""
    if exponent <= 0:
        return shift_right_away(_high_mul(hires, mult), -exponent)
    return _clip16(_high_mul(_clip16(hires << (exponent - 1)), mult) << 1)


def _high_mul(a: Ints, b: int) -> Ints:
    """round(a * b / 2**15) for int16 operands, ties toward +infinity."""
    return (a * b + (1 << 14)) >> 15


def _shift_right_int16(x: Ints, shift: int) -> Ints:
    """round(x / 2**shift), ties away; from 16 up the sign, as the runtimes' 16-bit mask has it."""
    if shift > 15:  # noqa: PLR2004
        return np.where(x < 0, -1, 1)
    return shift_right_away(x, shift)


def _clip16(x: Ints) -> Ints:
    return np.clip(x, INT16_MIN, INT16_MAX)
