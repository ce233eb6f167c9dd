"""Models of one operator: `one_op("ADD", [act((1, 4)), act((1, 4))], [act((1, 4))])`.

`T` describes a tensor, `act`, `const`, `weights` and `bias_for` make the usual ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.models import Array, Scale, TfliteModel


@dataclass(frozen=True, eq=False)
class T:
    """One tensor of a one-operator model; with `data` it is a constant, else an input or output."""

    shape: tuple[int, ...]
    dtype: str = "int8"
    scale: Scale = None
    zero_point: int = 0
    axis: int | None = None
    data: Array | None = None


ACTIVATION: dict[str, tuple[float | None, int]] = {
    "int8": (0.05, -3),
    "int16": (2.0**-11, 0),
    "uint8": (0.05, 125),
}
"""Quantization that `act` gives by dtype; other dtypes have none."""


def act(
    shape: Sequence[int],
    dtype: str = "int8",
    scale: float | None = None,
    zero_point: int | None = None,
) -> T:
    """An activation, with its dtype's usual quantization unless another is given."""
    usual, point = ACTIVATION.get(dtype, (None, 0))
    return T(
        tuple(shape),
        dtype,
        usual if scale is None else scale,
        point if zero_point is None else zero_point,
    )


def const(data: Any, dtype: str | None = None, **quant: Any) -> T:
    """A constant: numbers as they are stored, with the quantization of `T` if any."""
    array = np.asarray(data, dtype)
    return T(array.shape, array.dtype.name, data=array, **quant)


def weights(
    rng: np.random.Generator, shape: Sequence[int], dtype: str = "int8", axis: int | None = None
) -> T:
    """Random weights for activations of `dtype`: int8, or uint8 with a zero point, or float.

    `axis` makes them per channel, with scales between 0.005 and 0.02.
    """
    if dtype == "float32":
        return const(rng.uniform(-1, 1, shape), dtype)
    if dtype == "uint8":
        return const(rng.integers(0, 256, shape), dtype, scale=0.01, zero_point=119)
    data = rng.integers(-127, 128, shape)
    scale = 0.01 if axis is None else rng.uniform(0.005, 0.02, shape[axis]).tolist()
    return const(data, "int8", scale=scale, axis=axis)


def bias_for(
    rng: np.random.Generator, x: T, w: T, count: int, dtype: str | None = None, limit: int = 5000
) -> T:
    """A random bias of `count` channels on the scale of the products.

    dtype is float32, int64 (int16 activations) or int32 when not given.
    """
    if x.scale is None or w.scale is None:
        return const(rng.uniform(-1, 1, count), "float32")
    scales = np.asarray(x.scale, np.float32) * np.asarray(w.scale, np.float32)
    dtype = dtype or ("int64" if x.dtype == "int16" else "int32")
    data = rng.integers(-limit, limit + 1, count)
    return const(data, dtype, scale=scales.tolist(), axis=None if scales.ndim == 0 else 0)


def one_op(
    op: str,
    inputs: Sequence[T | None],
    outputs: Sequence[T],
    *,
    version: int | None = None,
    **options: Any,
) -> bytes:
    """A model of one operator; its inputs are the tensors without data, None an absent one.

    When `version` is None, it is the one for the dtype of the first tensor that is no constant.
    """
    model = TfliteModel()
    ins = [-1 if t is None else _add(model, t) for t in inputs]
    outs = [_add(model, t) for t in outputs]
    dtype = next((t.dtype for t in inputs if t is not None and t.data is None), "")
    model.op(op, ins, outs, version=version or version_of(op, dtype), **options)
    free = [i for i, t in zip(ins, inputs, strict=True) if t is not None and t.data is None]
    return model.build(free, outs)


def _add(model: TfliteModel, t: T) -> int:
    return model.tensor(
        t.shape, t.dtype, scale=t.scale, zero_point=t.zero_point, axis=t.axis, data=t.data
    )


VERSIONS: dict[str, dict[str, int]] = {
    "CONV_2D": {"int8": 3, "int16": 4},
    "DEPTHWISE_CONV_2D": {"float32": 2, "uint8": 2, "int8": 3, "int16": 5},
    "FULLY_CONNECTED": {"int8": 4, "int16": 7},
    "ADD": {"int16": 4},
    "SUB": {"int16": 5},
    "MUL": {"int16": 4},
    "MAXIMUM": {"int16": 4},
    "MINIMUM": {"int16": 4},
    "LEAKY_RELU": {"int16": 2},
    "HARD_SWISH": {"int8": 1, "int16": 1},
    "RELU_N1_TO_1": {"int8": 1, "int16": 1},
    "ARG_MAX": {"int16": 2},
    "RESHAPE": {"int8": 1, "int16": 1},
    "SQUEEZE": {"int8": 1, "int16": 1},
    "EXPAND_DIMS": {"int8": 1, "int16": 1},
    "SHAPE": {"int8": 1, "int16": 1},
    "SPLIT": {"int16": 4},
    "SPLIT_V": {"int16": 2},
    "UNPACK": {"int16": 4},
    "SLICE": {"int16": 4},
    "STRIDED_SLICE": {"int16": 4},
    "TRANSPOSE": {"int16": 4},
    "QUANTIZE": {"int8": 2, "int16": 2, "uint8": 2},
    "RESIZE_NEAREST_NEIGHBOR": {"int16": 4},
    "RESIZE_BILINEAR": {"int16": 4},
}
"""Operator versions that differ from their dtype's usual one."""

USUAL_VERSION = {"int8": 2, "int16": 3}


def version_of(op: str, dtype: str) -> int:
    """An operator version that LiteRT registers and that covers the dtype; TFLM takes any."""
    return VERSIONS.get(op, {}).get(dtype, USUAL_VERSION.get(dtype, 1))
