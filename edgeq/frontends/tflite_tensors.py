"""Tensors of a .tflite file: names, shapes, types, quantization, constants, all checked.

A tensor is read when an operator or the graph first names it, so what nothing uses cannot
do harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, ModelError, QuantError
from edgeq.frontends.flatbuffer import Reader, Record
from edgeq.ir import DType, QuantParams, Shape, Tensor
from edgeq.ir.text import show
from edgeq.numerics.nibbles import from_nibbles, nibble_bytes

MAX_RANK = 8
MAX_ELEMENTS = 2**31 - 1
MAX_NAME = 200
MIN_SCALE, MAX_SCALE = 2.0**-100, 2.0**64
"""Far beyond any trained model; keeps ratios and products of scales far from 0 and infinity."""

TYPE_NAMES = {value: name for name, value in vars(tflite.TensorType).items() if name.isupper()}
READ_TYPES = {
    "FLOAT32": DType.FLOAT32, "FLOAT16": DType.FLOAT32, "INT8": DType.INT8, "UINT8": DType.UINT8,
    "INT16": DType.INT16, "INT32": DType.INT32, "INT64": DType.INT64, "BOOL": DType.BOOL,
    "INT4": DType.INT4,
}  # fmt: skip
STORED_TYPES = ("FLOAT16", "INT4")
"""Types of constants alone: what is computed has a wider one."""

FILE_DTYPES = {
    "FLOAT32": "<f4", "FLOAT16": "<f2", "INT8": "<i1", "UINT8": "<u1",
    "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "BOOL": "<u1",
}  # fmt: skip
BIAS_TYPES = (DType.INT32, DType.INT64)
ZERO_POINTS = {DType.INT8: (-128, 127), DType.UINT8: (0, 255)}
"""Types that have zero points; all others are symmetric."""


@dataclass(slots=True)
class TensorTable:
    """The tensors of one subgraph by index.

    names     unique and not empty: the file's, cut to MAX_NAME, `name#index` where taken
    dynamic   indices whose signature leaves dimensions open, with that signature
    """

    reader: Reader
    tables: tuple[Record, ...]
    buffers: tuple[Record, ...]
    names: tuple[str, ...]
    dynamic: dict[int, Shape] = field(default_factory=dict)
    _read: dict[int, Tensor] = field(default_factory=dict)

    def __getitem__(self, index: int) -> Tensor:
        """The tensor `index` as the file declares it.

        Raises:
            ModelError: the index, shape, type or data is wrong.
            QuantError: the quantization parameters are wrong.
        """
        if not 0 <= index < len(self.tables):
            raise ModelError(f"tensor {index} does not exist: there are {len(self.tables)}")
        if index not in self._read:
            try:
                self._read[index] = self._tensor(index)
            except EdgeqError as error:
                where = f"tensor {index} {show(self.names[index])}"
                raise type(error)(error.what, where=where, why=error.why, fix=error.fix) from None
        return self._read[index]

    def _tensor(self, index: int) -> Tensor:
        reader, table = self.reader, self.tables[index]
        type_name = TYPE_NAMES.get(reader.number(table, "Type"), "unknown")
        shape = self._shape(index)
        raw = self._raw(table)
        if type_name not in READ_TYPES:
            raise unsupported_type(type_name)
        if type_name in STORED_TYPES and raw is None and 0 not in shape:
            raise unsupported_type(f"{type_name} of an activation")
        _refuse_special(reader, table)
        dtype = READ_TYPES[type_name]
        quant = _quantization(reader, table, shape, dtype)
        data = None
        if raw is not None or prod(shape) == 0:
            data = _constant(b"" if raw is None else raw, type_name, shape)
            reader.charge(data.nbytes)
        return Tensor(self.names[index], shape, dtype, quant, data)

    def _shape(self, index: int) -> Shape:
        shape = self.reader.integers(self.tables[index], "Shape")
        signature = self.reader.integers(self.tables[index], "ShapeSignature")
        if len(shape) > MAX_RANK:
            raise ModelError(f"it has {len(shape)} dimensions", why=f"at most {MAX_RANK} are read")
        if len(signature) == len(shape) and -1 in signature:
            self.dynamic[index] = signature
        elif -1 in shape:
            self.dynamic[index] = shape
        shape = tuple(1 if d == -1 else d for d in shape)
        check_shape(shape)
        return shape

    def _raw(self, table: Record) -> bytes | memoryview | None:
        """The bytes of a constant, a view into the file; None for an activation."""
        reader, index = self.reader, self.reader.number(table, "Buffer")
        if index >= len(self.buffers):
            raise ModelError(f"buffer {index} does not exist: there are {len(self.buffers)}")
        buffer = self.buffers[index]
        offset, size = reader.number(buffer, "Offset"), reader.number(buffer, "Size")
        if offset > 1:
            if offset + size > len(reader.data):
                raise ModelError(
                    f"buffer {index} lies outside the file",
                    why=f"{size} bytes at {offset}, the file has {len(reader.data)}",
                )
            return memoryview(reader.data)[offset : offset + size]
        if reader.number(buffer, "DataLength") == 0:
            return None
        return reader.vector(buffer, "Data", np.uint8).data


def tensor_names(reader: Reader, tables: tuple[Record, ...]) -> tuple[str, ...]:
    """A unique, non-empty name for every tensor of a subgraph."""
    names: list[str] = []
    taken: set[str] = set()
    for index, table in enumerate(tables):
        name = reader.text(table, "Name")[:MAX_NAME] or f"tensor#{index}"
        while name in taken:
            name = f"{name}#{index}"
        taken.add(name)
        names.append(name)
    return tuple(names)


def unsupported_type(type_name: str) -> ModelError:
    """The refusal of an element type."""
    return ModelError(f"type {type_name.lower()} is not supported")


def check_shape(shape: Shape) -> None:
    """Refuse negative dimensions and products beyond what 32-bit code can address."""
    if any(d < 0 for d in shape):
        raise ModelError(f"its shape {shape} has a negative dimension")
    if prod(max(d, 1) for d in shape) > MAX_ELEMENTS:
        raise ModelError(f"its shape {shape} has more than {MAX_ELEMENTS} elements")


def _refuse_special(reader: Reader, table: Record) -> None:
    if reader.get(table, "Sparsity") is not None:
        raise ModelError("it is sparse", fix="convert the model with dense weights")
    if reader.get(table, "IsVariable"):
        raise ModelError("it keeps its value between runs, which is not supported")


def _constant(raw: bytes | memoryview, type_name: str, shape: Shape) -> NDArray[Any]:
    if type_name == "INT4":
        _check_size(raw, shape, nibble_bytes(prod(shape)))
        return from_nibbles(np.frombuffer(raw, np.int8), prod(shape)).reshape(shape)
    dtype = np.dtype(FILE_DTYPES[type_name])
    _check_size(raw, shape, prod(shape) * dtype.itemsize)
    values: NDArray[Any] = np.frombuffer(raw, dtype).reshape(shape)
    if type_name == "BOOL":
        values = np.not_equal(values, 0)
    return _cast(values, READ_TYPES[type_name].numpy)


def _check_size(raw: bytes | memoryview, shape: Shape, need: int) -> None:
    if len(raw) != need:
        raise ModelError(f"its buffer has {len(raw)} bytes", why=f"shape {shape} takes {need}")


def _cast(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """`values` in another type; numpy warns of signalling NaNs, which are judged elsewhere."""
    with np.errstate(invalid="ignore"):
        return values.astype(dtype, copy=False)


def _quantization(reader: Reader, table: Record, shape: Shape, dtype: DType) -> QuantParams | None:
    params = reader.get(table, "Quantization")
    if params is None:
        return None
    if reader.number(params, "DetailsType") != tflite.QuantizationDetails.NONE:
        raise ModelError(
            "block-wise or custom quantization is not supported",
            fix="quantize the model per tensor or per channel",
        )
    scale = _cast(reader.vector(params, "Scale", np.float32), np.dtype(np.float64))
    zero_points = reader.vector(params, "ZeroPoint", np.int64)
    if scale.size == 0 or dtype in (DType.FLOAT32, DType.BOOL):
        return None
    _check_scale(scale)
    zero_point = _zero_point(zero_points, scale.size, dtype)
    if scale.size == 1:
        return QuantParams(scale, zero_point)
    axis = reader.number(params, "QuantizedDimension")
    return QuantParams(scale, zero_point, _axis(axis, scale.size, shape, dtype))


def _check_scale(scale: NDArray[np.float64]) -> None:
    good = np.isfinite(scale) & (scale > MIN_SCALE) & (scale < MAX_SCALE)
    if not good.all():
        first = int(np.argmin(good))
        raise QuantError(
            f"scale {first} is {scale[first]}",
            why=f"a scale lies between {MIN_SCALE:g} and {MAX_SCALE:g}",
        )


def _zero_point(zero_points: NDArray[np.int64], count: int, dtype: DType) -> int:
    if zero_points.size not in (0, count):
        raise QuantError(f"it has {count} scales, but {zero_points.size} zero points")
    if zero_points.size == 0:
        return 0
    zero_point = int(zero_points[0])
    if (zero_points != zero_point).any():
        raise QuantError("its channels have different zero points")
    lo, hi = ZERO_POINTS.get(dtype, (0, 0))
    if not lo <= zero_point <= hi:
        raise QuantError(f"zero point {zero_point} is outside [{lo}, {hi}] of {dtype}")
    return zero_point


def _axis(axis: int, count: int, shape: Shape, dtype: DType) -> int:
    """The quantized dimension; some converters wrote the weights' one into the bias."""
    if dtype in BIAS_TYPES and len(shape) == 1:
        axis = 0
    if not 0 <= axis < len(shape) or shape[axis] != count:
        raise QuantError(f"{count} scales do not fit dimension {axis} of shape {shape}")
    return axis
