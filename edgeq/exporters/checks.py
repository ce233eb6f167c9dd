"""What TensorFlow Lite demands of quantized tensors, and cannot express."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, QuantParams, Tensor

QUANTIZED = frozenset({DType.INT8, DType.INT16, DType.UINT8})
UNIT = {DType.INT8: (1 / 256, -128), DType.UINT8: (1 / 256, 0), DType.INT16: (1 / 32768, 0)}
SIGNED_UNIT = {DType.INT8: (1 / 128, 0), DType.UINT8: (1 / 128, 128), DType.INT16: (1 / 32768, 0)}
"""(scale, zero point) that the runtimes' kernels give to outputs in [0, 1] and [-1, 1]."""

SCALE_ROUNDING = 2.0**-22
"""Relative: one float32 step of either scale."""


def need_quant(tensor: Tensor) -> QuantParams:
    """The parameters of a quantized tensor.

    Raises:
        QuantError: it has none, or one scale per channel.
    """
    if tensor.quant is None:
        raise QuantError(f"tensor {tensor.name} is {tensor.dtype} without a scale")
    if tensor.quant.per_channel:
        raise QuantError(f"tensor {tensor.name} must have one scale, not one per channel")
    return tensor.quant


def need_same_types(tensors: Sequence[Tensor]) -> None:
    """One dtype.

    Raises:
        GraphError: there are several.
    """
    found = sorted({str(t.dtype) for t in tensors})
    if len(found) > 1:
        raise GraphError(f"TensorFlow Lite does not mix {' and '.join(found)} here")


def need_one_scale(tensors: Sequence[Tensor], *, exactly: bool = False) -> None:
    """One dtype, and for quantized ones one scale and zero point: the kernels move integers.

    Args:
        tensors: inputs and outputs.
        exactly: the runtimes compare; otherwise scales may differ by a rounding to float32.

    Raises:
        GraphError, QuantError: they differ.
    """
    need_same_types(tensors)
    first = tensors[0]
    if first.dtype not in QUANTIZED:
        return
    for tensor in tensors[1:]:
        if not _alike(need_quant(first), need_quant(tensor), 0 if exactly else SCALE_ROUNDING):
            raise QuantError(
                f"{first.name} and {tensor.name} must share their scale and zero point",
                why=f"{_text(first)} and {_text(tensor)}; the operator does not rescale",
                fix="put a quantize node between them",
            )


def need_fixed(y: Tensor, fixed: dict[DType, tuple[float, int]]) -> None:
    """The one quantization that the kernels give to this output; any for float.

    Raises:
        QuantError: `y` has another one.
    """
    if y.dtype not in fixed:
        return
    scale, zero_point = fixed[y.dtype]
    quant = need_quant(y)
    if (np.float32(quant.scale[0]), quant.zero_point) != (np.float32(scale), zero_point):
        raise QuantError(
            f"output {y.name} has {_text(y)}",
            why=f"TensorFlow Lite demands scale {scale:g} and zero point {zero_point} here",
        )


def _alike(a: QuantParams, b: QuantParams, rounding: float) -> bool:
    x, y = np.float32(a.scale[0]), np.float32(b.scale[0])
    return a.zero_point == b.zero_point and bool(abs(x - y) <= rounding * max(x, y))


def _text(tensor: Tensor) -> str:
    quant = need_quant(tensor)
    return f"scale {quant.scale[0]:.9g}, zero point {quant.zero_point}"
