"""The operators of an ONNX file that have a meaning here, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeq.frontends import onnx_elementwise as elementwise
from edgeq.frontends import onnx_linear as linear
from edgeq.frontends import onnx_moves as moves
from edgeq.frontends import onnx_qlinear as qlinear
from edgeq.frontends import onnx_resize as resizes
from edgeq.frontends import onnx_sums as sums
from edgeq.frontends import onnx_windows as windows
from edgeq.frontends.onnx_build import Operand
from edgeq.frontends.onnx_node import OnnxNode
from edgeq.frontends.onnx_norm import batch_normalization

MICROSOFT = "com.microsoft"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one operator is read.

    read      what it means: its outputs
    integers  whether it takes integers as they are
    own       whether onnx has no shapes for it, and `read` works them out
    """

    read: Callable[[OnnxNode], tuple[Operand, ...]]
    integers: bool = False
    own: bool = False


def _moving(read: Callable[[OnnxNode], tuple[Operand, ...]]) -> Rule:
    return Rule(read, integers=True)


def _own(read: Callable[[OnnxNode], tuple[Operand, ...]]) -> Rule:
    return Rule(read, integers=True, own=True)


RULES: dict[tuple[str, str], Rule] = {
    ("", "Conv"): Rule(windows.conv),
    ("", "ConvTranspose"): Rule(windows.conv_transpose),
    ("", "AveragePool"): Rule(windows.pool),
    ("", "MaxPool"): _moving(windows.pool),
    ("", "GlobalAveragePool"): Rule(sums.global_average),
    ("", "GlobalMaxPool"): _moving(windows.global_max_pool),
    ("", "Gemm"): Rule(sums.gemm),
    ("", "MatMul"): Rule(sums.matmul),
    ("", "ReduceMean"): Rule(sums.reduce_axes),
    ("", "ReduceSum"): Rule(sums.reduce_axes),
    ("", "ReduceMax"): Rule(sums.reduce_axes),
    ("", "ArgMax"): Rule(sums.arg_max),
    ("", "BatchNormalization"): Rule(batch_normalization),
    ("", "Relu"): Rule(elementwise.plain("relu")),
    ("", "Sigmoid"): Rule(elementwise.plain("logistic")),
    ("", "Tanh"): Rule(elementwise.plain("tanh")),
    ("", "HardSwish"): Rule(elementwise.plain("hard_swish")),
    ("", "Erf"): Rule(elementwise.plain("erf")),
    ("", "Exp"): Rule(elementwise.plain("exp")),
    ("", "Sqrt"): Rule(elementwise.plain("sqrt")),
    ("", "Abs"): Rule(elementwise.plain("abs")),
    ("", "Neg"): Rule(elementwise.plain("neg")),
    ("", "Clip"): Rule(elementwise.clip),
    ("", "LeakyRelu"): Rule(elementwise.leaky_relu),
    ("", "PRelu"): Rule(elementwise.prelu),
    ("", "Elu"): Rule(elementwise.elu),
    ("", "Gelu"): Rule(elementwise.gelu),
    ("", "HardSigmoid"): Rule(elementwise.hard_sigmoid),
    ("", "Softmax"): Rule(elementwise.softmax),
    ("", "Pow"): Rule(elementwise.power),
    ("", "Reciprocal"): Rule(elementwise.reciprocal),
    ("", "Add"): Rule(elementwise.binary),
    ("", "Sub"): Rule(elementwise.binary),
    ("", "Mul"): Rule(elementwise.binary),
    ("", "Div"): Rule(elementwise.binary),
    ("", "Min"): Rule(elementwise.binary),
    ("", "Max"): Rule(elementwise.binary),
    ("", "Sum"): Rule(elementwise.binary),
    ("", "Identity"): _moving(elementwise.identity),
    ("", "Dropout"): _moving(elementwise.identity),
    ("", "Cast"): Rule(elementwise.cast),
    ("", "Flatten"): _moving(moves.reshape),
    ("", "Reshape"): _moving(moves.reshape),
    ("", "Squeeze"): _moving(moves.reshape),
    ("", "Unsqueeze"): _moving(moves.reshape),
    ("", "Transpose"): _moving(moves.transpose),
    ("", "Concat"): _moving(moves.concat),
    ("", "Split"): _moving(moves.split),
    ("", "Slice"): _moving(moves.slice_),
    ("", "Gather"): _moving(moves.gather),
    ("", "Pad"): _moving(moves.pad),
    ("", "DepthToSpace"): _moving(moves.depth_to_space),
    ("", "SpaceToDepth"): _moving(moves.space_to_depth),
    ("", "Resize"): _moving(resizes.resize),
    ("", "Upsample"): _moving(resizes.resize),
    ("", "QuantizeLinear"): Rule(linear.quantize_linear),
    ("", "DequantizeLinear"): _moving(linear.dequantize_linear),
    ("", "QLinearConv"): _moving(qlinear.conv),
    ("", "QLinearMatMul"): _moving(qlinear.matmul),
    (MICROSOFT, "Gelu"): Rule(elementwise.gelu, own=True),
    (MICROSOFT, "QuantizeLinear"): Rule(linear.quantize_linear, own=True),
    (MICROSOFT, "DequantizeLinear"): _own(linear.dequantize_linear),
    (MICROSOFT, "QLinearAdd"): _own(qlinear.binary("Add")),
    (MICROSOFT, "QLinearMul"): _own(qlinear.binary("Mul")),
    (MICROSOFT, "QLinearConcat"): _own(qlinear.concat),
    (MICROSOFT, "QLinearSigmoid"): _own(qlinear.unary("Sigmoid", elementwise.plain("logistic"))),
    (MICROSOFT, "QLinearLeakyRelu"): _own(qlinear.unary("LeakyRelu", elementwise.leaky_relu)),
    (MICROSOFT, "QLinearAveragePool"): _own(qlinear.image("AveragePool", windows.pool)),
    (MICROSOFT, "QLinearGlobalAveragePool"): _own(
        qlinear.image("GlobalAveragePool", sums.global_average)
    ),
    (MICROSOFT, "QLinearSoftmax"): _own(qlinear.softmax),
    (MICROSOFT, "QGemm"): _own(qlinear.gemm),
}
"""By domain and name of the operator."""
