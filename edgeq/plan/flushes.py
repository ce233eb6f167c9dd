"""Weights in an order that says how many products may be added before lanes are emptied.

`@flushes w` stores w (O, ...), rows of K weights over the dimensions behind O, for kernels that
multiply int8 in lanes of int16: of a row, taps that are 8 apart meet in a lane, which is added
to int32 (emptied) after two, three or four products.  Which of these is proved from the weights,
for every 64 taps of four rows:

  a sum of |w| of at most 255 in each lane keeps it within 128 * 255 = 32640 < 2^15.

K is filled with zeros up to a multiple of 8 and O to one of 4.  Each block of four rows is

  codes      one byte for the part of 32, one for each part of 64 and a zero, filled with zeros to
             a multiple of 16: 4 empties after two products, 2 after three (3, 3 and 2 of eight
             steps; never of the part of 32), 1 after four
  parts      of 8, 16 and 32 taps, each where K has this bit, then as many of 64 as are left; each
             part is row by row, but one of 64 is two times 32 taps, and with code 2 48 and 16
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import KernelError, QuantError

LANES = 8  # int16 lanes of a vector of 128 bits
ROWS = 4
PART = 64
LIMIT = 255  # what |w| of a lane may add up to
CODES = 16  # codes are filled to a multiple of this
SMALL = (8, 16, 32)  # parts before those of 64

FOUR, THREE, TWO = 1, 2, 4
STEPS = {FOUR: (4, 4), THREE: (3, 3, 2), TWO: (2, 2, 2, 2)}  # products between emptyings
RUNS = {FOUR: (32, 32), THREE: (48, 16), TWO: (32, 32)}  # taps of a row that lie together


def flushed(array: NDArray[Any], where: str) -> NDArray[np.int8]:
    """int8 weights, O first, in the order above, flat.

    Raises:
        KernelError: no int8.
        QuantError: not even two products fit a lane, as two weights of -128 that meet.
    """
    if array.dtype != np.int8:
        raise KernelError(f"weights of {array.dtype} are not multiplied as int8", where=where)
    rows = array.reshape(len(array), -1)
    room = [(0, -size % to) for size, to in zip(rows.shape, (ROWS, LANES), strict=True)]
    blocks = np.pad(rows, room).reshape(-1, ROWS, rows.shape[1] + room[1][1])
    return np.concatenate([_block(block, where) for block in blocks])


def _block(rows: NDArray[np.int8], where: str) -> NDArray[np.int8]:
    """Four rows of K weights with their codes in front."""
    taps = rows.shape[1]
    at = taps % PART
    small = [size for size in SMALL if at & size]
    starts = np.cumsum([0, *small])[:-1]
    parts = [rows[:, s : s + size] for s, size in zip(starts, small, strict=True)]
    last = [_code(part, where) for part in parts]
    codes = [last[-1] if small[-1:] == [SMALL[-1]] else 0]
    for start in range(at, taps, PART):
        part = rows[:, start : start + PART]
        codes.append(_code(part, where))
        cuts = np.cumsum(RUNS[codes[-1]])[:-1]
        parts.extend(np.split(part, cuts, axis=1))
    codes.extend([0] * (CODES - len(codes) % CODES))
    return np.concatenate([np.array(codes, np.int8), *(part.reshape(-1) for part in parts)])


def _code(part: NDArray[np.int8], where: str) -> int:
    """The longest sums that fit the lanes of this part."""
    steps = np.abs(part.astype(np.int64)).reshape(ROWS, -1, LANES)
    count = steps.shape[1]
    for code, sizes in STEPS.items():
        if code == THREE and count * LANES != PART:
            continue
        ends = [e for e in np.cumsum((0, *sizes)) if e < count]
        if np.add.reduceat(steps, ends, axis=1).max() <= LIMIT:
            return code
    raise QuantError("two weights of -128 do not fit a lane", where=where,
                     fix="the kernel must ask for min_w >= -127")  # fmt: skip
