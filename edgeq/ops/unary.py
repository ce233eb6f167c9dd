"""What operators of one value share: from a real function to tables of int8 and of int16.

int8 is a table of all 256 values, exact to the last half step.  int16 is interpolated between
513 points, one every 128 codes, or between 353 for each sign that lie closer near zero; how far
each is from the function is measured over all 65536 codes when the node is lowered, the closer
one is taken, and a function that bends too much for both is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import GraphError, QuantError
from edgeq.ir import DType, Node, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Args, Array, Call, Case, Floats, Inputs, Operand, Outputs, Params, View
from edgeq.ops.broadcast import put
from edgeq.ops.common import need, scale_of, zero_point_of
from edgeq.ops.floats import floats
from edgeq.ops.octaves import lookup_octaves, octave_lookup, octave_table
from edgeq.ops.tables import lookup, need_dtypes, real_table

Real: TypeAlias = Callable[[float], float]
"""A function of a real number in double precision; infinite beyond its range, never NaN."""

SEGMENTS, STEP = 512, 128
CODES16 = np.arange(-32768, 32768, dtype=np.int64)
ERROR_MAX = 128
"""Steps of int16 that an interpolated table may be wrong by: half a step of int8."""

FAR = 2.0**17
"""Steps of int16 at which every result is saturated."""


def same_shape(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
    """The shape of the one input."""
    return (need(inputs[0], node, "x").shape,)


def float_of(inputs: tuple[Floats | None, ...]) -> NDArray[np.float64]:
    """The one float input, in double precision."""
    (x,) = floats(inputs, 1)
    return x.astype(np.float64)


def lower_real(node: Node, inputs: Inputs, outputs: Outputs, real: Real) -> tuple[Call, ...]:
    """The call that applies `real` to every element, on the scales of x and y.

    Raises:
        GraphError: x and y are not both int8 or both int16.
        QuantError: int16 interpolation would be off by more than ERROR_MAX steps.
    """
    x, (y,) = need(inputs[0], node, "x"), outputs
    need_dtypes(node, x, y, DType.INT8, DType.INT16)
    if x.dtype is DType.INT8:
        return lookup(x, y, real_table(x, y, real))
    error, calls = _closest(x, y, real)
    if error > ERROR_MAX:
        raise QuantError(
            f"{node.op} on int16 would be off by {error} steps of its output", where=node.name,
            why=f"straight lines do not follow it closely over the range of {x.name}",
            fix="give it int8, or a narrower range",
        )  # fmt: skip
    return calls


def _closest(x: Tensor, y: Tensor, real: Real) -> tuple[int, tuple[Call, ...]]:
    """The calls whose table follows `real` most closely, and by how many steps of y they fail."""
    wanted = _rounded(in_steps(x, y, real, CODES16)) + zero_point_of(y)
    limited = np.clip(wanted, -32768, 32767)
    even = table16(x, y, real)
    found = [(_distance(interpolated(even, CODES16), limited), lookup16(x, y, even))]
    if not zero_point_of(x):
        close = octave_table(
            lambda codes: in_steps(x, y, real, codes), lambda v: _rounded(v) + zero_point_of(y)
        )
        octaves = _distance(octave_lookup(close, CODES16), limited)
        found.append((octaves, lookup_octaves(x, y, close)))
    return min(found, key=lambda pair: pair[0])


def _distance(got: NDArray[np.int64], wanted: NDArray[np.int64]) -> int:
    return int(np.abs(got - wanted).max())


def need_int8(node: Node, inputs: Inputs, profile: Profile) -> None:
    """QuantError when the runtime of `profile` has an int16 arithmetic that is not known here."""
    if need(inputs[0], node, "x").dtype is not DType.INT8:
        raise QuantError(
            f"{node.op} on int16 is not known under profile {profile}", where=node.name,
            why="the runtime computes it in an arithmetic of its own",
            fix="use --numerics edgeq",
        )  # fmt: skip


def lookup16(x: Tensor, y: Tensor, table: NDArray[np.int16]) -> tuple[Call, ...]:
    """The call that interpolates `table` (513) at every element of x."""
    args: dict[str, Operand] = {"x": View(x.name), "table": table, "y": View(y.name)}
    return (Call("lookup_s16", args, {"count": x.size}),)


def table16(x: Tensor, y: Tensor, real: Real) -> NDArray[np.int16]:
    """`real` at codes -32768, -32640, ..., 32768 of x, on y's scale: (513) int16.

    Each point is moved by half of what a straight line to the next is wrong by in its middle,
    which halves the largest error; a function of second derivative F'' is then followed within
    (128 * scale_x)**2 / 16 * |F''| and one step.
    """
    at = np.arange(SEGMENTS + 1) * STEP - 32768
    points = in_steps(x, y, real, at)
    middles = in_steps(x, y, real, at[:-1] + STEP // 2)
    errors = (points[:-1] + points[1:]) / 2 - middles
    moved = np.append(points[:-1] - errors / 2, points[-1])
    return np.clip(_rounded(moved) + zero_point_of(y), -32768, 32767).astype(np.int16)


def in_steps(x: Tensor, y: Tensor, real: Real, codes: Array) -> NDArray[np.float64]:
    """`real` at `codes` of x in steps of y, not rounded, within +-2**17."""
    scale_x, scale_y, zero = scale_of(x), scale_of(y), zero_point_of(x)
    steps = (real(scale_x * (int(code) - zero)) / scale_y for code in codes)
    return np.array([max(-FAR, min(FAR, step)) for step in steps])


def _rounded(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """To nearest, ties away from zero."""
    return np.copysign(np.floor(np.abs(values) + 0.5), values).astype(np.int64)


def interpolated(table: Array, x: NDArray[np.int64]) -> NDArray[np.int64]:
    """`table` (513) at int16 codes x, by straight lines: what lookup_s16 returns."""
    entries, index, offset = table.reshape(-1).astype(np.int64), (x >> 7) + 256, x & (STEP - 1)
    slope = entries[index + 1] - entries[index]
    found: NDArray[np.int64] = entries[index] + ((slope * offset + STEP // 2) >> 7)
    return found


def lookup16_exact(args: Args, params: Params) -> dict[str, Array]:
    """What a lookup_s16 kernel returns."""
    x = args["x"].reshape(-1)[: params["count"]].astype(np.int64)
    return {"y": put(args["y"], interpolated(args["table"], x))}


def lookup16_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random tables, the steepest ones, every offset of a segment, and both ends."""
    for n in (1, 7, 8, 15, 16, 17, 33, 512, 1030):
        x = rng.integers(-32768, 32768, n, np.int16)
        x[0], x[-1] = 32767, -32768
        table = rng.integers(-32768, 32768, SEGMENTS + 1).astype(np.int16)
        table[::5] = np.where(np.arange(table[::5].size) % 2, 32767, -32768)
        args = {"x": x, "table": table, "y": np.full(n + 2, 77, np.int16)}
        yield Case(args, {"count": n})


def safe_exp(x: float) -> float:
    """exp(x), infinite where a double cannot hold it."""
    return math.exp(x) if x < 700.0 else math.inf  # noqa: PLR2004


def number(node: Node, name: str, default: float | None = None) -> float:
    """The attribute `name`, a finite number; `default` when it is absent.

    Raises:
        GraphError: it is no finite number.
    """
    value = node.attrs.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise GraphError(f"{name} is {value}, not a finite number", where=node.name)
    return float(value)
