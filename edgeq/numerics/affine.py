"""Between real numbers and integers: the affine map of the quantization specification.

Source: TensorFlow Lite 8-bit quantization specification, real = (q - zero_point) * scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HALF = 0.5


def quantize(
    real: NDArray[Any], scale: float, zero_point: int, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Nearest integers, ties away from zero, saturated; not-a-number gives the lowest.

    Computed in float32, as the helpers in the generated C do.
    """
    info = np.iinfo(dtype)
    with np.errstate(over="ignore"):  # an infinite number of steps is saturated as well
        steps = np.asarray(real, np.float32) / np.float32(scale)
    steps = np.nan_to_num(steps, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    steps = np.clip(steps, info.min - zero_point, info.max - zero_point)
    whole = np.trunc(steps)
    rest = steps - whole
    nearest = whole + (rest >= HALF) - (rest <= -HALF)
    result: NDArray[Any] = (nearest + zero_point).astype(dtype)
    return result


def dequantize(value: NDArray[Any], scale: float, zero_point: int) -> NDArray[np.float32]:
    """The float32 reals that integers stand for."""
    return (value.astype(np.int64) - zero_point).astype(np.float32) * np.float32(scale)
