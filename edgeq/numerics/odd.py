"""Rescaling of magnitudes by one multiply-add of floats, equal to the integer forms by proof.

A rescale whose ties go away from zero is odd: that of -acc is minus that of acc.  Its steps on
both sides of zero have no offset F in common (fused.py), but those of magnitudes are on one side:

    |y - zy| is the low half of m * (1.5 * 2^23 + |acc| + j) + C, and y - zy has the sign of acc.

The bias stays as it is, and j + 0x4B400000 is added to |acc|.  C follows from j and m, as |y - zy|
is 0 for acc = 0; a kernel makes it when it loads them, with floats that are integers:

    C = 1.5 * 2^23 + 2^23 - t, where t = m * (1.5 * 2^23 + j) + 2^23 is rounded once.

That a rescale is odd is not taken for granted: the steps of both sides are compared.  (`double`
rounds twice, first with ties towards infinity, which shows where its mantissa has few bits.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.fixed_point import requantize
from edgeq.numerics.fused import FORMS, ONE_BITS, REACH, Ints, begins_of, constants_of, in_range


@dataclass(frozen=True, slots=True, eq=False)
class Odd:
    """Constants of every channel.

    turn    int32, what is added to the magnitude of a sum: j + 0x4B400000
    factor  float32, m
    """

    turn: NDArray[np.int32]
    factor: NDArray[np.float32]


def fuse_odd(
    sums: tuple[NDArray[Any], NDArray[Any]],
    mult: NDArray[Any],
    shift: NDArray[Any],
    form: str,
    y_range: tuple[int, int, int],
) -> Odd | None:
    """The constants that give clamp(requantize(acc, mult, shift, form) + zy) to the bit, or None.

    Arguments are those of `fuse`.
    """
    if form not in FORMS:
        return None
    low, high = (np.asarray(a, np.int64) for a in sums)
    reach = np.maximum(np.abs(low), np.abs(high))
    keys = (np.ascontiguousarray(a, np.int64).tobytes() for a in (reach, mult, shift))
    zy, act_min, act_max = y_range
    return _fuse_odd(*keys, form, max(act_max - zy, zy - act_min))


@lru_cache(maxsize=1024)
def _fuse_odd(reach: bytes, mult: bytes, shift: bytes, form: str, most: int) -> Odd | None:
    """The same where |acc| is at most `reach`, and |y - zy| beyond `most` is the clamp's."""
    far, m, s = (np.frombuffer(raw, np.int64) for raw in (reach, mult, shift))
    live = m != 0
    if (far >= 2 * REACH).any() or not in_range(s[live]):
        return None
    turn, factor = np.full(len(m), -REACH), np.zeros(len(m))
    if live.any():
        found = _channels(far[live], m[live], s[live], form, most)
        if found is None:
            return None
        turn[live], factor[live] = found
    return Odd((turn + ONE_BITS).astype(np.int32), factor.astype(np.float32))


def _channels(
    far: Ints, mult: Ints, shift: Ints, form: str, most: int
) -> tuple[Ints, NDArray[np.float64]] | None:
    """Turns and factors of channels whose factor is not zero."""
    steps = np.arange(most + 1, dtype=np.int64)  # step 0 begins at 0: |F| < 1/2
    sums = np.zeros_like(far)[:, None], far[:, None]
    m, s = mult[:, None], shift[:, None]
    above = begins_of(steps, sums, m, s, lambda acc: requantize(acc, m, s, form))
    below = begins_of(steps, sums, m, s, lambda acc: -requantize(-acc, m, s, form))
    if above is None or below is None or (above != below).any():
        return None
    found = constants_of(steps, above, (sums[0][:, 0], far), mult, shift)
    return None if found is None else found[:2]
