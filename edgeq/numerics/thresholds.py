"""Integer factors that equal a rounding in double precision, by proof.

LiteRT's reference FULLY_CONNECTED rescales by D(acc) = round(double(acc) * real), ties away from
zero, then adds the zero point and clamps.  D is a staircase: between two clamps it has at most
255 (int16: 65,535) steps, and step k begins at A_k, the least acc with D(acc) >= k, which the
very double arithmetic yields.  floor(acc * f + 1/2) is the same staircase exactly when

    A_k * f >= k - 1/2   and   (A_k - 1) * f < k - 1/2   for every step k.

Each inequality bounds f from one side, so the feasible f form an interval; a factor inside it
is equal by proof, and none exists when it is empty or holds no number of the form's grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.fixed_point import (
    FINE_BITS,
    MULT_MAX,
    MULT_MIN,
    SHIFT_BITS,
    SHIFT_MAX,
    SHIFT_MIN,
    SHIFT_ZERO,
)

Ints = NDArray[np.int64]

CLOSE = 1e-12  # relative; far above the error of one float64 division, 2**-53


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of an interval of factors; `strict` when the end itself is outside."""

    value: Fraction
    strict: bool


def double_steps(acc: Ints, real: float) -> Ints:
    """round(double(acc) * real), ties away from zero: the arithmetic to be equalled.

    C's round() is exact; here floor(|v|) and the exact remainder |v| - floor(|v|) decide.
    """
    v = np.asarray(acc, np.float64) * real
    whole = np.floor(np.abs(v))
    rounded = whole + (np.abs(v) - whole >= 0.5)  # noqa: PLR2004 (a half)
    return np.where(v < 0, -rounded, rounded).astype(np.int64)


def feasible(
    real: float, low: int, high: int, clamp: tuple[int, int]
) -> tuple[Bound, Bound] | None:
    """The interval of factors f >= 0 for which floor(acc * f + 1/2) clamps as D(acc) does.

    Args:
        real: the double factor, finite and > 0.
        low: least accumulator, within int32.
        high: greatest accumulator, within int32.
        clamp: least and greatest step, before the zero point is added.

    Returns:
        The lower and the upper bound, or None when no f satisfies all inequalities.
    """
    starts, steps = _starts(real, low, high, clamp)
    begun = starts > low  # a step that has begun at `low` asks only D(low) >= k
    reached = starts <= high  # a step that never begins asks only D(high) < k
    up = starts[reached], 2 * steps[reached] - 1  # acc * f >= (2 * k - 1) / 2
    down = starts[begun] - 1, 2 * steps[begun] - 1  # acc * f < (2 * k - 1) / 2
    lower = [Bound(Fraction(0), False), *_ends(up, 1, False), *_ends(down, -1, True)]
    upper = [Bound(Fraction(2**31), True), *_ends(up, -1, False), *_ends(down, 1, True)]
    below = max(lower, key=lambda b: (b.value, b.strict))
    above = min(upper, key=lambda b: (b.value, not b.strict))
    empty = below.value > above.value
    touching = below.value == above.value and (below.strict or above.strict)
    if empty or touching or _contradicts(up, down):
        return None
    return below, above


def _starts(real: float, low: int, high: int, clamp: tuple[int, int]) -> tuple[Ints, Ints]:
    """The steps k that matter, and A_k of each, clipped to [low, high + 1].

    One step begun at `low` and one never begun are kept: they imply the others.
    """
    ends = np.clip(double_steps(np.array([low, high]), real), *clamp)
    first, final = max(int(ends[0]), clamp[0] + 1), min(int(ends[1]) + 1, clamp[1])
    steps = np.arange(first, final + 1, dtype=np.int64)
    guess = np.clip(np.ceil((steps - 0.5) / real), low - 2, high + 2).astype(np.int64)
    tries = guess[:, None] + np.arange(-2, 3)
    begun = double_steps(tries, real) >= steps[:, None]
    if not (begun[:, 1:] >= begun[:, :-1]).all():
        raise ArithmeticError("double rounding is not monotone")  # pragma: no cover
    starts = tries[:, 0] + (~begun).sum(axis=1)
    return np.clip(starts, low, high + 1), steps


def _ends(inequalities: tuple[Ints, Ints], side: int, strict: bool) -> list[Bound]:
    """The tightest bounds among inequalities whose acc has the sign `side`.

    acc * f >= t (strict is False) bounds from below where acc > 0 and from above where acc < 0;
    acc * f < t the other way round.
    """
    acc, twice = (a[np.sign(inequalities[0]) == side] for a in inequalities)
    if not len(acc):
        return []
    value = twice / (2.0 * acc)
    from_below = (side > 0) != strict
    best = value.max() if from_below else value.min()
    near = np.abs(value - best) <= CLOSE * abs(best)
    return [
        Bound(Fraction(int(t), 2 * int(a)), strict)
        for a, t in zip(acc[near], twice[near], strict=True)
    ]


def _contradicts(up: tuple[Ints, Ints], down: tuple[Ints, Ints]) -> bool:
    """Whether an inequality with acc = 0 is false: 0 >= t or 0 < t."""
    false_up = (up[0] == 0) & (up[1] > 0)
    false_down = (down[0] == 0) & (down[1] <= 0)
    return bool(false_up.any() or false_down.any())


def inside(value: Fraction, bounds: tuple[Bound, Bound]) -> bool:
    """Whether a factor lies in the interval."""
    below, above = bounds
    over = value > below.value if below.strict else value >= below.value
    return over and (value < above.value if above.strict else value <= above.value)


def single_factor(
    real: float, low: int, high: int, clamp: tuple[int, int]
) -> tuple[int, int] | None:
    """(mult, shift) of the single form that is proved equal to D, or None when there is none.

    Arguments as `feasible`; mult is 0 or in [2**30, 2**31 - 1], shift in [1, 62].
    """
    bounds = feasible(real, low, high, clamp)
    if bounds is None:
        return None
    return _on_grid(real, bounds, 0)


def fine_factor(real: float, low: int, high: int, clamp: tuple[int, int]) -> tuple[int, int] | None:
    """(mult, shift word) of the fine form, like `single_factor`."""
    bounds = feasible(real, low, high, clamp)
    found = None if bounds is None else _on_grid(real, bounds, FINE_BITS)
    if found is None:
        return None
    mantissa, shift = found
    extra = mantissa & ((1 << FINE_BITS) - 1)
    return mantissa >> FINE_BITS, extra << SHIFT_BITS | shift


def _on_grid(real: float, bounds: tuple[Bound, Bound], extra: int) -> tuple[int, int] | None:
    """The factor mantissa * 2**-(shift + extra) inside `bounds` that is nearest to `real`.

    mantissa is 0 or has 31 + extra bits, so one shift suits `real`; its neighbours are for
    factors beyond the next power of two.
    """
    below, above = bounds
    if inside(Fraction(0), bounds):
        return 0, SHIFT_ZERO
    usual = SHIFT_ZERO - math.frexp(real)[1]
    for shift in (usual, usual + 1, usual - 1):
        if not SHIFT_MIN <= shift <= SHIFT_MAX:
            continue
        unit = Fraction(1, 2 ** (shift + extra))
        least = math.ceil(below.value / unit)
        most = math.floor(above.value / unit)
        least += below.strict and least * unit == below.value
        most -= above.strict and most * unit == above.value
        least = max(least, MULT_MIN << extra)
        most = min(most, (MULT_MAX << extra) + (1 << extra) - 1)
        if least <= most:
            return min(max(round(Fraction(real) / unit), least), most), shift
    return None
