"""QuantizeLinear and DequantizeLinear, and the operators that are made of them and another one.

What the file has unsigned is seen as signed: u - 128 on the zero point less 128 is the same
number.  An operator on integers, such as QLinearConv, is read as what it stands for:
dequantize, compute, quantize; `onnx_integer` makes one integer operator of that again.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Builder, Const, Operand, Value
from edgeq.frontends.onnx_node import OnnxNode, axis_of
from edgeq.ir import DType, QuantParams, Shape

Results = tuple[Operand, ...]
SIGNED = {
    "int8": (DType.INT8, 0), "uint8": (DType.INT8, 128), "int16": (DType.INT16, 0),
    "uint16": (DType.INT16, 32768), "int32": (DType.INT32, 0),
}  # fmt: skip
"""By the type of a zero point: the type here, and what is taken away."""

KINDS = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16"}
"""By the schema's number: types that a QuantizeLinear may name as its output."""


def quantize_linear(node: OnnxNode) -> Results:
    """QuantizeLinear: one scale for a computed value."""
    scale, zero, kind = parameters(node, 1)
    if node.number("output_dtype") in KINDS and node.given(2) is None:
        kind = KINDS[node.number("output_dtype")]
    x = node.operand(0)
    if isinstance(x, Const):
        return (_integers(x, scale, zero, kind, node.number("axis", 1)),)
    return (quantized(node, node.value(), scale, zero, kind),)


def quantized(
    node: OnnxNode, x: Value, scale: NDArray[np.float64], zero: NDArray[np.int64], kind: str,
    *, aside: bool = False,
) -> Value:  # fmt: skip
    """X as integers of type `kind`, seen as signed."""
    if kind not in SIGNED or kind == "int32":
        raise ModelError(f"quantization to {kind} is not supported")
    if scale.size != 1:
        raise ModelError("activations with a scale per channel are not supported")
    dtype, offset = SIGNED[kind]
    quant = QuantParams(scale, int(zero[0]) - offset)
    output = (node.build.tensors[x.tensor].shape, dtype, quant)
    y = node.build.node_of("quantize", (x.tensor,), node.name, None, output, aside=aside)
    return replace(x, tensor=y, unsigned=offset > 0)


def _integers(
    x: Const, scale: NDArray[np.float64], zero: NDArray[np.int64], kind: str, axis: int
) -> Const:
    """A constant as integers: x / scale in float32, to nearest and ties to even."""
    shape = [1] * len(x.shape)
    if scale.size > 1:
        shape[axis_of(axis, len(x.shape))] = -1
    if kind not in SIGNED or kind == "int32":
        raise ModelError(f"quantization to {kind} is not supported")
    steps = np.rint(x.real / scale.astype(np.float32).reshape(shape)) + zero.reshape(shape)
    limits = np.iinfo(kind)
    return Const(np.clip(steps, limits.min, limits.max).astype(kind))


def dequantize_linear(node: OnnxNode) -> Results:
    """DequantizeLinear: a constant keeps its integers and its scale."""
    scale, zero, _ = parameters(node, 1)
    axis = node.number("axis", 1)
    x = node.operand(0)
    if isinstance(x, Const):
        return (on_scale(x, scale, zero, axis),)
    return (dequantized(node.build, x, scale, zero, node.name),)


def dequantized(
    build: Builder, x: Value, scale: NDArray[np.float64], zero: NDArray[np.int64], name: str,
    *, aside: bool = False,
) -> Value:  # fmt: skip
    """The reals of computed integers."""
    if scale.size != 1:
        raise ModelError("activations with a scale per channel are not supported")
    tensor = build.tensors[x.tensor]
    if tensor.dtype not in (DType.INT8, DType.INT16):
        raise ModelError(f"computed {tensor.dtype} values are not dequantized")
    offset = (128 if tensor.dtype is DType.INT8 else 32768) if x.unsigned else 0
    quant = QuantParams(scale, int(zero[0]) - offset)
    if tensor.quant is None:
        build.tensors[x.tensor] = replace(tensor, quant=quant)
    elif tensor.quant != quant:
        raise ModelError(
            "integers are read on another scale than they were written",
            why=f"{_text(tensor.quant)} before, {_text(quant)} now",
        )
    output = (tensor.shape, DType.FLOAT32, None)
    y = build.node_of("dequantize", (x.tensor,), name, None, output, aside=aside)
    return replace(x, tensor=y, unsigned=False)


def on_scale(x: Const, scale: NDArray[np.float64], zero: NDArray[np.int64], axis: int) -> Const:
    """A constant with its scale; floats when zero points differ between channels."""
    kind = str(x.data.dtype)
    if kind not in SIGNED:
        raise ModelError(f"constants of {kind} are not dequantized")
    along = axis_of(axis, len(x.shape)) if scale.size > 1 else None
    if along is not None and x.shape[along] != scale.size:
        raise ModelError(f"{scale.size} scales do not fit axis {along} of {x.shape}")
    if np.unique(zero).size > 1:
        shape = tuple(-1 if d == along else 1 for d in range(len(x.shape)))
        real = (x.data.astype(np.int64) - zero.reshape(shape)) * scale.reshape(shape)
        return Const(real.astype(np.float32))
    dtype, offset = SIGNED[kind]
    data = (x.data.astype(np.int64) - offset).astype(dtype.numpy)
    quant = QuantParams(scale, int(zero[0]) - offset, along)
    narrow = x.dtype is DType.INT4 and quant.zero_point == 0
    return Const(data, quant, DType.INT4 if narrow else dtype)


def parameters(node: OnnxNode, index: int) -> tuple[NDArray[np.float64], NDArray[np.int64], str]:
    """Scales, zero points and the integer type of inputs `index` and `index` + 1.

    Raises:
        ModelError: they are computed, not positive and finite, or of different sizes.
    """
    scale = node.const(index, "the scale").real.astype(np.float64).reshape(-1)
    if not scale.size or not np.isfinite(scale).all() or (scale <= 0).any():
        raise ModelError(f"a scale is not a positive number: {scale.min(initial=np.inf)}")
    if node.number("block_size"):
        raise ModelError("scales per block are not supported")
    if node.given(index + 1) is None:
        return scale, np.zeros(scale.size, np.int64), "uint8"
    points = node.const(index + 1, "the zero point").data
    zero = points.astype(np.int64).reshape(-1)
    if points.dtype.kind not in "iu" or zero.size not in (1, scale.size):
        raise ModelError(
            f"zero points {points.dtype} {points.shape} do not fit {scale.size} scales"
        )
    return scale, np.broadcast_to(zero, scale.shape), str(points.dtype)


def real_operand(node: OnnxNode, index: int, axis: int = 0) -> Operand:
    """Inputs `index` to `index` + 2, integers, scale and zero point, as what they stand for."""
    scale, zero, _ = parameters(node, index + 1)
    x = node.operand(index)
    if isinstance(x, Const):
        return on_scale(x, scale, zero, axis)
    return dequantized(node.build, x, scale, zero, f"{node.name}/real{index}", aside=True)


def real_bias(
    node: OnnxNode, index: int, products: NDArray[np.float64], count: int
) -> Const | None:
    """An int32 bias on the scale of the products."""
    if node.given(index) is None:
        return None
    bias = node.const(index, "the bias")
    if bias.data.dtype != np.int32 or prod(bias.shape) != count:
        raise ModelError(f"a bias of {bias.data.dtype} {bias.shape} does not fit {count} channels")
    scale = np.broadcast_to(products, (count,)) if products.size > 1 else products
    quant = QuantParams(scale.copy(), 0, 0 if scale.size > 1 else None)
    return Const(bias.data.reshape(count), quant, DType.INT32)


def result(node: OnnxNode, y: Operand, index: int) -> Value:
    """A computed real as integers on the scale of inputs `index` and `index` + 1."""
    scale, zero, kind = parameters(node, index)
    if isinstance(y, Const):
        raise ModelError("its result is constant")
    return quantized(node, y, scale, zero, kind, aside=True)


def scale_of(operand: Operand, build: Builder) -> NDArray[np.float64]:
    """The scales of an operand that `real_operand` gave."""
    if isinstance(operand, Const):
        return operand.quant.scale if operand.quant else np.ones(1)
    producer = next(n for n in reversed(build.nodes) if operand.tensor in n.outputs)
    quant = build.tensors[producer.inputs[0]].quant
    return quant.scale if quant else np.ones(1)


def like_standard(
    node: OnnxNode, op: str, inputs: tuple[Operand | None, ...], shape: Shape | None = None
) -> OnnxNode:
    """The node as the standard operator `op` on reals."""
    shapes = (shape,) if shape is not None else node.shapes
    return replace(node, op=op, inputs=inputs, shapes=shapes, outputs=(f"{node.name}/real",))


def _text(quant: QuantParams) -> str:
    return f"scale {quant.scale[0]:.9g}, zero point {quant.zero_point}"
