"""BatchNormalization: a factor and an offset per channel; `onnx_tidy` folds them away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Const, Operand
from edgeq.frontends.onnx_elementwise import ACTIVATION, SUM, pair
from edgeq.frontends.onnx_node import OnnxNode

PARAMETERS = ("scale", "bias", "mean", "variance")


def batch_normalization(node: OnnxNode) -> tuple[Operand, ...]:
    """Y = (x - mean) / sqrt(variance + epsilon) * scale + bias, in the channels of dimension 1.

    Source: S. Ioffe, C. Szegedy, "Batch Normalization", ICML 2015, algorithm 2.
    """
    x = node.value()
    if node.number("training_mode") or any(node.outputs[1:]):
        raise ModelError("it is in training mode", fix="export the model for inference")
    channels = x.shape[1] if len(x.shape) > 1 else 0
    scale, bias, mean, variance = (_parameter(node, i, channels) for i in range(1, 5))
    epsilon = node.decimal("epsilon", 1e-5)
    if (variance + epsilon <= 0).any():
        raise ModelError("a variance is not positive")
    factor = scale / np.sqrt(variance + epsilon)
    shape = (channels, *(1,) * (len(x.shape) - 2))
    grown = pair(node, "mul", x, _constant(factor, shape), ACTIVATION)
    return (pair(node, "add", grown, _constant(bias - mean * factor, shape), SUM),)


def _parameter(node: OnnxNode, index: int, channels: int) -> NDArray[np.float64]:
    what = PARAMETERS[index - 1]
    values = node.const(index, f"the {what}").real.astype(np.float64).reshape(-1)
    if values.size != channels or not np.isfinite(values).all():
        raise ModelError(f"the {what} is not {channels} finite values, one per channel")
    return values


def _constant(values: NDArray[np.float64], shape: tuple[int, ...]) -> Const:
    return Const(values.astype(np.float32).reshape(shape))
