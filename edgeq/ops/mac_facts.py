"""What is proved of a multiply-accumulate's constants, for kernels to require."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.dots import dot_interval
from edgeq.ops.common import signed_bits

SHIFT_MASK = 63  # the shift of a factor of the form fine, and the whole of any other
LANES = 8  # int16 lanes of a vector of 128 bits

Ints = NDArray[Any]


def mac_facts(
    rows: Ints, bias: Ints, mult: Ints, shift: Ints, x_range: tuple[int, int]
) -> Mapping[str, int]:
    """The facts that `@requires` of a multiply-accumulate kernel may name.

    acc_bits              bits that hold every partial sum, in any order, with and without bias
    dot_bits              the same without the bias
    min_w                 the least weight
    min_shift, max_shift  of all channels' factors
    live_shift            the least of factors other than zero
    fours                 greatest sum of |w| of four taps 8 apart, in blocks of 32 taps
    fours_any             the same wherever a block begins

    Args:
        rows: (O, K) integers, weights less their zero point.
        bias: (O) folded biases.
        mult: (O) as the kernel gets it.
        shift: (O) the same.
        x_range: the least and the greatest activation.
    """
    low, high = dot_interval(rows, x_range)
    shifts = shift.astype(np.int64) & SHIFT_MASK
    fours = _fours(rows.astype(np.int64))
    return {
        "acc_bits": _bits(low, high, low + bias, high + bias),
        "dot_bits": _bits(low, high),
        "min_w": int(rows.min(initial=0)),
        "min_shift": int(shifts.min()),
        "max_shift": int(shifts.max()),
        "live_shift": int(shifts.min(initial=SHIFT_MASK, where=np.asarray(mult) != 0)),
        "fours": int(fours[:, np.arange(fours.shape[1]) % (4 * LANES) < LANES].max(initial=0)),
        "fours_any": int(fours.max(initial=0)),
    }


def _fours(rows: Ints) -> Ints:
    """|w| of taps k, k + 8, k + 16 and k + 24 added for every k, (O, K)."""
    taps = rows.shape[1]
    padded = np.pad(np.abs(rows), ((0, 0), (0, 3 * LANES)))
    shifted = [padded[:, at : at + taps] for at in range(0, 4 * LANES, LANES)]
    total: Ints = np.sum(shifted, axis=0)
    return total


def _bits(*sums: Ints) -> int:
    return signed_bits(min(int(s.min()) for s in sums), max(int(s.max()) for s in sums))
