"""What is proved of a multiply-accumulate's constants, for kernels to require."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ops.common import signed_bits

SHIFT_MASK = 63  # the shift of a factor of the form fine, and the whole of any other

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

    Args:
        rows: (O, K) integers, weights less their zero point.
        bias: (O) folded biases.
        mult, shift: (O) as the kernel gets them.
        x_range: the least and the greatest activation.
    """
    lo, hi = x_range
    wide = rows.astype(np.int64)
    positive, negative = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    low, high = positive * lo + negative * hi, positive * hi + negative * lo
    shifts = shift.astype(np.int64) & SHIFT_MASK
    return {
        "acc_bits": _bits(low, high, low + bias, high + bias),
        "dot_bits": _bits(low, high),
        "min_w": int(wide.min(initial=0)),
        "min_shift": int(shifts.min()),
        "max_shift": int(shifts.max()),
        "live_shift": int(shifts.min(initial=SHIFT_MASK, where=np.asarray(mult) != 0)),
    }


def _bits(*sums: Ints) -> int:
    return signed_bits(min(int(s.min()) for s in sums), max(int(s.max()) for s in sums))
