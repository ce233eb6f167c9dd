"""The version of an operator: the lowest that knows its types and options.

Runtimes refuse a file whose operators are newer than they are, and LiteRT one that says an
older version than it needs.  Source: TensorFlow Lite's published table of what each version
added (tools/versioning/op_version.cc).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from edgeq.ir import DType, Tensor

Tensors: TypeAlias = tuple[Tensor | None, ...]
Rule: TypeAlias = Callable[[Tensors, Tensors, Mapping[str, Any]], int]

BROADCAST_RANK = 4
"""More dimensions than these are broadcast since later versions only."""

INT8_THEN_INT16 = {DType.INT8: 2, DType.INT16: 3}
INT8_LATER = {DType.INT8: 2, DType.INT16: 2}

BY_TYPE: Mapping[str, Mapping[DType, int]] = {
    **dict.fromkeys(
        ("AVERAGE_POOL_2D", "MAX_POOL_2D", "SOFTMAX", "MEAN", "RELU6", "LOGISTIC", "TANH",
         "CONCATENATION", "PACK", "REDUCE_MAX", "RSQRT", "BATCH_MATMUL"),
        INT8_THEN_INT16,
    ),
    **dict.fromkeys(
        ("SPLIT_V", "SUM", "ARG_MAX", "EXP", "SQRT"), INT8_LATER
    ),
    "RELU": {DType.INT8: 2, DType.UINT8: 2, DType.INT16: 3},
    "ABS": {DType.INT8: 2, DType.UINT8: 2, DType.INT16: 3},
    "GELU": {DType.INT8: 2, DType.UINT8: 2},
    "LEAKY_RELU": {DType.INT16: 2},
    "GATHER": {DType.INT8: 2, DType.BOOL: 3, DType.INT16: 4},
    "MUL": {DType.INT8: 2, DType.INT16: 4, DType.INT64: 5},
    "UNPACK": {DType.INT8: 2, DType.UINT8: 2, DType.BOOL: 3, DType.INT16: 4},
    "DEQUANTIZE": {DType.INT8: 2, DType.INT16: 3},
    "ADD": {DType.INT8: 2, DType.INT64: 4},
    "SUB": {DType.INT8: 2, DType.INT64: 4},
    "MAXIMUM": {DType.INT8: 2, DType.INT16: 4},
    "MINIMUM": {DType.INT8: 2, DType.INT16: 4},
    "PAD": INT8_THEN_INT16,
    "PADV2": INT8_THEN_INT16,
    "SLICE": {DType.INT8: 2, DType.INT16: 4},
    "STRIDED_SLICE": {DType.INT8: 2, DType.BOOL: 3, DType.INT16: 4},
    "TRANSPOSE": {DType.INT8: 2, DType.BOOL: 3, DType.INT16: 5},
    "RESIZE_BILINEAR": {DType.INT8: 2, DType.INT16: 4},
    "RESIZE_NEAREST_NEIGHBOR": {DType.INT8: 2, DType.INT16: 4},
}  # fmt: skip
"""By the type of the first input; 1 elsewhere.

DEPTH_TO_SPACE stays at 1: int8 came with 2, but LiteRT's reference kernels, which take it, end
at 1.
"""

BY_RANK: Mapping[str, tuple[tuple[int, int], ...]] = {
    "PAD": ((4, 4),), "PADV2": ((4, 4),), "SLICE": ((4, 5),), "STRIDED_SLICE": ((4, 4),),
    "TRANSPOSE": ((4, 4), (5, 6)), "SUB": ((BROADCAST_RANK, 3),), "DIV": ((BROADCAST_RANK, 2),),
    "MAXIMUM": ((BROADCAST_RANK, 3),), "MINIMUM": ((BROADCAST_RANK, 3),),
}  # fmt: skip
"""(rank, version) pairs: an input of more dimensions than rank needs at least the version."""


def version_of(builtin: str, read: Tensors, written: Tensors, fields: Mapping[str, Any]) -> int:
    """The version of an operator with these tensors and these fields of its option table."""
    if builtin in _SPECIAL:
        return _SPECIAL[builtin](read, written, fields)
    first = _dtype(read, 0)
    rank = max((len(t.shape) for t in read if t is not None), default=0)
    versions = [v for above, v in BY_RANK.get(builtin, ()) if rank > above]
    return max([_by_option(builtin, first, fields), *versions])


def _by_option(builtin: str, first: DType | None, fields: Mapping[str, Any]) -> int:
    """By type, and by the one option that some operators got later."""
    version = BY_TYPE.get(builtin, {}).get(first, 1) if first is not None else 1
    if builtin in ("ADD", "SUB") and first is DType.INT16 and not fields["PotScaleInt16"]:
        return 3 if builtin == "ADD" else 5
    if builtin.startswith("RESIZE_") and first is not DType.INT16 and _is_centred(builtin, fields):
        return 3
    return version


def _is_centred(builtin: str, fields: Mapping[str, Any]) -> bool:
    aligned = builtin == "RESIZE_NEAREST_NEIGHBOR" and bool(fields["AlignCorners"])
    return aligned or bool(fields["HalfPixelCenters"])


def _dtype(tensors: Tensors, index: int) -> DType | None:
    tensor = tensors[index] if index < len(tensors) else None
    return None if tensor is None else tensor.dtype


def _conv_2d(read: Tensors, _: Tensors, fields: Mapping[str, Any]) -> int:
    x, w = read[0], read[1]
    if "QuantizedBiasType" in fields:
        return 8
    if x is not None and w is not None and x.shape[3] != w.shape[3]:
        return 6  # grouped
    by_type = {DType.INT8: 3, DType.INT16: 4}
    return 7 if _dtype(read, 1) is DType.INT4 else by_type.get(_dtype(read, 0) or DType.BOOL, 1)


def _depthwise(read: Tensors, _: Tensors, fields: Mapping[str, Any]) -> int:
    if _dtype(read, 1) is DType.INT4:
        return 6  # 7 came with int4, but LiteRT's reference kernels, which take int4, end at 6
    by_type = {DType.INT8: 3, DType.INT16: 5}
    dilated = (fields["DilationHFactor"], fields["DilationWFactor"]) != (1, 1)
    return by_type.get(_dtype(read, 0) or DType.BOOL, 2 if dilated else 1)


def _fully_connected(read: Tensors, _: Tensors, fields: Mapping[str, Any]) -> int:
    x, w = _dtype(read, 0), read[1]
    if "QuantizedBiasType" in fields:
        return 11
    if x is DType.INT16:
        return 7
    if _dtype(read, 1) is DType.INT4:
        return 10
    if x is DType.INT8:
        per_channel = w is not None and w.quant is not None and w.quant.scale.size > 1
        return 12 if per_channel else 5 if fields["KeepNumDims"] else 4
    return 5 if fields["KeepNumDims"] else 1


def _transpose_conv(read: Tensors, _: Tensors, fields: Mapping[str, Any]) -> int:
    if "QuantizedBiasType" in fields:
        return 5
    if fields["FusedActivationFunction"]:
        return 4
    if _dtype(read, 3) is not None:
        return 3
    return 2 if _dtype(read, 1) is DType.INT8 else 1


def _split(read: Tensors, _: Tensors, fields: Mapping[str, Any]) -> int:
    del fields
    by_type = {DType.INT8: 2, DType.INT32: 3, DType.INT16: 4}
    return by_type.get(_dtype(read, 1) or DType.BOOL, 1)


def _quantize(read: Tensors, written: Tensors, fields: Mapping[str, Any]) -> int:
    del fields
    return 2 if DType.INT16 in (_dtype(read, 0), _dtype(written, 0)) else 1


_SPECIAL: Mapping[str, Rule] = {
    "CONV_2D": _conv_2d, "DEPTHWISE_CONV_2D": _depthwise, "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transpose_conv, "SPLIT": _split, "QUANTIZE": _quantize,
}  # fmt: skip
