"""int4 in memory: two weights in a byte, the first in the low nibble, both two's complement.

An odd count leaves the last high nibble zero.  TensorFlow Lite files and the kernels' packed
weights are stored like this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError

INT4_MIN, INT4_MAX = -8, 7


def nibble_bytes(count: int) -> int:
    """Bytes of `count` nibbles."""
    return (count + 1) // 2


def to_nibbles(values: NDArray[Any]) -> NDArray[np.int8]:
    """Integers in [-8, 7], flattened, as int8 bytes of two each.

    Raises:
        QuantError: a value does not fit.
    """
    flat = values.reshape(-1)
    if flat.size and (flat.min() < INT4_MIN or flat.max() > INT4_MAX):
        raise QuantError(
            f"values from {flat.min()} to {flat.max()} do not fit int4",
            why=f"it holds {INT4_MIN} to {INT4_MAX}",
        )
    bits = np.zeros(2 * nibble_bytes(flat.size), np.uint8)
    bits[: flat.size] = flat.astype(np.int8).view(np.uint8) & 15
    return (bits[0::2] | bits[1::2] << 4).view(np.int8)


def from_nibbles(packed: NDArray[np.int8], count: int) -> NDArray[np.int8]:
    """The first `count` values of `to_nibbles`' bytes.

    packed  int8, nibble_bytes(count) of them
    """
    values = np.empty(2 * packed.size, np.int8)
    values[0::2] = packed << 4
    values[1::2] = packed
    return values[:count] >> 4
