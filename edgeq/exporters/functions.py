"""Functions of one value that TensorFlow Lite has under a name, or made of two operators."""

from __future__ import annotations

from math import isinf

import numpy as np

from edgeq.errors import GraphError, QuantError
from edgeq.exporters.arithmetic import number, unary
from edgeq.exporters.checks import QUANTIZED, need_quant, need_same_types
from edgeq.exporters.draft import Draft
from edgeq.ir import DType, Node, Tensor

CLAMPS = {
    (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1", (0.0, 1.0): "RELU_0_TO_1",
    (0.0, float("inf")): "RELU",
}  # fmt: skip
"""Clips of floats that have an operator of their own."""


def elu(draft: Draft, node: Node) -> None:
    """ELU, whose alpha is 1."""
    alpha = number(node, "alpha") if "alpha" in node.attrs else 1.0
    if alpha != 1:
        raise GraphError(f"TensorFlow Lite's ELU has alpha 1, not {alpha:g}")
    unary("ELU")(draft, node)


def gelu(draft: Draft, node: Node) -> None:
    """GELU, exact or by tanh."""
    need_same_types((draft.need(node, 0, "x"), draft.output(node)))
    fields = {"Approximate": node.attrs.get("approximate", "none") == "tanh"}
    draft.emit("GELU", node.inputs[:1], node.outputs, "GeluOptions", fields)


def neg(draft: Draft, node: Node) -> None:
    """NEG, which changes the sign of stored integers: right on one scale around zero point 0."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    if x.dtype in QUANTIZED and (need_quant(x) != need_quant(y) or need_quant(x).zero_point):
        raise QuantError(
            f"{x.name} and {y.name} must have one scale and zero point 0",
            why="TensorFlow Lite's NEG changes the sign of the stored integers alone",
        )
    unary("NEG", "NegOptions")(draft, node)


def power(draft: Draft, node: Node) -> None:
    """POW with a constant exponent."""
    need_same_types((draft.need(node, 0, "x"), draft.output(node)))
    data = np.array([number(node, "exponent")], np.float32)
    exponent = draft.add(node, "exponent", Tensor("", (1,), DType.FLOAT32, None, data))
    draft.emit("POW", [node.inputs[0], exponent], node.outputs, "PowOptions")


def clip(draft: Draft, node: Node) -> None:
    """A clamp of floats where there is one, else MAXIMUM and MINIMUM on the output's scale."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    need_same_types((x, y))
    lo = number(node, "lo") if "lo" in node.attrs else -np.inf
    hi = number(node, "hi") if "hi" in node.attrs else np.inf
    if y.dtype is DType.FLOAT32 and (lo, hi) in CLAMPS:
        unary(CLAMPS[lo, hi])(draft, node)
        return
    bounds = [_bound(draft, node, "lo", lo), _bound(draft, node, "hi", hi)]
    names = [draft.between(node, "raised", y, y.shape), y.name]
    source = x.name
    if x.quant != y.quant:
        source = draft.between(node, "rescaled", y, y.shape)
        draft.emit("QUANTIZE", [x.name], [source], "QuantizeOptions")
    for builtin, bound, name in zip(("MAXIMUM", "MINIMUM"), bounds, names, strict=True):
        draft.emit(builtin, [source, bound], [name], "MaximumMinimumOptions")
        source = name


def _bound(draft: Draft, node: Node, what: str, real: float) -> str:
    """A constant of the output's type and scale; where the bound is none, the last it can hold."""
    y = draft.output(node)
    if y.dtype is DType.FLOAT32:
        largest = float(np.finfo(np.float32).max)
        value = min(max(real, -largest), largest)
    else:
        value = _code(y, real)
    data = np.array([value], y.dtype.numpy)
    return draft.add(node, what, Tensor("", (1,), y.dtype, y.quant, data))


def _code(y: Tensor, real: float) -> int:
    """The integer of `y` nearest to `real`, ties away from zero."""
    limits, quant = np.iinfo(y.dtype.numpy), need_quant(y)
    if isinf(real):
        return int(limits.max if real > 0 else limits.min)
    steps = min(abs(real) / float(quant.scale[0]), float(limits.max) - limits.min)
    code = int(np.copysign(np.floor(steps + 0.5), real)) + quant.zero_point
    return min(max(code, int(limits.min)), int(limits.max))
