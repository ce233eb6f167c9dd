"""Tables as LiteRT makes them for functions of one value, in single precision.

int8 has all 256 values.  int16 has 513 points spread evenly over the 65535 steps between the
least and the greatest code, each moved by half of what the straight line to the next is wrong
by in its middle; the runtime then reads them as if they lay 128 codes apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import DType, Node, Tensor
from edgeq.ops.base import Call, Inputs, Outputs
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.tables import float_table, lookup, need_dtypes
from edgeq.ops.unary import SEGMENTS, lookup16

F32: TypeAlias = NDArray[np.float32]

LOW, HIGH = -32768, 32767


def lower_litert(
    node: Node, inputs: Inputs, outputs: Outputs, function: Callable[[F32], F32]
) -> tuple[Call, ...]:
    """The call that applies `function`, given in float32, with LiteRT's tables.

    Raises:
        QuantError: LiteRT overflows between two points of an int16 table.
    """
    x, (y,) = need(inputs[0], node, "x"), outputs
    need_dtypes(node, x, y, DType.INT8, DType.INT16)
    if x.dtype is DType.INT8:
        return lookup(x, y, float_table(x, y, function))
    table = float_table16(x, y, function)
    if np.abs(np.diff(table.astype(np.int64))).max() > HIGH:
        raise QuantError(
            f"{node.op} rises too steeply for LiteRT's int16 table", where=node.name,
            why="the difference of two neighbouring points overflows there",
            fix="use --numerics edgeq, or another output scale",
        )  # fmt: skip
    return lookup16(x, y, table)


def float_table16(x: Tensor, y: Tensor, function: Callable[[F32], F32]) -> NDArray[np.int16]:
    """The 513 points of LiteRT's int16 tables.

    Source: LUTPopulate of TensorFlow Lite's kernels/internal/common.h, in its formulas.
    """
    least, greatest = (_real(x, code) for code in (LOW, HIGH))
    step = (greatest - least) / np.float32(SEGMENTS)
    steps = np.arange(SEGMENTS, dtype=np.float32)
    at = least + steps * step
    after = least + (steps + np.float32(1)) * step
    inverse = np.float32(HIGH - LOW + 1) / (_real(y, HIGH) - _real(y, LOW))
    with np.errstate(over="ignore", invalid="ignore"):
        points = _round(function(at) * inverse)
        line = _round((function(after) * inverse + points) / np.float32(2))
        middles = _round(function(at + step / np.float32(2)) * inverse)
        moved = points - _round((line - middles) / np.float32(2))
        last = _round(function(np.array([greatest], np.float32)) * inverse)
    limited = np.nan_to_num(np.clip(np.append(moved, last), LOW, HIGH))
    table: NDArray[np.int16] = limited.astype(np.int16)  # infinite less infinite is stored as 0
    return table


def _real(tensor: Tensor, code: int) -> np.float32:
    return np.float32(scale_of(tensor)) * np.float32(code - zero_point_of(tensor))


def _round(values: F32) -> F32:
    """To nearest, ties away from zero."""
    wide = values.astype(np.float64)
    return np.copysign(np.floor(np.abs(wide) + 0.5), wide).astype(np.float32)
