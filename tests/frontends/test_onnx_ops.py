"""Every operator of an .onnx file means what ONNX Runtime computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq.frontends.onnx_ops import RULES
from edgeq.verify.oracle import Oracle
from tests.frontends.onnx_models import MICROSOFT, OnnxModel, one
from tests.frontends.onnx_trials import EPSILON, FUNCTIONS, differences

IMAGE = {"x": (1, 6, 7, 5)}
LINE = {"x": (1, 6, 9)}
ROWS = {"x": (2, 3, 4)}
R = np.random.default_rng(7)


def w(*shape: int) -> Any:
    """Constant numbers within 1."""
    return R.uniform(-1, 1, shape).astype(np.float32)


def scales(*values: float) -> Any:
    return np.array(values, np.float32)


def positive(*shape: int) -> Any:
    return R.uniform(0.5, 1, shape).astype(np.float32)


SUMS: dict[str, tuple[bytes, int]] = {
    "Conv": (one("Conv", IMAGE, {"w": w(4, 6, 3, 3), "b": w(4)}), 55),
    "Conv padded": (
        one("Conv", IMAGE, {"w": w(4, 6, 3, 2)}, pads=[1, 0, 2, 1], strides=[2, 1]), 36),
    "Conv dilated": (one("Conv", IMAGE, {"w": w(4, 6, 3, 2)}, dilations=[2, 3]), 36),
    "Conv same upper": (
        one("Conv", IMAGE, {"w": w(4, 6, 2, 3)}, auto_pad="SAME_UPPER", strides=[2, 2]), 36),
    "Conv same lower": (
        one("Conv", IMAGE, {"w": w(4, 6, 2, 3)}, auto_pad="SAME_LOWER", strides=[1, 2]), 36),
    "Conv valid": (one("Conv", IMAGE, {"w": w(4, 6, 2, 3)}, auto_pad="VALID"), 36),
    "Conv grouped": (one("Conv", IMAGE, {"w": w(4, 3, 3, 3), "b": w(4)}, group=2), 28),
    "Conv depthwise": (one("Conv", IMAGE, {"w": w(6, 1, 3, 3), "b": w(6)}, group=6), 10),
    "Conv depthwise twice": (one("Conv", IMAGE, {"w": w(12, 1, 3, 3)}, group=6), 9),
    "Conv line": (one("Conv", LINE, {"w": w(4, 6, 3), "b": w(4)}, pads=[1, 1], strides=[2]), 19),
    "Conv line depthwise": (one("Conv", LINE, {"w": w(6, 1, 3)}, group=6, dilations=[2]), 3),
    "Conv batch": (one("Conv", {"x": (3, 2, 5, 5)}, {"w": w(4, 2, 3, 3)}), 18),
    "Conv old": (one("Conv", IMAGE, {"w": w(4, 6, 3, 3)}, opset=7), 54),
    "Conv new": (one("Conv", IMAGE, {"w": w(4, 6, 3, 3)}, opset=22), 54),
    "ConvTranspose": (one("ConvTranspose", IMAGE, {"w": w(6, 4, 3, 3), "b": w(4)}), 55),
    "ConvTranspose strided": (
        one("ConvTranspose", IMAGE, {"w": w(6, 4, 3, 3)}, strides=[2, 2], pads=[1, 0, 1, 2],
            output_padding=[1, 1]), 54),
    "ConvTranspose dilated": (
        one("ConvTranspose", IMAGE, {"w": w(6, 4, 2, 3)}, dilations=[3, 2], strides=[1, 2]), 36),
    "ConvTranspose shaped": (
        one("ConvTranspose", IMAGE, {"w": w(6, 4, 3, 3)}, strides=[2, 2], output_shape=[14, 10]),
        54),
    "ConvTranspose same": (
        one("ConvTranspose", IMAGE, {"w": w(6, 4, 3, 3)}, strides=[2, 2], auto_pad="SAME_UPPER"),
        54),
    "ConvTranspose grouped": (
        one("ConvTranspose", IMAGE, {"w": w(6, 2, 3, 3), "b": w(4)}, group=2, strides=[2, 1]), 28),
    "ConvTranspose line": (one("ConvTranspose", LINE, {"w": w(6, 4, 3)}, strides=[2]), 18),
    "Gemm": (one("Gemm", {"x": (2, 7)}, {"b": w(7, 3), "c": w(3)}), 8),
    "Gemm turned": (
        one("Gemm", {"x": (7, 2)}, {"b": w(3, 7), "c": w(1, 3)}, transA=1, transB=1, alpha=0.5,
            beta=-2.0), 8),
    "Gemm with a scalar": (one("Gemm", {"x": (2, 7)}, {"b": w(7, 3), "c": w(1)}), 8),
    "Gemm with rows": (one("Gemm", {"x": (2, 7)}, {"b": w(7, 3), "c": w(2, 1)}), 8),
    "Gemm with a computed C": (
        one("Gemm", {"x": (2, 7), "c": (2, 3)}, {"b": w(7, 3)}, order=["x", "b", "c"], beta=0.5),
        8),
    "MatMul": (one("MatMul", {"x": (2, 7)}, {"b": w(7, 3)}), 7),
    "MatMul of many": (one("MatMul", {"x": (2, 3, 4, 7)}, {"b": w(7, 3)}), 7),
    "MatMul from the left": (one("MatMul", {"x": (2, 7, 5)}, {"a": w(3, 7)}, order=["a", "x"]), 7),
    "MatMul of a vector": (one("MatMul", {"x": (7,)}, {"b": w(7, 3)}), 7),
    "AveragePool": (one("AveragePool", IMAGE, kernel_shape=[3, 2], strides=[2, 1]), 6),
    "AveragePool padded": (
        one("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]), 9),
    "AveragePool with its border": (
        one("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1, 0, 1, 2], count_include_pad=1), 9),
    "AveragePool ceil": (
        one("AveragePool", IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1), 4),
    "AveragePool same": (
        one("AveragePool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"), 9),
    "AveragePool line": (one("AveragePool", LINE, kernel_shape=[3], strides=[2]), 3),
    "GlobalAveragePool": (one("GlobalAveragePool", IMAGE), 35),
    "GlobalAveragePool line": (one("GlobalAveragePool", LINE), 9),
    "ReduceMean": (one("ReduceMean", IMAGE, axes=[2, 3], keepdims=0), 35),
    "ReduceMean of channels": (one("ReduceMean", IMAGE, axes=[1]), 6),
    "ReduceMean of all": (one("ReduceMean", ROWS), 24),
    "ReduceMean new": (one("ReduceMean", ROWS, {"axes": [-1]}, opset=18, keepdims=0), 4),
    "ReduceSum": (one("ReduceSum", ROWS, {"axes": [1]}), 4),
    "ReduceSum old": (one("ReduceSum", ROWS, opset=11, axes=[0, 2], keepdims=0), 8),
    "BatchNormalization": (
        one("BatchNormalization", IMAGE,
            {"s": w(6), "b": w(6), "m": w(6), "v": positive(6)}, opset=15, epsilon=0.01), 8),
    "BatchNormalization of rows": (
        one("BatchNormalization", {"x": (2, 6)},
            {"s": w(6), "b": w(6), "m": w(6), "v": positive(6)}, opset=9), 8),
    "Resize linear": (
        one("Resize", IMAGE, {"s": scales(1, 1, 2, 3)}, order=["x", "", "s"], mode="linear"),
        4),
    "Resize linear aligned": (
        one("Resize", IMAGE, {"n": [1, 6, 13, 9]}, order=["x", "", "", "n"], mode="linear",
            coordinate_transformation_mode="align_corners"), 4),
    "Resize linear asymmetric": (
        one("Resize", IMAGE, {"n": [1, 6, 14, 10]}, order=["x", "", "", "n"], mode="linear",
            coordinate_transformation_mode="asymmetric"), 4),
    "Resize linear torch": (
        one("Resize", IMAGE, {"n": [1, 6, 4, 8]}, order=["x", "", "", "n"], mode="linear",
            coordinate_transformation_mode="pytorch_half_pixel"), 4),
    "Resize old linear": (
        one("Resize", IMAGE, {"s": scales(1, 1, 2, 2)}, opset=10, mode="linear"), 4),
    "Upsample linear": (
        one("Upsample", IMAGE, {"s": scales(1, 1, 2, 2)}, opset=9, mode="linear"), 4),
}  # fmt: skip

ELEMENTS: dict[str, bytes] = {
    **{op: one(op, IMAGE) for op in ("Relu", "Sigmoid", "Tanh", "Erf", "Exp", "Abs", "Neg")},
    "HardSwish": one("HardSwish", IMAGE, opset=14),
    "Sqrt": OnnxModel().node("Abs", ["x"], ["a"]).node("Sqrt", ["a"]).build(IMAGE),
    "Clip": one("Clip", IMAGE, {"lo": np.float32(-0.25), "hi": np.float32(0.5)}),
    "Clip from below": one("Clip", IMAGE, {"lo": np.float32(0)}),
    "Clip from above": one("Clip", IMAGE, {"hi": np.float32(0.3)}, order=["x", "", "hi"]),
    "Clip to 6": one("Clip", IMAGE, {"lo": np.float32(0), "hi": np.float32(6)}),
    "Clip old": one("Clip", IMAGE, opset=7, min=-0.5, max=0.25),
    "Clip of nothing": one("Clip", IMAGE),
    "LeakyRelu": one("LeakyRelu", IMAGE, alpha=0.3),
    "PRelu": one("PRelu", IMAGE, {"s": w(6, 1, 1)}),
    "PRelu of one slope": one("PRelu", IMAGE, {"s": w(1)}),
    "Elu": one("Elu", IMAGE, alpha=0.7),
    "Gelu": one("Gelu", IMAGE, opset=20),
    "Gelu by tanh": one("Gelu", IMAGE, opset=20, approximate="tanh"),
    "Gelu of Microsoft": one("Gelu", IMAGE, domain=MICROSOFT),
    "HardSigmoid": one("HardSigmoid", IMAGE, alpha=0.3, beta=0.4),
    "Softmax": one("Softmax", IMAGE, axis=1),
    "Softmax last": one("Softmax", ROWS),
    "Softmax old": one("Softmax", ROWS, opset=11, axis=1),
    "Softmax old last": one("Softmax", ROWS, opset=11, axis=2),
    "Pow of 2": one("Pow", IMAGE, {"p": np.float32(2)}),
    "Pow of 3": one("Pow", IMAGE, {"p": np.float32(3)}),
    "Pow of 1": one("Pow", IMAGE, {"p": np.float32(1)}),
    "Add": one("Add", {"a": (1, 6, 7, 5), "b": (1, 6, 7, 5)}),
    "Add of channels": one("Add", IMAGE, {"c": w(6, 1, 1)}),
    "Add of a computed channel": one("Add", {"a": (1, 6, 7, 5), "b": (1, 6, 1, 1)}),
    "Add outer": one("Add", {"a": (1, 6, 1, 5), "b": (7, 1)}),
    "Add of ranks": one("Add", {"a": (3, 4), "b": (2, 3, 4)}),
    "Sub": one("Sub", IMAGE, {"c": w(6, 7, 5)}),
    "Sub from a constant": one("Sub", IMAGE, {"c": np.float32(1)}, order=["c", "x"]),
    "Mul": one("Mul", {"a": (1, 6, 7, 5), "b": (1, 1, 7, 5)}),
    "Mul by itself": one("Mul", IMAGE, order=["x", "x"]),
    "Div": one("Div", IMAGE, {"c": positive(5)}),
    "Min": one("Min", {"a": (2, 3), "b": (2, 3), "c": (2, 1)}),
    "Max": one("Max", {"a": (2, 3), "b": (1, 3)}),
    "Max with 0": one("Max", IMAGE, {"c": np.float32(0)}),
    "Sum": one("Sum", {"a": (2, 3), "b": (2, 3), "c": (3,)}),
    "Div by a computed": OnnxModel().node("Exp", ["x"], ["e"]).node("Div", ["x", "e"]).build(IMAGE),
    "Reciprocal": OnnxModel().node("Exp", ["x"], ["e"]).node("Reciprocal", ["e"]).build(IMAGE),
    "Cast": one("Cast", IMAGE, to=1),
    "Identity": one("Identity", IMAGE),
    "Dropout": one("Dropout", IMAGE, opset=10),
}  # fmt: skip

MOVES: dict[str, bytes] = {
    "MaxPool": one("MaxPool", IMAGE, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]),
    "MaxPool ceil": one("MaxPool", IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "MaxPool line": one("MaxPool", LINE, kernel_shape=[3], strides=[2]),
    "GlobalMaxPool": one("GlobalMaxPool", IMAGE),
    "ReduceMax": one("ReduceMax", IMAGE, axes=[1, 3], keepdims=0),
    "ReduceMax new": one("ReduceMax", IMAGE, {"axes": [2]}, opset=18),
    "Flatten": one("Flatten", IMAGE),
    "Flatten from 2": one("Flatten", IMAGE, axis=2),
    "Reshape": one("Reshape", IMAGE, {"s": [0, -1, 5]}),
    "Transpose": one("Transpose", IMAGE, perm=[0, 2, 1, 3]),
    "Transpose all": one("Transpose", ROWS),
    "Squeeze": one("Squeeze", {"x": (1, 6, 1, 5)}, {"axes": [2]}),
    "Squeeze old": one("Squeeze", {"x": (1, 6, 1, 5)}, opset=11, axes=[0, 2]),
    "Unsqueeze": one("Unsqueeze", ROWS, {"axes": [0, -1]}),
    "Unsqueeze old": one("Unsqueeze", ROWS, opset=11, axes=[1]),
    "Concat": one("Concat", {"a": (1, 2, 3, 4), "b": (1, 5, 3, 4)}, axis=1),
    "Concat with a constant": one("Concat", {"a": (1, 2, 3)}, {"c": w(1, 2, 2)}, axis=-1),
    "Split": one("Split", {"x": (1, 6, 4, 3)}, axis=1, outputs=("y", "z", "u")),
    "Split sizes": one("Split", {"x": (1, 6, 4, 3)}, {"s": [1, 5]}, axis=1, outputs=("y", "z")),
    "Split old": one("Split", ROWS, opset=11, axis=2, split=[1, 3], outputs=("y", "z")),
    "Slice": one("Slice", IMAGE, {"s": [1, 0], "e": [100, -1], "a": [1, 3], "t": [2, 2]}),
    "Slice backwards": one("Slice", IMAGE, {"s": [-1], "e": [-100], "a": [2], "t": [-2]}),
    "Slice old": one("Slice", IMAGE, opset=7, starts=[1, 2], ends=[3, 9], axes=[1, 2]),
    "Gather": one("Gather", IMAGE, {"i": [4, 0, 4]}, axis=1),
    "Gather one": one("Gather", IMAGE, {"i": np.int64(-1)}, axis=2),
    "Gather evenly": one("Gather", IMAGE, {"i": [[4, 2, 0]]}, axis=1),
    "Pad": one("Pad", IMAGE, {"p": [0, 0, 1, 2, 0, 0, 0, 1]}),
    "Pad with a number": one("Pad", IMAGE, {"p": [0, 1, 0, 0, 0, 0, 0, 2], "v": np.float32(0.5)}),
    "Pad and cut": one("Pad", IMAGE, {"p": [0, -1, 1, 0, 0, 0, -2, 0]}),
    "Pad old": one("Pad", IMAGE, opset=7, pads=[0, 0, 1, 0, 0, 0, 0, 1], value=-1.0),
    "Pad some axes": one("Pad", IMAGE, {"p": [1, 2, 0, 1], "a": [3, 1]}, opset=18,
                         order=["x", "p", "", "a"]),
    "DepthToSpace": one("DepthToSpace", {"x": (1, 8, 2, 3)}, blocksize=2),
    "DepthToSpace CRD": one("DepthToSpace", {"x": (1, 8, 2, 3)}, blocksize=2, mode="CRD"),
    "SpaceToDepth": one("SpaceToDepth", {"x": (1, 3, 4, 6)}, blocksize=2),
    "Resize": one("Resize", IMAGE, {"s": scales(1, 1, 2, 2)}, order=["x", "", "s"]),
    "Resize floor": one("Resize", IMAGE, {"n": [1, 6, 10, 9]}, order=["x", "", "", "n"],
                        nearest_mode="floor", coordinate_transformation_mode="asymmetric"),
    "Resize odd": one("Resize", IMAGE, {"n": [1, 6, 10, 3]}, order=["x", "", "", "n"],
                      nearest_mode="ceil"),
    "Resize aligned": one("Resize", IMAGE, {"n": [1, 6, 13, 9]}, order=["x", "", "", "n"],
                          coordinate_transformation_mode="align_corners",
                          nearest_mode="round_prefer_ceil"),
    "Resize old": one("Resize", IMAGE, {"s": scales(1, 1, 2, 3)}, opset=10),
    "Upsample": one("Upsample", IMAGE, {"s": scales(1, 1, 2, 2)}, opset=9),
    "Upsample older": one("Upsample", IMAGE, opset=7, scales=[1.0, 1.0, 2.0, 2.0]),
    "ArgMax": one("ArgMax", IMAGE, axis=1),
    "ArgMax flat": one("ArgMax", {"x": (2, 9)}, axis=-1, keepdims=0),
}  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
def test_sums_are_near(name: str, onnxruntime: Oracle, rng: np.random.Generator) -> None:
    data, terms = SUMS[name]
    assert differences(data, onnxruntime, rng)[1] <= terms * terms * EPSILON


@pytest.mark.parametrize("name", ELEMENTS)
def test_functions_are_near(name: str, onnxruntime: Oracle, rng: np.random.Generator) -> None:
    assert differences(ELEMENTS[name], onnxruntime, rng, scale=2.0)[1] <= 8 * FUNCTIONS


@pytest.mark.parametrize("name", MOVES)
def test_moves_are_equal(name: str, onnxruntime: Oracle, rng: np.random.Generator) -> None:
    assert differences(MOVES[name], onnxruntime, rng)[1] == 0


def test_every_float_operator_is_tried() -> None:
    tried = {name.split()[0] for name in (*SUMS, *ELEMENTS, *MOVES)}
    assert {op for _, op in RULES if not op.startswith("Q") and "quantize" not in op} == tried
