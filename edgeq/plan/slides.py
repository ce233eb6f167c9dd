"""Weights of windows of one column that begin anywhere in four rows which lie together.

`@slides w` stores depthwise weights w (KH, 1, O) of int8 for kernels that multiply rows 4m to
4m + 3 of the image by four taps at once.  A window that begins s rows behind row 4m, for s from 0
to 3, needs its taps moved by s: taps s to s + KH - 1 of as many fours as hold KH + 3 taps, the rest
of which are zeros.  The order is

  blocks of 16 channels, s from 3 to 0, fours, channels of the block, taps of a four

and O is filled with zeros up to a multiple of 16.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import KernelError

CHANNELS = 16
TAPS = 4


def slid(array: NDArray[Any], where: str) -> NDArray[np.int8]:
    """int8 weights (KH, 1, O) in the order above, flat.

    Raises:
        KernelError: no int8, or no windows of one column.
    """
    if array.dtype != np.int8 or array.shape[1:-1] != (1,):
        raise KernelError(
            f"weights of {array.dtype} and shape {array.shape} are no int8 columns", where=where
        )
    column = array[:, 0, :]
    taps, channels = column.shape
    fours = -(-(taps + TAPS - 1) // TAPS)
    room = fours * TAPS - taps
    moved = [
        np.pad(column, ((s, room - s), (0, -channels % CHANNELS))) for s in reversed(range(TAPS))
    ]
    parts = np.stack(moved).reshape(TAPS, fours, TAPS, -1, CHANNELS)
    flat: NDArray[np.int8] = parts.transpose(3, 0, 1, 4, 2).reshape(-1)
    return flat
