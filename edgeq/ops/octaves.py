"""int16 functions that bend near zero: tables with 32 points to every octave of |x|.

Roots, reciprocals and powers change by the same share over every octave, which evenly spaced
points cannot follow near zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Tensor
from edgeq.ops.base import Args, Array, Call, Case, Operand, Params, View
from edgeq.ops.broadcast import put

PER_OCTAVE = 32
POINTS = 353
"""Of one sign: magnitudes 0 .. 63, then 32 to an octave up to 32768."""

Steps: TypeAlias = Callable[[Array], NDArray[np.float64]]
"""From codes less the zero point of x, to steps of y above its zero point, not rounded."""


def lookup_octaves(x: Tensor, y: Tensor, table: NDArray[np.int16]) -> tuple[Call, ...]:
    """The call that interpolates `table` (706) at every element of x."""
    args: dict[str, Operand] = {"x": View(x.name), "table": table, "y": View(y.name)}
    return (Call("lookup_octaves_s16", args, {"count": x.size}),)


def magnitudes() -> NDArray[np.int64]:
    """|x| of the points of one sign, (353): 0 .. 63, 64, 66, ..., 32768."""
    index = np.arange(POINTS)
    exponent = np.maximum(index // PER_OCTAVE - 1, 0)
    found: NDArray[np.int64] = (index - PER_OCTAVE * exponent) << exponent
    return found


def octave_table(steps: Steps, rounded: Callable[[Array], Array]) -> NDArray[np.int16]:
    """The points from zero up and from zero down, (706) int16.

    A point before a gap is moved by half of what the straight line to the next is wrong by in
    its middle.  Over an octave a function F is then followed within x**2 * |F''| / 16 / 32**2
    and one step.
    """
    return np.concatenate([_half(steps, rounded, sign) for sign in (1, -1)])


def _half(steps: Steps, rounded: Callable[[Array], Array], sign: int) -> NDArray[np.int16]:
    at = magnitudes()
    points = steps(sign * at)
    gaps = np.diff(at)
    middles = steps(sign * (at[:-1] + gaps // 2))
    errors = (points[:-1] + points[1:]) / 2 - middles
    moved = points.copy()
    moved[:-1] -= np.where(gaps > 1, errors / 2, 0)
    return np.clip(rounded(moved), -32768, 32767).astype(np.int16)


def octave_lookup(table: Array, x: NDArray[np.int64]) -> NDArray[np.int64]:
    """`table` (706) at int16 codes x: what lookup_octaves_s16 returns."""
    entries, u = table.reshape(-1).astype(np.int64), np.abs(x)
    e = np.maximum(np.frexp(u.astype(np.float64))[1].astype(np.int64) - 6, 0)
    index = PER_OCTAVE * e + (u >> e)
    rest = u & ((1 << e) - 1)
    at = np.where(x < 0, POINTS, 0) + index
    after = entries[np.where(rest == 0, at, at + 1)]
    half = (np.int64(1) << e) >> 1
    found: NDArray[np.int64] = entries[at] + (((after - entries[at]) * rest + half) >> e)
    return found


def octaves_exact(args: Args, params: Params) -> dict[str, Array]:
    """What a lookup_octaves_s16 kernel returns."""
    x = args["x"].reshape(-1)[: params["count"]].astype(np.int64)
    return {"y": put(args["y"], octave_lookup(args["table"], x))}


def octaves_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Random tables, the steepest ones, every octave, both ends and zero."""
    for n in (1, 7, 8, 15, 16, 17, 33, 512, 1030):
        x = rng.integers(-32768, 32768, n).astype(np.int16)
        x >>= rng.integers(0, 15, n).astype(np.int16)
        x[0], x[n // 2], x[-1] = 32767, 0, -32768
        table = rng.integers(-32768, 32768, 2 * POINTS).astype(np.int16)
        table[::5] = np.where(np.arange(table[::5].size) % 2, 32767, -32768)
        yield Case({"x": x, "table": table, "y": np.full(n + 2, 77, np.int16)}, {"count": n})
