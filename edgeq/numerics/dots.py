"""How far a dot product of constant weights with any activations may reach."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]


def dot_interval(
    weights: Ints, x_range: tuple[int, int], axis: int | tuple[int, ...] = 1
) -> tuple[Ints, Ints]:
    """The least and the greatest dot product of each output, two int64 arrays.

    Each weight meets the end of the range that its sign asks for.

    Args:
        weights: integers less their zero point.
        x_range: the least and the greatest activation.
        axis: what is summed over; the others are the outputs'.
    """
    low, high = x_range
    wide = np.asarray(weights).astype(np.int64)
    positive, negative = np.maximum(wide, 0).sum(axis=axis), np.minimum(wide, 0).sum(axis=axis)
    return positive * low + negative * high, positive * high + negative * low
