"""Reals of a quantized ONNX model on scales: constants, borders, biases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import Attr, DType, Node, QuantParams, Tensor
from edgeq.ir.text import show
from edgeq.ops.common import RANGES

BIAS_ROUNDING = 1e-5
"""Relative: products of float32 scales, rounded to float32 again by whoever wrote the file."""

LOSSLESS = 1e-6


def on_own_scale(tensor: Tensor, kind: DType) -> Tensor:
    """A float constant as integers; one number exactly, several on the scale of their range."""
    data = np.asarray(tensor.data, np.float64)
    if not np.isfinite(data).all():
        raise QuantError(f"constant {show(tensor.name)} holds NaN or infinity")
    lo, hi = RANGES[kind]
    low, high = min(float(data.min()), 0.0), max(float(data.max()), 0.0)
    if np.unique(data).size == 1:
        value = float(data.reshape(-1)[0])
        quant = QuantParams(np.array([abs(value) or 1.0]), 0)
    elif kind is DType.INT16:
        quant = QuantParams(np.array([max(-low, high) / hi]), 0)
    else:
        scale = (high - low) / (hi - lo)
        quant = QuantParams(np.array([scale]), round(lo - low / scale))
    steps = np.rint(data / quant.scale[0]) + quant.zero_point
    return replace(tensor, dtype=kind, quant=quant, data=np.clip(steps, lo, hi).astype(kind.numpy))


def pad_value(node: Node, x: Tensor) -> Attr:
    """The value of a float pad as an integer on the scale of x."""
    value = node.attrs["value"]
    if x.quant is None or not isinstance(value, float):
        return value
    lo, hi = RANGES[x.dtype]
    step = round(value / float(x.quant.scale[0])) + x.quant.zero_point
    return min(max(step, lo), hi)


def on_products(bias: Tensor, products: NDArray[np.float64]) -> bool:
    """Whether a bias has the scale of the products already."""
    if bias.dtype is not DType.INT32 or bias.quant is None or bias.quant.zero_point:
        return False
    return np.allclose(bias.quant.scale, products, rtol=BIAS_ROUNDING, atol=0)


def same_scale(a: QuantParams, b: QuantParams | None) -> bool:
    """Whether two scales are one, but for the rounding of float32."""
    return (
        b is not None
        and a.zero_point == b.zero_point
        and np.allclose(a.scale, b.scale, rtol=LOSSLESS, atol=0)
    )
