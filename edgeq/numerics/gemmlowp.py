"""Fixed-point exp, 1 / (1 + x), logistic and tanh on 32-bit integers, as gemmlowp defines them.

A number "Qm" has m integer bits: real = raw * 2**-(31 - m), raw an int32.  Everything here is
vectorized over int64 arrays that hold int32 values.  The C kernels hold what depends on run
time values alone (the reciprocal, kernels/include/edgeq/reciprocal.h); the rest becomes tables.

Source of the algorithms: gemmlowp, fixedpoint/fixedpoint.h: exp by a Taylor polynomial around
-1/8 and a product of exp(-2**k), reciprocals by three Newton-Raphson steps from 48/17 - 32/17 d.
"""

from __future__ import annotations

import numpy as np

from edgeq.numerics.fixed_point import INT32_MAX, INT32_MIN, Ints, high_mul, shift_right_away

ONE_Q0 = INT32_MAX
ONE_Q2 = 1 << 29
EXP_MINUS_ONE_EIGHTH = 1895147668
ONE_THIRD = 715827883
EXP_MINUS_POWERS = (
    (-2, 1672461947), (-1, 1302514674), (0, 790015084), (1, 290630308),
    (2, 39332535), (3, 720401), (4, 242),
)  # fmt: skip
"""(k, exp(-2**k) in Q0)."""
C48_OVER_17 = 1515870810
CNEG32_OVER_17 = -1010580540


def exp_on_negative_values(a: Ints, integer_bits: int) -> Ints:
    """exp(a) in Q0 for a <= 0 in Q`integer_bits`, at most 5; exp(0) is 2**31 - 1."""
    fraction_bits = 31 - integer_bits
    quarter = np.int64(1) << (fraction_bits - 2)
    remainder = (a & (quarter - 1)) - quarter
    result = _exp_in_last_quarter(remainder << integer_bits)
    whole = remainder - a
    for exponent, factor in EXP_MINUS_POWERS:
        if exponent < integer_bits:
            bit = np.int64(1) << (fraction_bits + exponent)
            result = np.where(whole & bit, high_mul(result, factor), result)
    return np.where(a == 0, ONE_Q0, result)


def _exp_in_last_quarter(a: Ints) -> Ints:
    """exp(a) in Q0 for a in [-1/4, 0) in Q0."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    tail = high_mul(shift_right_away(x4, 2) + x3, ONE_THIRD) + x2
    return EXP_MINUS_ONE_EIGHTH + high_mul(EXP_MINUS_ONE_EIGHTH, x + shift_right_away(tail, 1))


def _two_over_one_plus(a: Ints) -> Ints:
    """2 / (1 + a) in Q2 for a in [0, 1] in Q0."""
    half_denominator = (a + ONE_Q0 + 1) >> 1
    x = C48_OVER_17 + high_mul(half_denominator, CNEG32_OVER_17)
    for _ in range(3):
        error = ONE_Q2 - high_mul(half_denominator, x)
        x = x + saturate(high_mul(x, error) << 2)
    return x


def saturate(x: Ints) -> Ints:
    """`x` clamped to int32."""
    return np.clip(x, INT32_MIN, INT32_MAX)


def one_over_one_plus_x(a: Ints) -> Ints:
    """1 / (1 + a) in Q0 for a in [0, 1] in Q0."""
    return saturate(_two_over_one_plus(a) << 1)


def reciprocal(x: Ints, integer_bits: int) -> tuple[Ints, Ints]:
    """1 / x for x > 0 in Q`integer_bits`: (r in Q0, bits) with 1 / x = r * 2**-bits."""
    zeros = np.int64(32) - np.frexp(x.astype(np.float64))[1]
    return one_over_one_plus_x((x << zeros) - (np.int64(1) << 31)), integer_bits - zeros


def logistic(a: Ints, integer_bits: int) -> Ints:
    """1 / (1 + exp(-a)) in Q0 for a in Q`integer_bits`, at most 5."""
    positive = one_over_one_plus_x(exp_on_negative_values(-np.abs(a), integer_bits))
    result = np.where(a > 0, positive, ONE_Q0 - positive)
    return np.where(a == 0, 1 << 30, result)


def tanh(a: Ints, integer_bits: int) -> Ints:
    """The hyperbolic tangent of a in Q0, for a in Q`integer_bits`, at most 4."""
    power = exp_on_negative_values(-np.abs(a), integer_bits + 1)
    magnitude = saturate((_two_over_one_plus(power) - ONE_Q2) << 2)
    return np.where(a == 0, 0, np.where(a < 0, -magnitude, magnitude))
