"""A sum of two bytes on different scales as one line: clamp((la * a + lb * b + lc) >> 21).

Rescales round more than once, on a grid so fine that it hardly ever shows in a byte.  As
there are only 2**16 pairs of bytes, a line that gives the same byte for every one of them can
be found, if there is one, and needs no further proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

LINE_BITS = 21  # fraction bits of the line
REACH = 16  # how far from the factors as they are the line's may lie, in units of 2**-21
FREE = 2**40  # no bound
SPARE = 2**20
LIMIT = 2**31 - SPARE
LEAST = -(2**23)  # of a factor

BYTES = np.arange(-128, 128, dtype=np.int64)
NO_LINE = {"line": 0, "la": 0, "lb": 0, "lc": 0}


def line_fields(sums: Ints, clamp: tuple[int, int], factors: tuple[float, float]) -> dict[str, int]:
    """The fields line, la, lb, lc of the contract add_s8; all zero where no line was found.

    Args:
        sums: (256, 256) the clamped outputs for a = -128, .. and b = -128, ..
        clamp: least and greatest output.
        factors: real factors of a and of b in the output's unit, of either sign.
    """
    near = [round(f * 2**LINE_BITS) + np.arange(-REACH, REACH + 1) for f in factors]
    near_a, near_b = (n[_splits(n)] for n in near)
    if not near_a.size or not near_b.size:
        return NO_LINE
    room = _room(sums, clamp, near_a, near_b)
    width = np.where(_fits(near_a, near_b, room.low), room.high - room.low, -1)
    i, j = (int(k) for k in np.unravel_index(np.argmax(width), width.shape))
    if width[i, j] < 0:
        return NO_LINE
    la, lb, lc = int(near_a[i]), int(near_b[j]), int(room.low[i, j])
    line = (la * BYTES[:, None] + lb * BYTES + lc) >> LINE_BITS
    if not np.array_equal(np.clip(line, *clamp), sums):
        return NO_LINE
    return {"line": 1, "la": la, "lb": lb, "lc": lc}


@dataclass(frozen=True, slots=True)
class Room:
    """Bounds of lc, both included, for each pair of factors: (A, B)."""

    low: Ints
    high: Ints


def _room(sums: Ints, clamp: tuple[int, int], near_a: Ints, near_b: Ints) -> Room:
    """Where lc must lie so that y <= line < y + 1 for every y within the clamp.

    The extremes over b are taken for each factor of b alone, then those over a.
    """
    low = np.where(sums > clamp[0], sums << LINE_BITS, -FREE)
    high = np.where(sums < clamp[1], ((sums + 1) << LINE_BITS) - 1, FREE)
    low_b = np.stack([(low - lb * BYTES).max(axis=1) for lb in near_b])
    high_b = np.stack([(high - lb * BYTES).min(axis=1) for lb in near_b])
    return Room(
        np.stack([(low_b - la * BYTES).max(axis=1) for la in near_a]),
        np.stack([(high_b - la * BYTES).min(axis=1) for la in near_a]),
    )


def _splits(factors: Ints) -> NDArray[np.bool_]:
    """Which are h * 2**16 + m * 2**8 + l with h in [-128, 127] and m, l in [-127, 127].

    And not below -2**23: that is no int16 times 2**8 and a byte without a sign.
    """
    low = ((factors + 128) & 255) - 128
    rest = (factors - low) >> 8
    middle = ((rest + 128) & 255) - 128
    high = (rest - middle) >> 8
    fits: NDArray[np.bool_] = (low != -128) & (middle != -128) & (abs(2 * high + 1) <= 255)  # noqa: PLR2004
    return fits & (factors >= LEAST)


def _fits(near_a: Ints, near_b: Ints, lc: Ints) -> NDArray[np.bool_]:
    """Whether lc and the whole line for every a and b stay within int32, with SPARE to spare."""
    reach_a = np.stack([near_a * -128, near_a * 127])
    reach_b = np.stack([near_b * -128, near_b * 127])
    most = lc + reach_a.max(0)[:, None] + reach_b.max(0)
    least = lc + reach_a.min(0)[:, None] + reach_b.min(0)
    fits: NDArray[np.bool_] = (abs(lc) < LIMIT) & (most < LIMIT) & (least > -LIMIT)
    return fits
