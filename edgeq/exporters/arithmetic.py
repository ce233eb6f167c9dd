"""Operators that compute element by element, or over axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from edgeq.errors import GraphError, QuantError
from edgeq.exporters.checks import (
    QUANTIZED,
    SIGNED_UNIT,
    UNIT,
    need_fixed,
    need_one_scale,
    need_quant,
    need_same_types,
)
from edgeq.exporters.draft import Draft, Field
from edgeq.exporters.moves import axis_of
from edgeq.exporters.windows import activation
from edgeq.ir import DType, Node

Writer: TypeAlias = Callable[[Draft, Node], None]


def unary(builtin: str, table: str = "", **fields: str) -> Writer:
    """An operator of one input, of its type.

    Args:
        builtin: the schema's name.
        table: of its options.
        fields: a field of the table for each, with the attribute that it holds.
    """

    def write(draft: Draft, node: Node) -> None:
        need_same_types((draft.need(node, 0, "x"), draft.output(node)))
        values = {field: number(node, key) for field, key in fields.items()}
        draft.emit(builtin, node.inputs[:1], node.outputs, table, values)

    return write


def softmax(draft: Draft, node: Node) -> None:
    """SOFTMAX over the last axis."""
    need_fixed(draft.output(node), UNIT)
    unary("SOFTMAX", "SoftmaxOptions", Beta="beta")(draft, node)


def logistic(draft: Draft, node: Node) -> None:
    """LOGISTIC, into [0, 1)."""
    need_fixed(draft.output(node), UNIT)
    unary("LOGISTIC")(draft, node)


def tanh(draft: Draft, node: Node) -> None:
    """TANH, into [-1, 1)."""
    need_fixed(draft.output(node), SIGNED_UNIT)
    unary("TANH")(draft, node)


def binary(draft: Draft, node: Node) -> None:
    """ADD, SUB, MUL with a fused activation; shapes broadcast."""
    tensors = draft.need(node, 0, "a"), draft.need(node, 1, "b"), draft.output(node)
    need_same_types(tensors)
    for tensor in tensors:
        if tensor.dtype in QUANTIZED:
            need_quant(tensor)
    fields = activation(node)
    if node.op in ("add", "sub"):
        fields["PotScaleInt16"] = bool(node.attrs.get("pot_scale_int16", True))
    table = f"{node.op.capitalize()}Options"
    draft.emit(node.op.upper(), node.inputs, node.outputs, table, fields)


def division(draft: Draft, node: Node) -> None:
    """DIV of floats."""
    if draft.output(node).dtype in QUANTIZED:
        raise QuantError(
            "there is no quantized division whose bytes can be relied on",
            why="TensorFlow Lite's shifts small quotients by more bits than a number has",
        )
    binary(draft, node)


def comparison(draft: Draft, node: Node) -> None:
    """MAXIMUM, MINIMUM: of integers as they are, so on one scale."""
    need_one_scale((draft.output(node), draft.need(node, 0, "a"), draft.need(node, 1, "b")))
    draft.emit(node.op.upper(), node.inputs, node.outputs, "MaximumMinimumOptions")


def convert(draft: Draft, node: Node) -> None:
    """QUANTIZE, and the change between uint8 and int8 that moves the zero point alone."""
    x, y = draft.need(node, 0, "x"), draft.output(node)
    for tensor in (x, y):
        if tensor.dtype in QUANTIZED:
            need_quant(tensor)
    draft.emit("QUANTIZE", [x.name], [y.name], "QuantizeOptions")


def dequantize(draft: Draft, node: Node) -> None:
    """DEQUANTIZE."""
    need_quant(draft.need(node, 0, "x"))
    draft.emit("DEQUANTIZE", node.inputs[:1], node.outputs, "DequantizeOptions")


def reduction(builtin: str, *, moved: bool = False) -> Writer:
    """An operator over axes; with `moved` (REDUCE_MAX) values stay as they are, on one scale."""

    def write(draft: Draft, node: Node) -> None:
        pair = draft.need(node, 0, "x"), draft.output(node)
        need_one_scale(pair) if moved else need_same_types(pair)
        axes = draft.parameter(node, "axes", node.ints("axes"))
        fields: dict[str, Field] = {"KeepDims": bool(node.attrs.get("keep_dims", False))}
        draft.emit(builtin, [node.inputs[0], axes], node.outputs, "ReducerOptions", fields)

    return write


def prelu(draft: Draft, node: Node) -> None:
    """PRELU with constant slopes."""
    slope = draft.need(node, 1, "slope")
    need_same_types((draft.need(node, 0, "x"), slope, draft.output(node)))
    if slope.dtype in QUANTIZED:
        need_quant(slope)
    draft.emit("PRELU", node.inputs, node.outputs)


def arg_max(draft: Draft, node: Node) -> None:
    """ARG_MAX along one axis."""
    y = draft.output(node)
    axis = axis_of(node, len(draft.need(node, 0, "x").shape))
    if y.dtype not in (DType.INT32, DType.INT64):
        raise GraphError(f"ARG_MAX gives int32 or int64, not {y.dtype}")
    operand = draft.parameter(node, "axis", axis)
    fields: dict[str, Field] = {"OutputType": y.dtype}
    draft.emit("ARG_MAX", [node.inputs[0], operand], node.outputs, "ArgMaxOptions", fields)


def number(node: Node, key: str) -> float:
    """The attribute `key`, which is a number."""
    value = node.attrs[key]
    if not isinstance(value, int | float):
        raise GraphError(f"attribute {key} is {value!r}, not a number")
    return float(value)
