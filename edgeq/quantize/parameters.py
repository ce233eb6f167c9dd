"""Scales and zero points from ranges and weights.

Source: B. Jacob et al., CVPR 2018, section 2.1 (affine map), and the TensorFlow Lite 8-bit
quantization specification (which tensor has which zero point).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import DType, QuantParams
from edgeq.ops.common import RANGES

LARGEST = {DType.INT4: 7, DType.INT8: 127, DType.INT16: 32767}
BIAS_LIMIT = 2**30  # |bias| in integers stays below: room for the sum of products in int32
SMALLEST_RANGE = 1e-30  # below it a range counts as zero


def activation_params(low: float, high: float, dtype: DType) -> QuantParams:
    """The parameters that span [low, high] and 0.

    int8: affine over 255 steps, the zero point an integer, so that 0.0 is exact.  int16:
    symmetric, zero point 0.  An empty range gives scale 1.

    Raises:
        QuantError: the range is not finite, or too wide for float32 scales.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)) or high - low > np.finfo(np.float32).max / 4:
        raise QuantError(f"its values range from {low:g} to {high:g}",
                         why="no scale spans that in float32",
                         fix="look at the layer's weights and the calibration data")  # fmt: skip
    if high - low < SMALLEST_RANGE:
        return per_tensor(1.0, 0)
    if dtype is DType.INT16:
        return per_tensor(max(-low, high) / LARGEST[dtype], 0)
    lowest, highest = RANGES[dtype]
    scale = float(np.float32((high - low) / (highest - lowest)))
    zero = int(np.clip(np.round(lowest - low / scale), lowest, highest))
    return per_tensor(scale, zero)


def per_tensor(scale: float, zero_point: int) -> QuantParams:
    """Parameters with one scale, rounded to float32 as files store it."""
    return QuantParams(np.array([np.float32(scale)], np.float64), zero_point)


def weight_params(
    weights: NDArray[np.float32], axis: int, dtype: DType, bias: NDArray[np.float32] | None,
    x_scale: float,
) -> QuantParams:  # fmt: skip
    """Symmetric parameters of each output channel along `axis`, zero point 0.

    A channel's scale is max |w| / 127 (7 for int4), or larger where its bias would leave
    int32 on the scale of the products, x_scale * scale.
    """
    rows = np.moveaxis(np.asarray(weights, np.float64), axis, 0).reshape(weights.shape[axis], -1)
    scale = np.abs(rows).max(axis=1, initial=0.0) / LARGEST[dtype]
    needed = np.zeros_like(scale)
    if bias is not None:
        needed = np.abs(np.asarray(bias, np.float64)) / (x_scale * BIAS_LIMIT)
    scale = np.maximum(scale, needed)
    # a channel without weights and bias: any scale says the same
    scale = np.where(scale < SMALLEST_RANGE, 1.0, scale)
    return QuantParams(scale.astype(np.float32).astype(np.float64), 0, axis)


def to_integers(
    values: NDArray[np.float32], params: QuantParams, dtype: DType
) -> NDArray[np.int64]:
    """Nearest integers on the scale, saturated to the dtype (symmetric for weights)."""
    lowest, highest = RANGES[dtype]
    if params.per_channel:
        lowest = -highest
    scaled = np.asarray(values, np.float64) / _along(params, values.ndim)
    return np.clip(np.round(scaled) + params.zero_point, lowest, highest).astype(np.int64)


def to_reals(values: NDArray[np.int64], params: QuantParams) -> NDArray[np.float32]:
    """The reals that integers on the scale stand for."""
    return ((values - params.zero_point) * _along(params, values.ndim)).astype(np.float32)


def _along(params: QuantParams, rank: int) -> NDArray[np.float64]:
    """The scales in a shape that broadcasts along the quantized axis."""
    if params.axis is None:
        return params.scale
    shape = [1] * rank
    shape[params.axis] = -1
    return params.scale.reshape(shape)
