"""Scales and zero points from ranges and weights.

Source: B. Jacob et al., CVPR 2018, section 2.1 (affine map), and the TensorFlow Lite 8-bit
quantization specification (which tensor has which zero point).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import DType, QuantParams, Shape
from edgeq.ops.common import RANGES

LARGEST = {DType.INT4: 7, DType.INT8: 127, DType.INT16: 32767}
BIAS_LIMIT = 2**30  # |bias| in integers stays below: room for the sum of products in int32
WIDEST = float(np.finfo(np.float32).max) / 4
SMALLEST_RANGE = 1e-30  # below it a range counts as zero
LARGEST_FACTOR = 255  # of a group of weights
ROUNDED_OFF = 1e-6  # share of a step by which float32 scales may miss


def activation_params(low: float, high: float, dtype: DType) -> QuantParams:
    """The parameters that span [low, high] and 0.

    int8: affine over 255 steps, the zero point an integer, so that 0.0 is exact.  int16:
    symmetric, zero point 0.  An empty range gives scale 1, of int16 the range of 1.

    Raises:
        QuantError: the range is not finite, or too wide for float32 scales.
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)) or high - low > WIDEST:
        raise QuantError(f"its values range from {low:g} to {high:g}",
                         why="no scale spans that in float32",
                         fix="look at the layer's weights and the calibration data")  # fmt: skip
    if high - low < SMALLEST_RANGE:
        return per_tensor(1.0 if dtype is DType.INT8 else 1 / LARGEST[dtype], 0)
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
    x_scale: float, group_size: int = 0,
) -> QuantParams:  # fmt: skip
    """Symmetric parameters of each output channel along `axis`, zero point 0.

    A channel's scale is max |w| / 127 (7 for int4), or larger where its bias would leave
    int32 on the scale of the products, x_scale * scale.  In groups of the last dimension
    (of (O, ..., I) weights that are 1 in between) the scale is a 255th of the widest group's,
    and every group has the smallest integer factor that spans it.
    """
    rows = np.moveaxis(np.asarray(weights, np.float64), axis, 0).reshape(weights.shape[axis], -1)
    floor = smallest_scales(len(rows), bias, x_scale)
    if not group_size:
        return channel_params(np.abs(rows).max(axis=1, initial=0.0) / LARGEST[dtype], floor, axis)
    starts = np.arange(0, rows.shape[1], group_size)
    steps = np.maximum.reduceat(np.abs(rows), starts, axis=1) / LARGEST[dtype]
    params = channel_params(steps.max(axis=1) / LARGEST_FACTOR, floor, axis)
    factors = np.ceil(steps / params.scale[:, None] * (1 - ROUNDED_OFF)).astype(np.int32)
    return replace(params, group_factors=np.clip(factors, 1, LARGEST_FACTOR), group_size=group_size)


def smallest_scales(
    channels: int, bias: NDArray[np.float32] | None, x_scale: float
) -> NDArray[np.float64]:
    """The scale per channel below which its bias would leave int32; zeros without a bias."""
    if bias is None:
        return np.zeros(channels)
    return np.abs(np.asarray(bias, np.float64)) / (x_scale * BIAS_LIMIT)


def channel_params(
    scale: NDArray[np.float64], floor: NDArray[np.float64], axis: int
) -> QuantParams:
    """Parameters of channels on at least the scales `floor`, as files store them."""
    wanted = np.maximum(scale, floor)
    # a channel without weights and bias: any scale says the same
    wanted = np.where(wanted < SMALLEST_RANGE, 1.0, wanted)
    return QuantParams(wanted.astype(np.float32).astype(np.float64), 0, axis)


def steps_of(params: QuantParams, shape: Shape) -> NDArray[np.float64]:
    """What one integer step means, in a shape that broadcasts over a tensor of `shape`."""
    if params.axis is None:
        return params.scale
    along = [1] * len(shape)
    along[params.axis] = -1
    scale = params.scale.reshape(along)
    if params.group_factors is None:
        return scale
    along[-1] = shape[-1]
    return scale * params.factors(shape[-1]).reshape(along)


def to_integers(
    values: NDArray[np.float32], params: QuantParams, dtype: DType
) -> NDArray[np.int64]:
    """Nearest integers on the scale, saturated to the dtype (symmetric for weights)."""
    lowest, highest = RANGES[dtype]
    if params.per_channel:
        lowest = -highest
    scaled = np.asarray(values, np.float64) / steps_of(params, values.shape)
    return np.clip(np.round(scaled) + params.zero_point, lowest, highest).astype(np.int64)


def to_reals(values: NDArray[np.int64], params: QuantParams) -> NDArray[np.float32]:
    """The reals that integers on the scale stand for."""
    return ((values - params.zero_point) * steps_of(params, values.shape)).astype(np.float32)
