"""CONCATENATION: tensors one after another along an axis."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import (
    Args,
    Array,
    Call,
    Case,
    Floats,
    Inputs,
    Lowered,
    Op,
    Outputs,
    Params,
    View,
    register,
)
from edgeq.ops.common import need, round_away, scale_of, zero_point_of
from edgeq.ops.strided import axis_of, copy_calls, dense_strides, operand


@register
class Concatenation(Op):
    """y is the inputs behind each other along `axis`.

    An int8 operand of another scale than the output's goes through a table of 256 values: of
    the exact quotient of the scales, since both runtimes refuse such models; for legacy uint8
    of LiteRT's float32 arithmetic.  The runtimes copy int16 whatever the scales are, and so do
    the profiles named after them; profile edgeq refuses.
    """

    name = "concatenation"
    contracts = ("copy_table_s8",)

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        shapes = [need(x, node, f"x{i}").shape for i, x in enumerate(inputs)]
        axis = axis_of(node, len(shapes[0]))
        rests = {(*s[:axis], *s[axis + 1 :]) for s in shapes}
        if len(rests) > 1 or len({len(s) for s in shapes}) > 1:
            raise GraphError(f"{shapes} do not match along axis {axis}", where=node.name)
        first = shapes[0]
        return ((*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :]),)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        present = [x for x in inputs if x is not None]
        return (np.concatenate(present, axis_of(node, present[0].ndim)),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        (y,) = outputs
        if node.attrs.get("activation", "none") != "none":
            raise GraphError("a fused activation is not defined here", where=node.name)
        axis = axis_of(node, len(y.shape))
        step = prod(y.shape[axis + 1 :]) * y.dtype.bytes
        calls: list[Call] = []
        at = 0
        for i, operand_in in enumerate(inputs):
            x = need(operand_in, node, f"x{i}")
            calls += _operand_calls(node, x, y, axis, at * step, profile)
            at += x.shape[axis]
        return tuple(calls)

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        rows, columns = params["rows"], params["columns"]
        at = np.arange(rows)[:, None], np.arange(columns)
        x = args["x"].reshape(-1)[at[0] * params["x_row"] + at[1]]
        y = args["y"].reshape(-1).copy()
        y[at[0] * params["y_row"] + at[1]] = args["table"][x.astype(np.int64) + 128]
        return {"y": y.reshape(args["y"].shape)}

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        for rows, columns in ((1, 1), (1, 17), (3, 7), (5, 16), (2, 33), (1, 300)):
            x_row, y_row = columns + int(rng.integers(4)), columns + int(rng.integers(4))
            args = {
                "x": rng.integers(-128, 128, (rows - 1) * x_row + columns, np.int8),
                "table": rng.permutation(np.arange(-128, 128)).astype(np.int8),
                "y": np.full(rows * y_row, 77, np.int8),
            }
            args["x"][:2] = (-128, 127)[: args["x"].size]
            yield Case(args, {"rows": rows, "columns": columns, "x_row": x_row, "y_row": y_row})


def _operand_calls(
    node: Node, x: Tensor, y: Tensor, axis: int, y_at: int, profile: Profile
) -> tuple[Call, ...]:
    """Copy x to where it starts in y, byte y_at; on y's scale when the profile asks for it."""
    as_is = x.dtype is DType.INT16 and profile is not Profile.EDGEQ
    if x.quant == y.quant or as_is:
        steps = dense_strides(x.shape, x.dtype.bytes), dense_strides(y.shape, y.dtype.bytes)
        return copy_calls(x, y, list(zip(x.shape, *steps, strict=True)), y_at=y_at)
    if x.dtype is not DType.INT8:
        raise QuantError(
            f"{x.name} must have the scale of {y.name}", where=node.name,
            why=f"only int8 is rescaled here, not {x.dtype}",
            fix="put a QUANTIZE operator in front",
        )  # fmt: skip
    table = _legacy_table(x, y) if node.attrs.get("legacy_uint8") else _table(x, y)
    columns = prod(x.shape[axis:])
    params = {
        "rows": prod(x.shape[:axis]), "columns": columns,
        "x_row": columns, "y_row": prod(y.shape[axis:]),
    }  # fmt: skip
    args = {"x": operand(x, 0), "table": table, "y": View(y.name, y_at)}
    return (Call("copy_table_s8", args, params),)


def _table(x: Tensor, y: Tensor) -> NDArray[np.int8]:
    """round((q - zx) * sx / sy) + zy for q = -128 .. 127, exactly, ties away from zero."""
    numerator, sx = scale_of(x).as_integer_ratio()
    denominator, sy = scale_of(y).as_integer_ratio()
    top, bottom = numerator * sy, denominator * sx
    steps = [(q - zero_point_of(x)) * top for q in range(-128, 128)]
    rounded = [(abs(s) * 2 + bottom) // (2 * bottom) * (1 if s >= 0 else -1) for s in steps]
    return np.clip([r + zero_point_of(y) for r in rounded], -128, 127).astype(np.int8)


def _legacy_table(x: Tensor, y: Tensor) -> NDArray[np.int8]:
    """LiteRT's uint8 rescale in float32: round(u * s + b) + zy, s = sx * (1 / sy), b = -zx * s."""
    inverse = np.float32(1) / np.float32(scale_of(y))
    scale = np.float32(scale_of(x)) * inverse
    bias = np.float32(-(zero_point_of(x) + 128)) * scale
    values = np.arange(256, dtype=np.float32) * scale + bias
    rounded = np.array([round_away(float(v)) for v in values])
    return np.asarray(np.clip(rounded + zero_point_of(y), -128, 127), np.int8)
