"""RSQRT on int8 as TensorFlow Lite and its Micro edition compute it: Newton's method in Q3.28.

1 / sqrt(n) of an integer n becomes a 32-bit factor, which then is rescaled twice.

Source: GetInvSqrtQuantizedMultiplierExp of TensorFlow Lite's quantization_util, in its steps.
"""

from __future__ import annotations

import numpy as np

from edgeq.ir import Tensor
from edgeq.numerics.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    high_mul,
    quantize_multiplier,
    requantize,
)
from edgeq.ops.common import scale_of, zero_point_of
from edgeq.ops.tables import Table, codes, saturated

FRACTION = 20
"""Bits that the factor keeps between the two rescales."""

THREE_HALVES = 3 << 27
HALF_ROOT_TWO = 1518500250
"""sqrt(2) / 2 in Q0.31."""

STEPS = 5


def rsqrt_table(x: Tensor, y: Tensor) -> Table:
    """All 256 outputs; zero and what lies below it give the largest."""
    factor = 1 / float(np.sqrt(np.float32(scale_of(x))) * np.float32(scale_of(y)))
    values = [int(code) - zero_point_of(x) for code in codes()]
    found = [_rescaled(v, factor) + zero_point_of(y) if v > 0 else 127 for v in values]
    return saturated(np.array(found, np.int64))


def _rescaled(n: int, factor: float) -> int:
    """The product of `factor` and 1 / sqrt(n), rounded twice."""
    inverse, left = inverse_root(n)
    fine = int(requantize(1, inverse, 31 - left - FRACTION, "double"))
    mult, shift = quantize_multiplier(factor)
    return int(requantize(fine, mult, shift + FRACTION, "double"))


def inverse_root(n: int) -> tuple[int, int]:
    """1 / sqrt(n) as (mult, left): about mult * 2**(left - 31); 1 <= n < 2**29."""
    if n == 1:
        return INT32_MAX, 0
    pairs = (31 - n.bit_length()) // 2 - 1
    shift = 11 - pairs
    halved = (n << 2 * pairs) >> 1
    half = (halved + 1) >> 1
    root = 1 << 28
    for _ in range(STEPS):
        cube = _shifted(_mul(_mul(root, root), root), 6)
        root = _shifted(_mul(THREE_HALVES, root) - _mul(half, cube), 3)
    root = _mul(root, HALF_ROOT_TWO)
    return (root << -shift, 0) if shift < 0 else (root, -shift)


def _mul(a: int, b: int) -> int:
    return int(high_mul(a, b))


def _shifted(value: int, left: int) -> int:
    return min(max(value << left, INT32_MIN), INT32_MAX)
