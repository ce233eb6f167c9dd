"""Quantized operators of .onnx files become integer operators, near ONNX Runtime's integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeq.errors import Problems
from edgeq.frontends.onnx import read_onnx
from edgeq.frontends.onnx_ops import RULES
from edgeq.ir import DType, Graph
from edgeq.ir.file_order import file_orders
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.frontends.onnx_models import MICROSOFT, OnnxModel

Array = NDArray[Any]
IMAGE = (1, 6, 7, 5)
R = np.random.default_rng(11)
X, W, Y = 0.02, 0.01, 0.05
"""Scales."""


class Quantized(OnnxModel):
    """A model whose values go through integers: `q` and `d` are QuantizeLinear and its inverse."""

    def scale(self, name: str, scale: Any, zero: Any, kind: str) -> tuple[str, str]:
        return self.const(f"{name}_scale", scale), self.const(f"{name}_zero", zero, kind)

    def q(self, x: str, y: str, scale: float, zero: int, kind: str = "uint8") -> str:
        self.node("QuantizeLinear", [x, *self.scale(y, scale, zero, kind)], [y])
        return y

    def d(self, x: str, y: str) -> str:
        self.node("DequantizeLinear", [x, f"{x}_scale", f"{x}_zero"], [y])
        return y

    def through(self, x: str, scale: float = X, zero: int = 120, kind: str = "uint8") -> str:
        """x rounded to integers and back."""
        return self.d(self.q(x, f"{x}_q", scale, zero, kind), f"{x}_real")

    def weights(self, name: str, shape: Sequence[int], axis: int | None = 0) -> str:
        """Constant int8 weights, with scales along `axis`."""
        data = R.integers(-127, 128, shape)
        count = shape[axis] if axis is not None else ()
        scale = R.uniform(W / 2, W, count)
        self.const(f"{name}_q", data, np.int8)
        inputs = [f"{name}_q", *self.scale(f"{name}_q", scale, np.zeros(count), "int8")]
        attrs: dict[str, Any] = {} if axis is None else {"axis": axis}
        self.node("DequantizeLinear", inputs, [name], **attrs)
        return name

    def end(self, x: str = "r", scale: float = Y, zero: int = 130, kind: str = "uint8") -> None:
        self.d(self.q(x, "r_q", scale, zero, kind), "y")


def unary(op: str, opset: int = 13, end: tuple[float, int] = (Y, 130), **attrs: Any) -> bytes:
    m = Quantized(opset)
    m.node(op, [m.through("x")], ["r"], **attrs)
    m.end(scale=end[0], zero=end[1])
    return m.build({"x": IMAGE})


def pair(op: str, kind: str = "uint8", zero: int = 120) -> bytes:
    m = Quantized()
    m.node(op, [m.through("a", X, zero, kind), m.through("b", 0.03, zero - 9, kind)], ["r"])
    m.end(kind=kind, zero=zero)
    return m.build({"a": IMAGE, "b": IMAGE})


def conv(kind: str, *, axis: int | None = 0, bias: str = "int32", **attrs: Any) -> bytes:
    m = Quantized()
    zero = 120 if kind == "uint8" else -8
    x, w = m.through("x", X, zero, kind), m.weights("w", (4, 6, 3, 3), axis)
    inputs = [x, w]
    if bias == "int32":
        scales = X * np.frombuffer(m.constants[-2].raw_data, np.float32).astype(np.float64)
        m.const("b_q", R.integers(-900, 900, 4), np.int32)
        zeros = np.zeros(scales.shape)
        m.node("DequantizeLinear", ["b_q", *m.scale("b_q", scales, zeros, "int32")], ["b"], axis=0)
        inputs.append("b")
    elif bias == "float":
        inputs.append(m.const("b", R.uniform(-1, 1, 4)))
    m.node("Conv", inputs, ["c"], **attrs)
    m.node("Relu", ["c"], ["r"])
    m.end(kind=kind, zero=0 if kind == "uint8" else -128)
    return m.build({"x": IMAGE})


def gemm(zero: int) -> bytes:
    """With uint8 weights that have a zero point."""
    m = Quantized()
    m.const("w_q", R.integers(0, 256, (30, 4)), np.uint8)
    m.node("DequantizeLinear", ["w_q", *m.scale("w_q", W, zero, "uint8")], ["w"])
    m.node("Gemm", [m.through("x"), "w", m.const("b", R.uniform(-1, 1, 4))], ["r"])
    m.end()
    return m.build({"x": (2, 30)})


def concat() -> bytes:
    m = Quantized()
    m.node("Concat", [m.through("a"), m.through("b", 0.03, 99)], ["r"], axis=1)
    m.end()
    return m.build({"a": IMAGE, "b": IMAGE})


def prelu() -> bytes:
    m = Quantized()
    m.node("PRelu", [m.through("x"), m.weights("s", (6, 1, 1), None)], ["r"])
    m.end()
    return m.build({"x": IMAGE})


def int16() -> bytes:
    m = Quantized(21)
    m.node("Conv", [m.through("x", 1e-4, 0, "int16"), m.weights("w", (4, 6, 3, 3))], ["r"])
    m.end(scale=3e-4, zero=0, kind="int16")
    return m.build({"x": IMAGE})


def moved() -> bytes:
    """Integers that are moved, turned and pooled between two scales that differ."""
    m = Quantized()
    x = m.through("x")
    m.node("Slice", [x, m.const("s", [1], np.int64), m.const("e", [5], np.int64),
                     m.const("t", [1], np.int64)], ["a"])  # fmt: skip
    m.node("Pad", ["a", m.const("p", [0, 1, 0, 0, 0, 0, 0, 0], np.int64)], ["b"])
    m.node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1])
    m.node("MaxPool", ["c"], ["r"], kernel_shape=[2, 2])
    m.end()
    return m.build({"x": IMAGE})


def linear(op: str, inputs: Sequence[str], m: Quantized, domain: str = "", **attrs: Any) -> None:
    """A node on integers, and its result on the scale called r_q."""
    names = [n for i in inputs for n in (i, f"{i}_scale", f"{i}_zero")]
    m.node(op, [*names, *m.scale("r_q", Y, 130, "uint8")], ["r_q"], domain=domain, **attrs)
    m.d("r_q", "y")


def qlinear(op: str, **attrs: Any) -> bytes:
    """A node of Microsoft on one value."""
    m = Quantized()
    m.q("x", "x_q", X, 120)
    linear(op, ["x_q"], m, MICROSOFT, **attrs)
    return m.build({"x": IMAGE})


def qlinear_pair(op: str) -> bytes:
    m = Quantized()
    m.q("a", "a_q", X, 120)
    m.q("b", "b_q", 0.03, 99)
    linear(op, ["a_q", "b_q"], m, MICROSOFT)
    return m.build({"a": IMAGE, "b": IMAGE})


def qlinear_concat() -> bytes:
    m = Quantized()
    m.q("a", "a_q", X, 120)
    m.q("b", "b_q", 0.03, 99)
    names = [n for i in ("a_q", "b_q") for n in (i, f"{i}_scale", f"{i}_zero")]
    m.node("QLinearConcat", [*m.scale("r_q", Y, 130, "uint8"), *names], ["r_q"], domain=MICROSOFT,
           axis=1)  # fmt: skip
    m.d("r_q", "y")
    return m.build({"a": IMAGE, "b": IMAGE})


def integer_weights(m: Quantized, shape: Sequence[int], kind: str, count: int | None) -> None:
    low, high = (-60, 61) if kind == "int8" else (70, 190)
    m.const("w", R.integers(low, high, shape), kind)
    zero = 0 if kind == "int8" else 128
    size = () if count is None else count
    m.scale("w", R.uniform(W / 2, W, size), np.full(size, zero), kind)


def qlinear_conv() -> bytes:
    m = Quantized()
    m.q("x", "x_q", X, 120)
    integer_weights(m, (4, 6, 3, 3), "int8", 4)
    names = ["x_q", "x_q_scale", "x_q_zero", "w", "w_scale", "w_zero"]
    bias = m.const("b", R.integers(-900, 900, 4), np.int32)
    m.node("QLinearConv", [*names, *m.scale("r_q", Y, 130, "uint8"), bias], ["r_q"],
           pads=[1, 1, 0, 0], strides=[2, 1])  # fmt: skip
    m.d("r_q", "y")
    return m.build({"x": IMAGE})


def qlinear_matmul(kind: str) -> bytes:
    m = Quantized()
    m.q("x", "x_q", X, 120)
    integer_weights(m, (30, 4), kind, None)
    linear("QLinearMatMul", ["x_q", "w"], m)
    return m.build({"x": (2, 30)})


def qgemm(*, turned: bool) -> bytes:
    m = Quantized()
    m.q("x", "x_q", X, 120)
    integer_weights(m, (4, 30) if turned else (30, 4), "int8", None)
    m.const("c", R.integers(-900, 900, 4), np.int32)
    names = ["x_q", "x_q_scale", "x_q_zero", "w", "w_scale", "w_zero", "c"]
    m.node("QGemm", [*names, *m.scale("r_q", Y, 130, "uint8")], ["r_q"], domain=MICROSOFT,
           transB=int(turned), alpha=1.0)  # fmt: skip
    m.d("r_q", "y")
    return m.build({"x": (2, 30)})


# model, and the share of elements that may be one step off: more where a tie is likely
MODELS: dict[str, tuple[bytes, float]] = {
    "Conv uint8": (conv("uint8"), 0.01),
    "Conv int8": (conv("int8"), 0.01),
    "Conv one scale": (conv("uint8", axis=None, bias=""), 0.01),
    "Conv float bias": (conv("uint8", bias="float"), 0.02),
    "Conv padded": (conv("uint8", pads=[1, 1, 1, 1], strides=[2, 2]), 0.01),
    "Conv int16": (int16(), 0.5),  # its factors have 16 bits
    "Gemm": (gemm(128), 0.01),
    "Gemm with a zero point": (gemm(100), 0.01),
    "Add": (pair("Add"), 0.5),
    "Add int8": (pair("Add", "int8", -3), 0.5),
    "Sub": (pair("Sub"), 0.5),
    "Mul": (pair("Mul"), 0.5),
    "Concat": (concat(), 0.5),
    "PRelu": (prelu(), 0.05),
    "moves": (moved(), 0.5),
    "AveragePool": (unary("AveragePool", kernel_shape=[2, 2], end=(X, 120)), 0.5),
    "AveragePool rescaled": (unary("AveragePool", kernel_shape=[2, 2]), 0.5),
    "GlobalAveragePool": (unary("GlobalAveragePool"), 0.05),
    "ReduceMean": (unary("ReduceMean", axes=[2, 3], keepdims=0), 0.05),
    "Resize": (unary("MaxPool", kernel_shape=[2, 2], end=(X, 120)), 0.0),
    "Relu": (unary("Relu", end=(X, 0)), 0.01),
    "LeakyRelu": (unary("LeakyRelu", alpha=0.1), 0.5),
    "Sigmoid": (unary("Sigmoid", end=(1 / 256, 0)), 0.01),
    "Tanh": (unary("Tanh", end=(1 / 128, 128)), 0.01),
    "HardSwish": (unary("HardSwish", opset=14), 0.5),
    "Softmax": (unary("Softmax", axis=1, end=(1 / 256, 0)), 0.1),
    "Softmax on another scale": (unary("Softmax", axis=1, end=(1 / 255, 0)), 0.1),
    "QLinearConv": (qlinear_conv(), 0.01),
    "QLinearMatMul": (qlinear_matmul("int8"), 0.01),
    "QLinearMatMul uint8": (qlinear_matmul("uint8"), 0.01),
    "QGemm": (qgemm(turned=False), 0.01),
    "QGemm turned": (qgemm(turned=True), 0.01),
    "QLinearAdd": (qlinear_pair("QLinearAdd"), 0.5),
    "QLinearMul": (qlinear_pair("QLinearMul"), 0.5),
    "QLinearConcat": (qlinear_concat(), 0.5),
    "QLinearSigmoid": (qlinear("QLinearSigmoid"), 0.5),
    "QLinearLeakyRelu": (qlinear("QLinearLeakyRelu", alpha=0.1), 0.5),
    "QLinearSoftmax": (qlinear("QLinearSoftmax", axis=1, opset=13), 0.5),
    "QLinearAveragePool": (qlinear("QLinearAveragePool", kernel_shape=[2, 2]), 0.5),
    "QLinearAveragePool channels last": (
        qlinear("QLinearAveragePool", kernel_shape=[2, 2], channels_last=1), 0.5),
    "QLinearGlobalAveragePool": (qlinear("QLinearGlobalAveragePool", channels_last=0), 0.05),
}  # fmt: skip


def steps(data: bytes, oracle: Oracle, rng: np.random.Generator) -> tuple[Graph, Array, Array]:
    """The prepared graph, edgeq's integers and ONNX Runtime's, from random inputs."""
    graph = prepare(read_onnx(data))
    orders, sample = file_orders(graph), {}
    for name in graph.inputs:
        sample[name] = rng.uniform(-2, 2.5, graph.tensors[name].shape).astype(np.float32)
    (y,) = exact(graph, Profile.EDGEQ).run(sample).values()
    oracle.load(data)
    back = {n: x.transpose(np.argsort(orders[n])) if n in orders else x for n, x in sample.items()}
    (theirs,) = oracle.invoke([back[n] for n in graph.inputs]).outputs
    if graph.outputs[0] in orders:
        theirs = theirs.transpose(orders[graph.outputs[0]])
    last = graph.producer(graph.outputs[0])
    while last is not None and last.op != "dequantize":
        last = graph.producer(last.inputs[0])
    assert last is not None
    quant = graph.tensors[last.inputs[0]].quant
    assert quant is not None
    return graph, y / quant.scale[0], theirs / quant.scale[0]


@pytest.mark.parametrize("name", MODELS)
def test_integers_are_near(name: str, onnxruntime: Oracle, rng: np.random.Generator) -> None:
    data, share = MODELS[name]
    graph, ours, theirs = steps(data, onnxruntime, rng)
    assert ours.shape == theirs.shape
    off = np.rint(np.abs(ours - theirs))
    assert len(np.unique(np.rint(ours))) > min(4, ours.size // 2)
    assert off.max() <= 1
    assert np.count_nonzero(off) <= share * off.size + (share > 0)
    floats = [
        n.op
        for n in graph.nodes
        if all(graph.tensors[t].dtype is DType.FLOAT32 for t in (*n.inputs, *n.outputs) if t)
    ]
    assert set(floats) <= {"reshape", "transpose"}


def test_every_integer_operator_is_tried() -> None:
    tried = {name.split()[0] for name in MODELS}
    assert {op for _, op in RULES if op.startswith("Q")} - {"QuantizeLinear"} <= tried


def test_bytes_outside_stay_bytes(onnxruntime: Oracle, rng: np.random.Generator) -> None:
    """uint8 inputs and outputs are those of the file, and int8 inside."""
    m = Quantized()
    m.scale("x", X, 120, "uint8")
    m.d("x", "a")
    m.node("Conv", ["a", m.weights("w", (4, 6, 3, 3))], ["r"])
    m.q("r", "y", Y, 130)
    data = m.build({"x": IMAGE}, kind=2)
    graph = prepare(read_onnx(data))
    x, y = graph.tensors["x"], graph.tensors["y"]
    assert (x.dtype, y.dtype) == (DType.UINT8, DType.UINT8)
    assert x.quant is not None
    assert x.quant.zero_point == 120
    assert np.float32(x.quant.scale[0]) == np.float32(X)
    sample = rng.integers(0, 256, x.shape).astype(np.uint8)
    found = exact(graph, Profile.EDGEQ).run({"x": sample})["y"]
    onnxruntime.load(data)
    (theirs,) = onnxruntime.invoke([sample.transpose(0, 3, 1, 2)]).outputs
    gap = np.abs(found.astype(int) - theirs.transpose(0, 2, 3, 1).astype(int))
    assert gap.max() <= 1
    assert np.count_nonzero(gap) <= 1


def test_a_relu_that_quantization_swallowed_is_in_the_float_meaning() -> None:
    """The zero point of what follows is its lowest value: nothing below 0 remains."""
    m = Quantized()
    m.node("Conv", [m.through("x"), m.weights("w", (4, 6, 1, 1))], ["r"])
    m.end(zero=0)
    from edgeq.reference.float import FloatModel

    graph = read_onnx(m.build({"x": IMAGE}))
    x = np.full(graph.tensors["x"].shape, -1, np.float32)
    values = FloatModel(graph).run(
        {
            "x": x,
        }
    )["y"]
    assert values.min() == 0


def test_weights_alone_are_floats() -> None:
    m = Quantized()
    m.node("Conv", ["x", m.weights("w", (4, 6, 3, 3))], ["y"])
    graph = read_onnx(m.build({"x": IMAGE}))
    assert all(t.dtype is DType.FLOAT32 for t in graph.tensors.values())
    assert graph.numerics == ""


def test_what_the_file_leaves_in_float_is_named_when_it_is_compiled() -> None:
    m = Quantized()
    m.node("Exp", [m.through("x")], ["y"], name="the_exp")
    with pytest.raises(Problems, match="the_exp"):
        prepare(read_onnx(m.build({"x": IMAGE})))


def test_integers_read_on_another_scale_are_refused() -> None:
    m = Quantized()
    m.q("x", "x_q", X, 120)
    m.node("DequantizeLinear", ["x_q", m.const("s", 0.5), "x_q_zero"], ["y"])
    with pytest.raises(Problems, match="another scale than they were written"):
        read_onnx(m.build({"x": IMAGE}))


def test_int4_weights_stay_int4() -> None:
    import onnx

    m = Quantized(21)
    data = R.integers(-7, 8, (4, 6, 1, 1))
    m.constants.append(onnx.helper.make_tensor("w_q", onnx.TensorProto.INT4, data.shape,
                                               data.reshape(-1).tolist()))  # fmt: skip
    m.node("DequantizeLinear", ["w_q", m.const("s", R.uniform(0.1, 0.2, 4))], ["w"], axis=0)
    m.node("Conv", [m.through("x"), "w"], ["r"], name="conv")
    m.end()
    graph = prepare(read_onnx(m.build({"x": IMAGE})))
    weights = next(t for t in graph.tensors.values() if t.dtype is DType.INT4)
    assert weights.data is not None
    assert np.array_equal(weights.data.reshape(4, 6), data.reshape(4, 6))
