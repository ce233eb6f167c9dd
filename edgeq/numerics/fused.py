"""Rescaling by one multiplication and addition of floats, equal to the integer forms by proof.

Two things are folded into the constants of a layer so that a fused multiply-add is all that is
left of a rescale with its zero point:

* A bias b is stored as b + j + 0x4B400000.  A finished sum acc + j is then the bit pattern of the
  float 1.5 * 2^23 + acc + j, exactly, as long as -2^22 <= acc + j < 2^22: nothing is converted.
* With m and C chosen so that m * (1.5 * 2^23 + acc + j) + C lies near 1.5 * 2^23, floats are
  integers there, the one rounding of a fused multiply-add is one to an integer, and the low half
  of the result's bits is that integer: y as int16, with its zero point, before the clamp.

C has to be an integer, so j turns the fraction of what is added.  The idea of such magic numbers is
old: H. S. Warren, Hacker's Delight, 2nd ed., section 17-3.  What is new is that the bytes stay
those of `requantize`: a clamped rescale is a staircase of at most 255 steps, step v beginning at
A_v, the least accumulator for which it holds.  With F = m * (1.5 * 2^23 + j) + C - 1.5 * 2^23 the
float gives the same staircase if for every step

    m * A_v + F > v - 1/2   and   m * (A_v - 1) + F < v - 1/2,

bounds of one interval for F.  They are compared as integers; m = M * 2^-e is a float, 2^23 <= M <
2^24, so M * (1.5 * 2^23 + j) mod 2^e has to be in that interval for some j, which Euclid's
algorithm finds.  Ties do not occur.  A rounding whose ties go away from zero, with steps on either
side of zero, has mostly no such F.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.fixed_point import requantize

Ints = NDArray[np.int64]
Rescale = Callable[[Ints], Ints]

ONE_BITS = 0x4B400000  # those of the float 1.5 * 2^23
ONE = 3 << 22
REACH = 1 << 22  # sums lie in [-REACH, REACH) around it
Y_REACH = (1 << 15) - 256  # y before the clamp fits int16, with or without its zero point
SHIFTS = (32, 54)  # factors below 1/2; steps and products stay in int64
MANTISSA = 7  # a mantissa of 31 bits has so many more than that of a float
NEAR = 4  # floats on either side of the factor that are tried
FORMS = ("double", "single")


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """Constants of every channel.

    turn    int32, what is added to a bias: j + 0x4B400000
    factor  float32, m
    addend  float32, C
    """

    turn: NDArray[np.int32]
    factor: NDArray[np.float32]
    addend: NDArray[np.float32]


def fuse(
    sums: tuple[NDArray[Any], NDArray[Any]],
    mult: NDArray[Any],
    shift: NDArray[Any],
    form: str,
    y_range: tuple[int, int, int],
) -> Fused | None:
    """The constants that give clamp(requantize(acc, mult, shift, form) + zy) to the bit, or None.

    Args:
        sums: the least and the greatest accumulator of each channel, bias included, (O) each.
        mult: (O), as `requantize` takes it.
        shift: (O), the same.
        form: "double" or "single"; others have no such constants.
        y_range: zero point and clamp of y: zy, act_min, act_max, each in [-128, 127].
    """
    if form not in FORMS:
        return None
    keys = (np.ascontiguousarray(a, np.int64).tobytes() for a in (*sums, mult, shift))
    return _fuse(*keys, form, y_range)


@lru_cache(maxsize=1024)
def _fuse(
    low: bytes, high: bytes, mult: bytes, shift: bytes, form: str, y_range: tuple[int, int, int]
) -> Fused | None:
    least, most, m, s = (np.frombuffer(raw, np.int64) for raw in (low, high, mult, shift))
    live = m != 0
    if (most - least >= 2 * REACH).any() or not in_range(s[live]):
        return None
    turn = -REACH - least
    factor, addend = np.zeros(len(m)), np.full(len(m), float(ONE + y_range[0]))
    if live.any():
        found = _channels(least[live], most[live], m[live], s[live], form, y_range)
        if found is None:
            return None
        turn[live], factor[live], addend[live] = found
    return Fused((turn + ONE_BITS).astype(np.int32), factor.astype(np.float32),
                 addend.astype(np.float32))  # fmt: skip


def in_range(shift: Ints) -> bool:
    """Whether all shifts are those of factors below 1/2, and not too small."""
    return bool(((shift >= SHIFTS[0]) & (shift <= SHIFTS[1])).all())


def _channels(
    low: Ints, high: Ints, mult: Ints, shift: Ints, form: str, y_range: tuple[int, int, int]
) -> tuple[Ints, NDArray[np.float64], NDArray[np.float64]] | None:
    """j, m and C of channels whose factor is not zero."""
    zy, act_min, act_max = y_range
    steps = np.arange(act_min + 1, act_max + 1, dtype=np.int64)
    sums = low[:, None], high[:, None]
    rescaled = partial(requantize, mult=mult[:, None], shift=shift[:, None], form=form)
    begins = begins_of(steps - zy, sums, mult[:, None], shift[:, None], rescaled)
    if begins is None:
        return None
    return constants_of(steps, begins, (low, high), mult, shift)


def constants_of(
    steps: Ints, begins: Ints, sums: tuple[Ints, Ints], mult: Ints, shift: Ints
) -> tuple[Ints, NDArray[np.float64], NDArray[np.float64]] | None:
    """j, m and C of channels whose result is at least each of `steps` from `begins` (O, V) on."""
    low, high = sums
    places = shift - MANTISSA
    mantissa, lo, hi = _addends(steps, begins, sums, mult >> MANTISSA, places)
    turns = np.zeros(len(mult), np.int64)
    addends = np.zeros(len(mult))
    for o, (m, e) in enumerate(zip(mantissa.tolist(), places.tolist(), strict=True)):
        found = _turn(m, e, (int(lo[o]), int(hi[o])), (int(low[o]), int(high[o])))
        if found is None:
            return None
        turns[o], addends[o] = found
    factors: NDArray[np.float64] = np.ldexp(mantissa.astype(np.float64), -places)
    return turns, factors, addends


def begins_of(
    values: Ints, sums: tuple[Ints, Ints], mult: Ints, shift: Ints, rescaled: Rescale
) -> Ints | None:
    """The least accumulator among `sums` for which `rescaled` is at least each value, (O, V).

    It is at (value - 1/2) / factor, less than two off; one after the last where there is none.
    """
    middle = np.ceil((values - 0.5) * np.exp2(shift.astype(np.float64)) / mult).astype(np.int64)
    guess = np.clip(middle - 2, sums[0] - 1, sums[1] - 2)
    below = [_below(guess + i, values, sums, rescaled) for i in range(4)]
    if not (below[0] & ~below[-1]).all():
        return None
    found: Ints = guess + np.sum(below, axis=0)
    return found


def _below(
    acc: Ints, values: Ints, sums: tuple[Ints, Ints], rescaled: Rescale
) -> NDArray[np.bool_]:
    """Whether acc comes before the step of each value; what is below all sums does."""
    before = rescaled(np.clip(acc, *sums)) < values
    return (acc < sums[0]) | ((acc <= sums[1]) & before)


def _addends(
    steps: Ints, begins: Ints, sums: tuple[Ints, Ints], mantissa: Ints, places: Ints
) -> tuple[Ints, Ints, Ints]:
    """The mantissa near `mantissa` with the widest interval for F * 2^e, and that interval."""
    low, high = (a[:, None] for a in sums)
    half = (2 * steps - 1) << (places[:, None] - 1)
    far = np.iinfo(np.int64)
    limit = np.int64(Y_REACH) << places
    best, best_lo, best_hi = mantissa, np.full_like(mantissa, 1), np.full_like(mantissa, 0)
    for off in range(-NEAR, NEAR + 1):
        m = np.clip(mantissa + off, 1 << 23, (1 << 24) - 1)
        above = np.where(begins <= high, half - m[:, None] * begins, far.min)
        below = np.where(begins > low, half - m[:, None] * (begins - 1), far.max)
        lo = np.maximum(above.max(axis=1, initial=far.min), -limit - m * sums[0]) + 1
        hi = np.minimum(below.min(axis=1, initial=far.max), limit - m * sums[1]) - 1
        wider = hi - lo > best_hi - best_lo
        best = np.where(wider, m, best)
        best_lo, best_hi = np.where(wider, lo, best_lo), np.where(wider, hi, best_hi)
    return best, best_lo, best_hi


def _turn(
    m: int, places: int, interval: tuple[int, int], sums: tuple[int, int]
) -> tuple[int, int] | None:
    """The j and C for which F * 2^places is in the interval; None where there are none."""
    lo, hi = interval
    if hi < lo:
        return None
    first, last = -REACH - sums[0], REACH - 1 - sums[1]
    modulus, base = 1 << places, m * (ONE + first)
    start = (lo - base) % modulus
    steps = first_multiple(m % modulus, modulus, start, start + hi - lo)
    if steps is None or first + steps > last:
        return None
    turned = m * (ONE + first + steps)
    return first + steps, ONE + (turned_to(turned, lo, modulus) - turned) // modulus


def turned_to(value: int, lo: int, modulus: int) -> int:
    """The least number from `lo` on that differs from `value` by a multiple of `modulus`."""
    return lo + (value - lo) % modulus


def first_multiple(step: int, modulus: int, lo: int, hi: int) -> int | None:
    """The least x >= 0 for which some number in [lo, hi] is x * step modulo `modulus`.

    0 <= step, lo < modulus, lo <= hi.  Euclid's algorithm: as many steps as the modulus has bits.
    """
    if lo == 0 or hi >= modulus:
        return 0
    if step == 0:
        return None
    if 2 * step > modulus:  # the same of what is left to the modulus: halves it at the next turn
        return first_multiple(modulus - step, modulus, modulus - hi, modulus - lo)
    x = -(-lo // step)
    if x * step <= hi:
        return x
    wraps = first_multiple(-modulus % step, step, lo % step, lo % step + hi - lo)
    return None if wraps is None else -(-(lo + modulus * wraps) // step)
