"""Operators on one element at a time, and on two that broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from math import prod

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Const, Operand, Value
from edgeq.frontends.onnx_layout import Layout
from edgeq.frontends.onnx_node import OnnxNode, joint_shape, together
from edgeq.ir import Attr

Results = tuple[Operand, ...]
Handler = Callable[[OnnxNode], Results]

LOWEST, HIGHEST = float(np.finfo(np.float32).min), float(np.finfo(np.float32).max)
ACTIVATION: Mapping[str, Attr] = {"activation": "none"}
SUM: Mapping[str, Attr] = {"activation": "none", "pot_scale_int16": False}
BINARY: Mapping[str, tuple[str, Mapping[str, Attr]]] = {
    "Add": ("add", SUM), "Sub": ("sub", SUM), "Mul": ("mul", ACTIVATION),
    "Div": ("div", ACTIVATION), "Min": ("minimum", {}), "Max": ("maximum", {}),
    "Sum": ("add", SUM),
}  # fmt: skip
CLAMPS = {(0.0, HIGHEST): "relu", (0.0, 6.0): "relu6", (-1.0, 1.0): "relu_n1_to_1"}
SIXTH = 1 / 6


def plain(op: str) -> Handler:
    """An operator without parameters."""
    return lambda node: node.same(op)


def identity(node: OnnxNode) -> Results:
    """Identity, and Dropout, which does nothing after training."""
    if node.op == "Dropout" and any(node.outputs[1:]):
        raise ModelError("the mask of a Dropout is not supported")
    return (node.operand(0),)


def cast(node: OnnxNode) -> Results:
    """Cast between floats, which are all float32 here."""
    floats = (1, 10, 11, 16)
    if node.number("to") not in floats:
        raise ModelError("a cast to integers is not supported",
                         why="only constants may be cast to them")  # fmt: skip
    return (node.operand(0),)


def binary(node: OnnxNode) -> Results:
    """Operators of two operands, or of several one after the other."""
    op, attrs = BINARY[node.op]
    operands = [o for o in node.inputs if o is not None]
    if node.op == "Div" and isinstance(operands[1], Const):
        op, attrs = BINARY["Mul"]
        operands[1] = _reciprocal(operands[1])
    if len(operands) == 1:
        return (operands[0],)
    return (reduce(lambda a, b: pair(node, op, a, b, attrs), operands),)


def pair(node: OnnxNode, op: str, a: Operand, b: Operand, attrs: Mapping[str, Attr]) -> Operand:
    """A node of two operands; only one of them may be constant."""
    shape = tuple(np.broadcast_shapes(a.shape, b.shape))
    clamp = _as_relu(op, a, b)
    if clamp is not None:
        y = node.build.node("relu", (clamp.tensor,), node.build.tensors[clamp.tensor].shape,
                            node.name)  # fmt: skip
        return replace(clamp, tensor=y)
    names, result = together(node.build, (a, b), shape, node.name)
    first = next(i for i, o in enumerate((a, b)) if isinstance(o, Value))
    y = node.build.node(
        op, names, joint_shape(node.build, names), node.name, attrs, like=names[first]
    )
    return replace(result, tensor=y)


def reciprocal(node: OnnxNode) -> Results:
    """1 / x."""
    return (pair(node, "div", Const(np.ones((), np.float32)), node.value(), ACTIVATION),)


def power(node: OnnxNode) -> Results:
    """Pow by a constant: a square is a product, a half a root."""
    x, exponent = node.value(), node.real(1, "the exponent")
    if exponent == 1:
        return (x,)
    if exponent == 2:  # noqa: PLR2004 (a square)
        return (pair(node, "mul", x, x, ACTIVATION),)
    if exponent == 0.5:  # noqa: PLR2004 (a root)
        return node.same("sqrt")
    return node.same("pow", {"exponent": exponent})


def clip(node: OnnxNode) -> Results:
    """Clip; the usual bounds have operators of their own."""
    if node.opset < 11:  # noqa: PLR2004 (inputs from then on)
        low, high = node.attrs.get("min", LOWEST), node.attrs.get("max", HIGHEST)
    else:
        low, high = node.real(1, "min", LOWEST), node.real(2, "max", HIGHEST)
    return clamped(node, float(low), float(high))


def clamped(node: OnnxNode, low: float, high: float) -> Results:
    """The first input between two bounds."""
    if np.isnan(low) or np.isnan(high) or low > high:
        raise ModelError(f"it clips to [{low}, {high}]")
    low, high = max(low, LOWEST), min(high, HIGHEST)
    if (low, high) == (LOWEST, HIGHEST):
        return (node.operand(0),)
    op = CLAMPS.get((low, high))
    return node.same(op) if op else node.same("clip", {"lo": low, "hi": high})


def prelu(node: OnnxNode) -> Results:
    """PRelu; a single slope is that of LeakyRelu."""
    slope = node.const(1, "the slope")
    if prod(slope.shape) == 1:
        return node.same("leaky_relu", {"alpha": float(slope.real.reshape(-1)[0])})
    return (pair(node, "prelu", node.value(), slope, {}),)


def leaky_relu(node: OnnxNode) -> Results:
    """LeakyRelu: alpha below zero."""
    return node.same("leaky_relu", {"alpha": node.decimal("alpha", 0.01)})


def elu(node: OnnxNode) -> Results:
    """Elu: alpha * (exp(x) - 1) below zero."""
    return node.same("elu", {"alpha": node.decimal("alpha", 1.0)})


def gelu(node: OnnxNode) -> Results:
    """Gelu, exact or by tanh."""
    kind = node.text("approximate", "none")
    if kind not in ("none", "tanh"):
        raise ModelError(f"approximation {kind!a} is not supported")
    return node.same("gelu", {"approximate": kind})


def hard_sigmoid(node: OnnxNode) -> Results:
    """HardSigmoid: alpha * x + beta between 0 and 1."""
    alpha, beta = node.decimal("alpha", 0.2), node.decimal("beta", 0.5)
    return node.same("hard_sigmoid", {"alpha": alpha, "beta": beta})


def softmax(node: OnnxNode) -> Results:
    """Softmax along one axis; before opset 13 over everything from the axis on."""
    x = node.value()
    rank = len(x.shape)
    if node.opset >= 13:  # noqa: PLR2004 (the definition's version)
        return (_softmax_last(node, x, node.axis(-1, rank)),)
    axis = node.axis(1, rank + 1)
    flat = (prod(x.shape[:axis]), prod(x.shape[axis:]))
    if flat[1] == (x.shape[axis] if axis < rank else 1):
        return (_softmax_last(node, x, min(axis, rank - 1)),)
    rows = reshaped(node, x, flat)
    return (reshaped(node, _softmax_last(node, rows, 1), x.shape),)


def reshaped(node: OnnxNode, x: Value, shape: tuple[int, ...]) -> Value:
    """The same elements under another shape; memory moves only when it must."""
    layout = x.layout.reshaped(shape)
    if layout is not None:
        return Value(x.tensor, layout, "", x.unsigned)
    plain_order = tuple(range(len(x.shape)))
    return Value(node.build.arranged(x, plain_order), Layout.of(shape), "", x.unsigned)


def _softmax_last(node: OnnxNode, x: Value, axis: int) -> Value:
    order = x.layout.usual_order()
    last = (*(d for d in order if d != axis), axis)
    tensor = node.build.arranged(x, last)
    shape = node.build.tensors[tensor].shape
    y = node.build.node("softmax", (tensor,), shape, node.name, {"beta": 1.0})
    return Value(y, Layout.of(x.shape, last))


def _reciprocal(const: Const) -> Const:
    real = const.real
    if real.dtype != np.float32 or not real.all():
        raise ModelError("a division by zero, or of integers, is not supported")
    return Const(np.float32(1) / real)


def _as_relu(op: str, a: Operand, b: Operand) -> Value | None:
    """The value of a maximum with the constant 0, which is a relu."""
    if op != "maximum":
        return None
    for x, other in ((a, b), (b, a)):
        zero = isinstance(other, Const) and other.data.size == 1 and not other.real.any()
        if zero and isinstance(x, Value) and len(other.shape) <= len(x.shape):
            return x
    return None
