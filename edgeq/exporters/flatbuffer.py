"""A draft as the bytes of a .tflite file, by the builder functions of the published schema.

Tables and vectors are written in one fixed order and nothing else enters, so that equal
drafts give equal bytes.  Data lies on multiples of 16, where runtimes read it in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

from edgeq.errors import OutputError
from edgeq.exporters.draft import Draft, Field, Operator
from edgeq.ir import DType, QuantParams, Tensor
from edgeq.numerics.nibbles import to_nibbles

Builder: TypeAlias = Any
"""flatbuffers has no types."""

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
DESCRIPTION = "Written by edgeq."
ALIGN = 16
MAX_BYTES = 2**31 - 1
"""What 32-bit offsets reach."""

OVERHEAD = 1 << 16
LAST_OLD_CODE = 127
"""Operator codes beyond do not fit the byte that old runtimes read: it holds this then."""

ABSENT = -1


def file_bytes(draft: Draft, order: Sequence[str]) -> bytes:
    """The file of `draft`.

    Args:
        draft: complete.
        order: the tensors in the file, by name; a tensor's index is its place here.

    Raises:
        OutputError: it would have 2 GiB or more.
    """
    tensors = [draft.tensors[name] for name in order]
    buffers = _Buffers()
    places = [buffers.place(t) for t in tensors]
    size = sum(len(raw) + 2 * ALIGN for raw in buffers.contents) + OVERHEAD
    if size > MAX_BYTES:
        raise OutputError(f"the file would have {size} bytes, more than a .tflite can")
    builder = flatbuffers.Builder(size)
    data = _tables(builder, [_buffer(builder, raw) for raw in buffers.contents])
    index = {name: i for i, name in enumerate(order)}
    codes = list(dict.fromkeys((op.builtin, op.version) for op in draft.operators))
    operators = [_operator(builder, op, index, codes) for op in draft.operators]
    graph = _subgraph(builder, draft, index, _tensors(builder, tensors, places), operators)
    description = builder.CreateString(DESCRIPTION)
    code_tables = _tables(builder, [_code(builder, *code) for code in codes])
    graphs = _tables(builder, [graph])
    fields = {
        "Version": SCHEMA_VERSION, "OperatorCodes": code_tables, "Subgraphs": graphs,
        "Description": description, "Buffers": data,
    }  # fmt: skip
    builder.Finish(_table(builder, "Model", fields), IDENTIFIER)
    return bytes(builder.Output())


class _Buffers:
    """The data of the file, every content once; place 0 is the empty buffer of activations."""

    def __init__(self) -> None:
        self.contents: list[bytes] = [b""]
        self._places: dict[bytes, int] = {}

    def place(self, tensor: Tensor) -> int:
        if tensor.data is None:
            return 0
        raw = stored(tensor.data, tensor.dtype)
        if raw not in self._places:
            self._places[raw] = len(self.contents)
            self.contents.append(raw)
        return self._places[raw]


def stored(data: NDArray[Any], dtype: DType) -> bytes:
    """The bytes of a constant: little-endian, int4 two to a byte."""
    if dtype is DType.INT4:
        return to_nibbles(data).tobytes()
    return np.ascontiguousarray(data, dtype.numpy.newbyteorder("<")).tobytes()


def _table(builder: Builder, name: str, fields: Mapping[str, Field]) -> int:
    """A table of the schema; vectors and tables in `fields` are offsets made before."""
    getattr(tflite, f"{name}Start")(builder)
    for field, value in fields.items():
        getattr(tflite, f"{name}Add{field}")(builder, value)
    return int(getattr(tflite, f"{name}End")(builder))


def _vector(builder: Builder, values: Iterable[float], dtype: type[np.generic]) -> int:
    return int(builder.CreateNumpyVector(np.array(list(values), dtype)))


def _tables(builder: Builder, offsets: Sequence[int]) -> int:
    """A vector of tables."""
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _buffer(builder: Builder, raw: bytes) -> int:
    if not raw:
        return _table(builder, "Buffer", {})
    builder.StartVector(1, len(raw), ALIGN)
    builder.head -= len(raw)
    builder.Bytes[builder.head : builder.head + len(raw)] = raw
    return _table(builder, "Buffer", {"Data": builder.EndVector()})


def _tensors(builder: Builder, tensors: Sequence[Tensor], places: Sequence[int]) -> int:
    return _tables(
        builder, [_tensor(builder, t, place) for t, place in zip(tensors, places, strict=True)]
    )


def _tensor(builder: Builder, tensor: Tensor, place: int) -> int:
    fields: dict[str, Field] = {
        "Shape": _vector(builder, tensor.shape, np.int32),
        "Type": _type(tensor.dtype),
        "Buffer": place,
        "Name": builder.CreateString(tensor.name.encode("utf-8", "replace")),
    }
    if tensor.quant is not None:
        fields["Quantization"] = _quantization(builder, tensor.quant)
    return _table(builder, "Tensor", fields | {"HasRank": not tensor.shape})


def _quantization(builder: Builder, quant: QuantParams) -> int:
    scale = _vector(builder, quant.scale.tolist(), np.float32)
    zero_point = _vector(builder, [quant.zero_point] * quant.scale.size, np.int64)
    fields = {"Scale": scale, "ZeroPoint": zero_point, "QuantizedDimension": quant.axis or 0}
    return _table(builder, "QuantizationParameters", fields)


def _code(builder: Builder, builtin: str, version: int) -> int:
    code = int(getattr(tflite.BuiltinOperator, builtin))
    fields = {
        "DeprecatedBuiltinCode": min(code, LAST_OLD_CODE), "Version": version, "BuiltinCode": code,
    }  # fmt: skip
    return _table(builder, "OperatorCode", fields)


def _operator(
    builder: Builder, op: Operator, index: Mapping[str, int], codes: list[tuple[str, int]]
) -> int:
    fields: dict[str, Field] = {
        "OpcodeIndex": codes.index((op.builtin, op.version)),
        "Inputs": _vector(builder, [index[t] if t else ABSENT for t in op.inputs], np.int32),
        "Outputs": _vector(builder, [index[t] for t in op.outputs], np.int32),
    }
    if op.table:
        options = {name: _option(builder, value) for name, value in op.fields.items()}
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, op.table)
        fields["BuiltinOptions"] = _table(builder, op.table, options)
    return _table(builder, "Operator", fields)


def _option(builder: Builder, value: Field) -> Field:
    """What a table takes: numbers, codes of types, offsets of vectors."""
    if isinstance(value, tuple):
        return _vector(builder, value, np.int32)
    return _type(value) if isinstance(value, DType) else value


def _type(dtype: DType) -> int:
    return int(getattr(tflite.TensorType, dtype.name))


def _subgraph(
    builder: Builder, draft: Draft, index: Mapping[str, int], tensors: int, operators: list[int]
) -> int:
    fields = {
        "Tensors": tensors,
        "Inputs": _vector(builder, [index[t] for t in draft.graph.inputs], np.int32),
        "Outputs": _vector(builder, [index[t] for t in draft.graph.outputs], np.int32),
        "Operators": _tables(builder, operators),
        "Name": builder.CreateString("main"),
    }
    return _table(builder, "SubGraph", fields)
