"""Fixed-point rescaling: splitting a real factor, and the rounding forms that apply it.

A factor is a pair (mult, shift) with real = mult * 2**-shift; `mult` is 0 or in
[2**30, 2**31 - 1] (Q31 mantissa), so TensorFlow Lite's exponent is 31 - shift.  The C twin
of every form is kernels/include/edgeq/fixed_point.h.

Source of the forms: B. Jacob et al., "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2.2 and appendix B.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError

Ints: TypeAlias = NDArray[np.int64]
Like: TypeAlias = int | NDArray[Any]

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
MULT_MIN, MULT_MAX = 2**30, 2**31 - 1
SHIFT_ZERO = 31  # the shift that accompanies mult = 0
SHIFT_MIN, SHIFT_MAX = 1, 62
EXPONENT_MIN, EXPONENT_MAX = -31, 30  # of a factor in [1/2, 1) * 2**exponent
WIDE_MULT_LIMIT = 0x7FFF0000  # from here on the 16-bit mantissa saturates
WIDE_ACC_MAX = 2**47 - 1
WIDE_SHIFT_MIN = 8  # factors of 2**7 and more are outside the wide form's range
FINE_BITS = 25  # further bits of mantissa in the fine form
SHIFT_BITS = 6  # bits of the fine form's shift word that are the shift


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Split a rescale factor into a Q31 mantissa and a right shift.

    real is about mult * 2**-shift; the mantissa is rounded half away from zero.  Factors
    below 2**-32 give (0, 31); factors of 2**30 and more saturate at (2**31 - 1, 1).

    Args:
        real: finite factor >= 0, dimensionless (a ratio of scales).

    Raises:
        QuantError: `real` is negative, infinite or not a number.
    """
    if not math.isfinite(real) or real < 0:
        raise QuantError(f"a rescale factor must be finite and not negative, not {real}")
    if real == 0:
        return 0, SHIFT_ZERO
    fraction, exponent = math.frexp(real)
    mult = math.floor(fraction * 2**31 + 0.5)
    if mult == 2**31:
        mult, exponent = 2**30, exponent + 1
    if exponent < EXPONENT_MIN:
        return 0, SHIFT_ZERO
    if exponent > EXPONENT_MAX:
        return MULT_MAX, SHIFT_MIN
    return mult, 31 - exponent


def quantize_multipliers(reals: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """`quantize_multiplier` of each factor: two int32 arrays of the same shape (C,)."""
    pairs = [quantize_multiplier(float(r)) for r in reals]
    mult, shift = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(mult, np.int32), np.array(shift, np.int32)


def high_mul(a: Like, b: Like) -> Ints:
    """round(a * b / 2**31), int32 operands; ties toward +infinity; saturates at a = b = -2**31.

    The doubling high multiply with rounding (Arm SQRDMULH, gemmlowp's
    SaturatingRoundingDoublingHighMul, which nudges by the sign and truncates: the same).
    """
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    rounded: Ints = np.minimum((product + (1 << 30)) >> 31, INT32_MAX)
    return rounded


def shift_right_away(x: Like, shift: Like) -> Ints:
    """round(x / 2**shift), ties away from zero; shift in [0, 62]."""
    x, shift = np.asarray(x, np.int64), np.asarray(shift, np.int64)
    half = (np.int64(1) << shift) >> 1
    magnitude: Ints = (np.abs(x) + half) >> shift
    return np.where(x < 0, -magnitude, magnitude)


def requantize_double(acc: Like, mult: Like, shift: Like) -> Ints:
    """The two-step form: left shift, `high_mul`, then `shift_right_away`.

    Requires acc << max(0, 31 - shift) within int32 (see `reach`); shift in [1, 62].
    """
    acc, shift = np.asarray(acc, np.int64), np.asarray(shift, np.int64)
    left = np.maximum(31 - shift, 0)
    right = np.maximum(shift - 31, 0)
    return shift_right_away(high_mul(acc << left, mult), right)


def requantize_single(acc: Like, mult: Like, shift: Like) -> Ints:
    """floor(acc * mult / 2**shift + 1/2): one rounding, ties toward +infinity.

    Requires acc within int32 and shift in [1, 62]: the sum stays below 2**63.
    """
    product = np.asarray(acc, np.int64) * np.asarray(mult, np.int64)
    places = np.asarray(shift, np.int64)
    rounded: Ints = (product + (np.int64(1) << (places - 1))) >> places
    return rounded


def wide_factor(mult: int, shift: int) -> tuple[int, int]:
    """The 16-bit factor of the wide form: mantissa in {0} or [2**14, 2**15 - 1], shift less 16."""
    reduced = (mult + (1 << 15)) >> 16 if mult < WIDE_MULT_LIMIT else 0x7FFF
    return reduced, shift - 16


def wide_factors(mult: Like, shift: Like) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """`wide_factor` of each channel: two int32 arrays.

    Raises:
        QuantError: a factor is 2**7 or more.
    """
    mult, shift = np.asarray(mult, np.int64), np.asarray(shift, np.int64) - 16
    if (shift < WIDE_SHIFT_MIN).any():
        raise QuantError(
            "a rescale factor is too large for a 64-bit accumulator",
            why=f"it is about {float((mult * 2.0 ** -(shift + 16)).max()):g}, the limit is 128",
        )
    reduced = np.where(mult < WIDE_MULT_LIMIT, (mult + (1 << 15)) >> 16, 0x7FFF)
    return reduced.astype(np.int32), shift.astype(np.int32)


def requantize_wide(acc: Like, mult: Like, shift: Like) -> Ints:
    """The same as `requantize_single` for an int64 accumulator and a 16-bit mantissa.

    Requires |acc| < 2**47, mult in [0, 2**15 - 1] and shift in [1, 62].
    """
    return requantize_single(acc, mult, shift)


def divide_away(x: Like, n: Like) -> Ints:
    """round(x / n), ties away from zero (odd n have none); n >= 1."""
    x, n = np.asarray(x, np.int64), np.asarray(n, np.int64)
    magnitude = (np.abs(x) + n // 2) // n
    return np.asarray(np.where(x < 0, -magnitude, magnitude), np.int64)


def divide_up(x: Like, n: Like) -> Ints:
    """floor((x + floor(n / 2)) / n): ties toward +infinity; n >= 1."""
    x, n = np.asarray(x, np.int64), np.asarray(n, np.int64)
    return np.asarray((x + n // 2) // n, np.int64)


DIVISIONS: dict[str, Callable[[Like, Like], Ints]] = {"away": divide_away, "up": divide_up}


def divide(x: Like, n: Like, form: str) -> Ints:
    """The quotient x / n in the rounding form named `form`: "away" or "up"."""
    return DIVISIONS[form](x, n)


def requantize_fine(acc: Like, mult: Like, shift: Like) -> Ints:
    """`requantize_single` with a mantissa of 56 bits.

    The low 6 bits of `shift` are the shift, in [1, 62]; the 25 bits above them continue the
    mantissa below `mult`.  Requires acc within int32.
    """
    acc, word = np.asarray(acc, np.int64), np.asarray(shift, np.int64)
    places, extra = word & ((1 << SHIFT_BITS) - 1), word >> SHIFT_BITS
    product = acc * np.asarray(mult, np.int64) + ((acc * extra) >> FINE_BITS)
    rounded: Ints = (product + (np.int64(1) << (places - 1))) >> places
    return rounded


FORMS: dict[str, Callable[[Like, Like, Like], Ints]] = {
    "double": requantize_double,
    "single": requantize_single,
    "wide": requantize_wide,
    "fine": requantize_fine,
}


def requantize(acc: Like, mult: Like, shift: Like, form: str) -> Ints:
    """Apply (mult, shift) to `acc` in the rounding form named `form`."""
    return FORMS[form](acc, mult, shift)
