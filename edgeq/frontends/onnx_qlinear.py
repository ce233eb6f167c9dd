"""Operators on integers, each read as dequantize, compute, quantize."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from onnx import helper

from edgeq.errors import ModelError
from edgeq.frontends import onnx_elementwise as elementwise
from edgeq.frontends import onnx_linear as linear
from edgeq.frontends import onnx_moves as moves
from edgeq.frontends import onnx_sums as sums
from edgeq.frontends import onnx_windows as windows
from edgeq.frontends.onnx_build import Const, Operand, Value
from edgeq.frontends.onnx_infer import infer
from edgeq.frontends.onnx_layout import channels_last
from edgeq.frontends.onnx_node import OnnxNode
from edgeq.ir import Shape

Results = tuple[Operand, ...]
Handler = Callable[[OnnxNode], Results]
X, SCALE_Y = 0, 6
"""Inputs of an operator of two operands: 0 to 2 and 3 to 5, the result's scale from 6 on."""


def conv(node: OnnxNode) -> Results:
    """QLinearConv: x, w with one scale or one per output channel, an int32 bias."""
    x, w = linear.real_operand(node, 0), linear.real_operand(node, 3)
    if not isinstance(w, Const):
        raise ModelError("the weights must be constant")
    products = linear.scale_of(x, node.build) * linear.scale_of(w, node.build)
    bias = linear.real_bias(node, 8, products, w.shape[0])
    (y,) = windows.conv(linear.like_standard(node, "Conv", (x, w, bias)))
    return (linear.result(node, y, SCALE_Y),)


def matmul(node: OnnxNode) -> Results:
    """QLinearMatMul; weights may have a scale for each column."""
    a = linear.real_operand(node, 0, -1)
    b = linear.real_operand(node, 3, -1)
    (y,) = sums.matmul(linear.like_standard(node, "MatMul", (a, b)))
    return (linear.result(node, y, SCALE_Y),)


def gemm(node: OnnxNode) -> Results:
    """com.microsoft QGemm; without a scale for the result that is float."""
    axis = 0 if node.number("transB") else 1
    a, b = linear.real_operand(node, 0), linear.real_operand(node, 3, axis)
    if not isinstance(b, Const):
        raise ModelError("the weights must be constant")
    alpha = node.decimal("alpha", 1.0)
    products = linear.scale_of(a, node.build) * linear.scale_of(b, node.build) * alpha
    shape = _shape(node, "Gemm", (a, b))
    c = linear.real_bias(node, 6, products, shape[1])
    # its bias has alpha in its scale, and is not multiplied by it again
    (y,) = sums.gemm(linear.like_standard(node, "Gemm", (a, b, c), shape))
    return (y,) if node.given(7) is None else (linear.result(node, y, 7),)


def binary(op: str) -> Handler:
    """com.microsoft QLinearAdd, QLinearMul."""

    def read(node: OnnxNode) -> Results:
        a, b = linear.real_operand(node, 0), linear.real_operand(node, 3)
        shape = _shape(node, op, (a, b))
        (y,) = elementwise.binary(linear.like_standard(node, op, (a, b), shape))
        return (linear.result(node, y, SCALE_Y),)

    return read


def image(op: str, read: Handler) -> Handler:
    """com.microsoft pools: x, its scale and zero point, those of y; perhaps channels last."""

    def wrapped(node: OnnxNode) -> Results:
        x = linear.real_operand(node, X)
        last = bool(node.number("channels_last"))
        if last:
            rank = max(len(x.shape), 3)
            x = _turned(x, (0, rank - 1, *range(1, rank - 1)))
        shape = _shape(node, op, (x,))
        (y,) = read(linear.like_standard(node, op, (x,), shape))
        z = linear.result(node, y, 3)
        return (_turned(z, channels_last(len(shape))) if last else z,)

    return wrapped


def unary(op: str, read: Handler) -> Handler:
    """com.microsoft QLinearSigmoid, QLinearLeakyRelu."""

    def wrapped(node: OnnxNode) -> Results:
        x = linear.real_operand(node, X)
        (y,) = read(linear.like_standard(node, op, (x,), x.shape))
        return (linear.result(node, y, 3),)

    return wrapped


def softmax(node: OnnxNode) -> Results:
    """com.microsoft QLinearSoftmax, of the opset that its attribute says."""
    x = linear.real_operand(node, X)
    inner = replace(linear.like_standard(node, "Softmax", (x,), x.shape),
                    opset=node.number("opset", node.opset))  # fmt: skip
    (y,) = elementwise.softmax(inner)
    return (linear.result(node, y, 3),)


def concat(node: OnnxNode) -> Results:
    """com.microsoft QLinearConcat: the result's scale first, then x, scale, zero of each."""
    count = (len(node.inputs) - 2) // 3
    if len(node.inputs) != 2 + 3 * count or not count:
        raise ModelError(f"it has {len(node.inputs)} inputs, not 2 and 3 for each operand")
    operands = tuple(linear.real_operand(node, 2 + 3 * i) for i in range(count))
    shape = _shape(node, "Concat", operands)
    (y,) = moves.concat(linear.like_standard(node, "Concat", operands, shape))
    return (linear.result(node, y, 0),)


def _shape(node: OnnxNode, op: str, inputs: tuple[Operand, ...]) -> Shape:
    """What the standard operator `op` makes of these inputs and the node's attributes."""
    kept = {k: v for k, v in node.attrs.items() if k != "channels_last"}
    try:
        standard = helper.make_node(op, [f"x{i}" for i in range(len(inputs))], ["y"], **kept)
    except (ValueError, TypeError):
        raise ModelError("its attributes do not fit") from None
    return infer(standard, node.opset, inputs, node.build)[0]


def _turned(x: Operand, perm: tuple[int, ...]) -> Value:
    if isinstance(x, Const) or len(x.shape) != len(perm):
        raise ModelError(f"its input of shape {x.shape} is no image, or constant")
    return replace(x, layout=x.layout.transposed(perm), origin="")
