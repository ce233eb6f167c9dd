"""The operators of a .tflite file that have a meaning here, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
import tflite

from edgeq.errors import ModelError
from edgeq.frontends import tflite_more as more
from edgeq.frontends import tflite_shapes as shapes
from edgeq.frontends import tflite_slices as slices
from edgeq.frontends import tflite_windows as windows
from edgeq.frontends.flatbuffer import Record
from edgeq.frontends.tflite_source import Meaning, Source
from edgeq.ir import DType

FLOAT = frozenset({DType.FLOAT32})
QUANTIZED = frozenset({DType.INT8, DType.INT16, DType.UINT8})
REAL = FLOAT | QUANTIZED
SIGNED = FLOAT | {DType.INT8, DType.INT16}
INDICES = frozenset({DType.INT32, DType.INT64})
ANY = REAL | INDICES | {DType.BOOL}


@dataclass(frozen=True, slots=True)
class Rule:
    """How one operator is read.

    read      what it means
    inputs    fewest and most inputs
    outputs   likewise
    options   its option table, if it has one
    types     raises on element types that it does not take
    """

    read: Callable[[Source], Meaning]
    types: Callable[[Source], None]
    inputs: tuple[int, int] = (1, 1)
    outputs: tuple[int, int] = (1, 1)
    options: str = ""

    def table(self) -> Record:
        """The generated class of its options."""
        return getattr(tflite, self.options) if self.options else None


def alike(allowed: frozenset[DType], first: int = 0) -> Callable[[Source], None]:
    """All data of one type in `allowed`, from the input `first` on."""

    def check(src: Source) -> None:
        x = src.need(first, "x")
        if x.dtype not in allowed:
            raise ModelError(f"{x.dtype} is not supported")
        for y in src.outputs:
            if y.dtype is not x.dtype:
                raise ModelError(f"{x.dtype} into {y.dtype} is not supported")

    return check


def all_alike(allowed: frozenset[DType]) -> Callable[[Source], None]:
    """`alike`, and every input of that type too."""
    check_first = alike(allowed)

    def check(src: Source) -> None:
        check_first(src)
        dtypes = {src.need(i, f"x{i}").dtype for i in range(len(src.inputs))}
        if len(dtypes) > 1:
            raise ModelError(f"inputs of types {', '.join(sorted(dtypes))} do not mix")

    return check


def into(sources: frozenset[DType], targets: frozenset[DType]) -> Callable[[Source], None]:
    """An input in `sources`, an output in `targets`."""

    def check(src: Source) -> None:
        x, y = src.need(0, "x"), src.outputs[0]
        if x.dtype not in sources or y.dtype not in targets:
            raise ModelError(f"{x.dtype} into {y.dtype} is not supported")

    return check


def plain(src: Source) -> Meaning:
    """An operator without parameters, named as in the IR."""
    return Meaning(src.name.lower())


def binary(src: Source) -> Meaning:
    """ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM: shapes broadcast."""
    a, b = src.need(0, "a"), src.need(1, "b")
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ModelError(f"shapes {a.shape} and {b.shape} do not broadcast") from None
    if src.name in ("MAXIMUM", "MINIMUM"):
        return Meaning(src.name.lower())
    attrs: dict[str, str | bool] = {"activation": src.options.activation()}
    if src.name in ("ADD", "SUB"):
        attrs["pot_scale_int16"] = src.options.flag("PotScaleInt16")
    return Meaning(src.name.lower(), attrs)


def softmax(src: Source) -> Meaning:
    """SOFTMAX over the last axis."""
    if not src.need(0, "x").shape:
        raise ModelError("a scalar has no softmax")
    return Meaning("softmax", {"beta": _finite(src, "Beta")})


def leaky_relu(src: Source) -> Meaning:
    """LEAKY_RELU: alpha below zero."""
    return Meaning("leaky_relu", {"alpha": _finite(src, "Alpha")})


def _finite(src: Source, field: str) -> float:
    value = src.options.real(field)
    if not isfinite(value):
        raise ModelError(f"{field} {value} is not finite")
    return value


def shape(src: Source) -> Meaning:
    """SHAPE: a constant, since shapes are."""
    return Meaning("shape", shapes=((len(src.need(0, "x").shape),),))


MANY = 1 << 16

RULES: dict[str, Rule] = {
    "CONV_2D": Rule(windows.conv_2d, windows.check_mac_types, (2, 3), options="Conv2DOptions"),
    "DEPTHWISE_CONV_2D": Rule(
        windows.depthwise_conv_2d, windows.check_mac_types, (2, 3), options="DepthwiseConv2DOptions"
    ),
    "FULLY_CONNECTED": Rule(
        windows.fully_connected, windows.check_mac_types, (2, 3), options="FullyConnectedOptions"
    ),
    "AVERAGE_POOL_2D": Rule(windows.pool_2d, alike(REAL), options="Pool2DOptions"),
    "MAX_POOL_2D": Rule(windows.pool_2d, alike(REAL), options="Pool2DOptions"),
    "ADD": Rule(binary, all_alike(REAL | INDICES), (2, 2), options="AddOptions"),
    "SUB": Rule(binary, all_alike(REAL | INDICES), (2, 2), options="SubOptions"),
    "MUL": Rule(binary, all_alike(REAL | INDICES), (2, 2), options="MulOptions"),
    "MAXIMUM": Rule(binary, all_alike(REAL | INDICES), (2, 2)),
    "MINIMUM": Rule(binary, all_alike(REAL | INDICES), (2, 2)),
    "MEAN": Rule(shapes.mean, alike(REAL), (2, 2), options="ReducerOptions"),
    "PAD": Rule(shapes.pad, alike(ANY), (2, 2)),
    "PADV2": Rule(shapes.pad, alike(ANY), (3, 3)),
    "RESHAPE": Rule(shapes.reshape, alike(ANY), (1, 2), options="ReshapeOptions"),
    "SQUEEZE": Rule(shapes.squeeze, alike(ANY), options="SqueezeOptions"),
    "EXPAND_DIMS": Rule(shapes.expand_dims, alike(ANY), (2, 2)),
    "SHAPE": Rule(shape, into(ANY, INDICES)),
    "TRANSPOSE": Rule(shapes.transpose, alike(ANY), (2, 2)),
    "SLICE": Rule(slices.slice_, alike(ANY), (3, 3)),
    "STRIDED_SLICE": Rule(slices.strided_slice, alike(ANY), (4, 4), options="StridedSliceOptions"),
    "CONCATENATION": Rule(
        shapes.concatenation, all_alike(ANY), (1, MANY), options="ConcatenationOptions"
    ),
    "PACK": Rule(shapes.pack, all_alike(ANY), (1, MANY), options="PackOptions"),
    "UNPACK": Rule(shapes.unpack, alike(ANY), (1, 1), (1, MANY), options="UnpackOptions"),
    "SPLIT": Rule(shapes.split, alike(ANY, 1), (2, 2), (1, MANY), options="SplitOptions"),
    "SPLIT_V": Rule(shapes.split_v, alike(ANY), (3, 3), (1, MANY), options="SplitVOptions"),
    "SOFTMAX": Rule(softmax, into(REAL, REAL), options="SoftmaxOptions"),
    "LOGISTIC": Rule(plain, alike(REAL)),
    "TANH": Rule(plain, alike(REAL)),
    "RELU": Rule(plain, alike(REAL)),
    "RELU6": Rule(plain, alike(REAL)),
    "RELU_N1_TO_1": Rule(plain, alike(REAL)),
    "LEAKY_RELU": Rule(leaky_relu, alike(REAL), options="LeakyReluOptions"),
    "HARD_SWISH": Rule(plain, alike(REAL)),
    "QUANTIZE": Rule(plain, into(REAL, QUANTIZED)),
    "DEQUANTIZE": Rule(plain, into(REAL | {DType.INT4}, FLOAT)),
    "TRANSPOSE_CONV": Rule(
        more.transpose_conv, more.check_transpose_types, (3, 4), options="TransposeConvOptions"
    ),
    "PRELU": Rule(more.prelu, more.check_prelu_types, (2, 2)),
    "DIV": Rule(binary, all_alike(SIGNED), (2, 2), options="DivOptions"),
    "ELU": Rule(more.elu, alike(SIGNED)),
    "GELU": Rule(more.gelu, alike(SIGNED), options="GeluOptions"),
    "EXP": Rule(plain, alike(SIGNED)),
    "SQRT": Rule(plain, alike(SIGNED)),
    "RSQRT": Rule(plain, alike(SIGNED)),
    "ABS": Rule(plain, alike(SIGNED)),
    "NEG": Rule(plain, alike(SIGNED)),
    "POW": Rule(more.power, all_alike(FLOAT), (2, 2)),
    "SUM": Rule(more.reduction, alike(SIGNED), (2, 2), options="ReducerOptions"),
    "REDUCE_MAX": Rule(more.reduction, alike(REAL), (2, 2), options="ReducerOptions"),
    "DEPTH_TO_SPACE": Rule(more.depth_to_space, alike(REAL), options="DepthToSpaceOptions"),
    "GATHER": Rule(more.gather, alike(REAL), (2, 2), options="GatherOptions"),
    "ARG_MAX": Rule(shapes.arg_max, into(REAL, INDICES), (2, 2)),
    "RESIZE_BILINEAR": Rule(shapes.resize, alike(REAL), (2, 2), options="ResizeBilinearOptions"),
    "RESIZE_NEAREST_NEIGHBOR": Rule(
        shapes.resize, alike(REAL), (2, 2), options="ResizeNearestNeighborOptions"
    ),
}
"""By the schema's name of the builtin operator."""
