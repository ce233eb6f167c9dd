"""Between real numbers and integers: the affine map of the quantization specification.

Source: TensorFlow Lite 8-bit quantization specification, real = (q - zero_point) * scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import Tensor


def quantize(real: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """Nearest integers on the scale of `tensor`, ties away from zero, saturated; not-a-number gives the lowest.

    Computed in float32, as the generated C helpers do.
    """
    if tensor.quant is None:
        return np.asarray(real, tensor.dtype.numpy)
    info = np.iinfo(tensor.dtype.numpy)
    zero = tensor.quant.zero_point
    steps = np.asarray(real, np.float32) / np.float32(tensor.quant.scale[0])
    steps = np.clip(np.nan_to_num(steps, nan=-np.inf), info.min - zero, info.max - zero)
    whole = np.trunc(steps)
    rest = steps - whole
    nearest = whole + (rest >= 0.5) - (rest <= -0.5)  # noqa: PLR2004 (half a step)
    return (nearest + zero).astype(tensor.dtype.numpy)


def dequantize(value: NDArray[Any], tensor: Tensor) -> NDArray[np.float32]:
    """The float32 reals that integers on the scale of `tensor` stand for."""
    if tensor.quant is None:
        raise QuantError(f"tensor {tensor.name} has no scale")
    shifted = (value.astype(np.int64) - tensor.quant.zero_point).astype(np.float32)
    return shifted * np.float32(tensor.quant.scale[0])
