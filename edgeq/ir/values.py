"""Real values of a tensor as its integers, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir.graph import Tensor
from edgeq.numerics import affine


def quantize(real: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """Nearest integers on the scale of `tensor`; without a scale just its dtype."""
    if tensor.quant is None:
        return np.asarray(real, tensor.dtype.numpy)
    scale = float(tensor.quant.scale[0])
    return affine.quantize(real, scale, tensor.quant.zero_point, tensor.dtype.numpy)


def dequantize(value: NDArray[Any], tensor: Tensor) -> NDArray[np.float32]:
    """The float32 reals that integers on the scale of `tensor` stand for."""
    if tensor.quant is None:
        raise QuantError(f"tensor {tensor.name} has no scale")
    return affine.dequantize(value, float(tensor.quant.scale[0]), tensor.quant.zero_point)
