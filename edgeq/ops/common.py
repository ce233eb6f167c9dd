"""What several operators share when they lower: clamps, factors, folded biases, proofs."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, QuantParams, Tensor
from edgeq.numerics.fixed_point import INT32_MAX, INT32_MIN

RANGES = {
    DType.INT4: (-8, 7),
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.INT32: (INT32_MIN, INT32_MAX),
}

ACTIVATIONS: dict[str, tuple[float | None, float | None]] = {
    "none": (None, None),
    "relu": (0.0, None),
    "relu6": (0.0, 6.0),
    "relu_n1_to_1": (-1.0, 1.0),
}


def quant_of(tensor: Tensor) -> QuantParams:
    """The quantization of `tensor`.

    Raises:
        QuantError: it is not quantized.
    """
    if tensor.quant is None:
        raise QuantError(
            f"tensor {tensor.name} is {tensor.dtype} without a scale",
            fix="quantize the model first: edgeq quantize MODEL --data DATA.npz -o OUT.tflite",
        )
    return tensor.quant


def scale_of(tensor: Tensor) -> float:
    """The per-tensor scale of `tensor`."""
    quant = quant_of(tensor)
    if quant.per_channel:
        raise QuantError(f"tensor {tensor.name} must have one scale, not one per channel")
    return float(quant.scale[0])


def zero_point_of(tensor: Tensor) -> int:
    """The zero point of `tensor`, which must be quantized."""
    return quant_of(tensor).zero_point


def need(tensor: Tensor | None, node: Node, what: str) -> Tensor:
    """`tensor`, or a GraphError that names the input `what` which is not there."""
    if tensor is None:
        raise GraphError(f"input {what} is missing", where=node.name)
    return tensor


def constant_of(tensor: Tensor, node: Node, what: str) -> NDArray[np.int8]:
    """The data of a constant input, or a GraphError that says it must be constant."""
    if tensor.data is None:
        raise GraphError(
            f"{what} must be constant", where=node.name, why=f"tensor {tensor.name} is computed"
        )
    return tensor.data


def round_away(x: float) -> int:
    """Nearest integer, ties away from zero (C's round)."""
    return floor(x + 0.5) if x >= 0 else ceil(x - 0.5)


def activation_range(activation: str, output: Tensor) -> tuple[int, int]:
    """The clamp of a fused activation on the scale of `output`: (act_min, act_max).

    Each bound is round(bound / scale) + zero_point in float32, ties away from zero.
    """
    lo, hi = RANGES[output.dtype]
    quant = quant_of(output)
    low, high = ACTIVATIONS[activation]
    scale = np.float32(quant.scale[0])
    if low is not None:
        lo = max(lo, round_away(float(np.float32(low) / scale)) + quant.zero_point)
    if high is not None:
        hi = min(hi, round_away(float(np.float32(high) / scale)) + quant.zero_point)
    return min(lo, hi), hi


def signed_bits(lo: int, hi: int) -> int:
    """Bits of the smallest two's complement integer that holds [lo, hi]."""
    return max((-lo - 1).bit_length() if lo < 0 else 0, hi.bit_length() if hi > 0 else 0) + 1
