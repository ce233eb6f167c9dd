"""Rescaling magnitudes by a fused multiply-add equals the integer forms wherever it is proved."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edgeq.numerics.fixed_point import requantize
from edgeq.numerics.fused import ONE, REACH, fuse
from edgeq.numerics.odd import Odd, fuse_odd

INT8 = (-128, 127)
EIGHT = 1 << 23


def real(bits: int) -> Fraction:
    return Fraction(float(np.uint32(bits).view(np.float32)))


def rounded(exact: Fraction) -> int:
    """What a float in [2^23, 2^24) is rounded to: ties to even."""
    nearest = round(exact)
    assert EIGHT <= nearest < 2 * EIGHT, "floats are integers there"
    return nearest


def rescaled(found: Odd, channel: int, acc: int, zy: int) -> int:
    """What a kernel computes: the addend from the constants, the multiply-add, the sign."""
    turn, factor = int(found.turn[channel]), Fraction(float(found.factor[channel]))
    addend = ONE - (rounded(factor * real(turn) + EIGHT) - EIGHT)
    assert -2 * EIGHT <= addend - 128 <= addend + 128 <= 2 * EIGHT, "a float, with any zero point"
    total = rounded(factor * real(turn + abs(acc)) + addend + zy)
    low = int(np.float32(total).view(np.uint32)) & 0xFFFF
    y = (2 * zy - low if acc < 0 else low) & 0xFFFF
    return y - (1 << 16) if y >= 1 << 15 else y


def steps(low: int, high: int, mult: int, shift: int) -> list[int]:
    """Both ends, what lies around zero and around the beginnings of steps on both sides of it."""
    near = np.rint((np.arange(-256, 257) + 0.5) * 2.0**shift / mult)
    all_of_them = (near[:, None] + np.arange(-1, 2)).ravel()
    inside = all_of_them[(all_of_them >= low) & (all_of_them <= high)]
    return [low, high, *(a for a in (-1, 0, 1) if low <= a <= high), *(int(a) for a in inside)]


@pytest.mark.parametrize("form", ["double", "single"])
@pytest.mark.parametrize(
    ("zy", "clamp"),
    [(0, INT8), (-128, INT8), (127, INT8), (38, INT8), (-5, (-60, 90)), (9, (9, 9))],
)
def test_no_accumulator_differs(form: str, zy: int, clamp: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    proved = 0
    for _ in range(6):
        mult, shift = int(rng.integers(1 << 30, 1 << 31)), int(rng.integers(36, 42))
        low, high = -int(rng.integers(1, 1 << 20)), int(rng.integers(1, 1 << 20))
        sums = np.array([low]), np.array([high])
        found = fuse_odd(sums, np.array([mult]), np.array([shift]), form, (zy, *clamp))
        if found is None:
            continue
        proved += 1
        for acc in steps(low, high, mult, shift):
            want = int(requantize(acc, mult, shift, form)) + zy
            assert np.clip(rescaled(found, 0, acc, zy), *clamp) == np.clip(want, *clamp), acc
    assert proved > 4


def test_every_sum_of_a_short_layer() -> None:
    sums = np.array([-3000, -2500]), np.array([2000, 3000])
    mult, shift = np.array([1_234_567_891, 2_000_000_011]), np.array([36, 37])
    found = fuse_odd(sums, mult, shift, "double", (-7, *INT8))
    assert found is not None
    for o in range(2):
        acc = np.arange(int(sums[0][o]), int(sums[1][o]) + 1)
        want = np.clip(requantize(acc, mult[o], shift[o], "double") - 7, *INT8)
        assert [int(np.clip(rescaled(found, o, int(a), -7), *INT8)) for a in acc] == want.tolist()


def test_it_is_for_steps_on_both_sides_of_zero() -> None:
    sums, mult, shift = (np.array([-200_000]), np.array([150_000])), [1_500_000_001], [40]
    y_range = (3, *INT8)
    assert fuse(sums, np.array(mult), np.array(shift), "double", y_range) is None
    assert fuse_odd(sums, np.array(mult), np.array(shift), "double", y_range) is not None


def test_a_factor_of_zero_is_the_zero_point() -> None:
    sums = np.array([-9]), np.array([1 << 20])
    found = fuse_odd(sums, np.array([0]), np.array([31]), "double", (7, *INT8))
    assert found is not None
    assert [rescaled(found, 0, acc, 7) for acc in (-9, 0, 1, 1 << 20)] == [7, 7, 7, 7]


@pytest.mark.parametrize(
    ("sums", "mult", "shift", "form", "why"),
    [((-2 * REACH, 0), 1_500_000_001, 40, "double", "sums of 24 bits and more"),
     ((-1000, 1000), 1_500_000_001, 31, "double", "a factor of 1/2 or more"),
     ((-1000, 1000), 1_500_000_001, 55, "double", "a factor too small"),
     ((-1000, 1000), 1_500_000_001, 40, "wide", "another form"),
     ((-1000, 1000), 1 << 30, 34, "double", "the first rounding has ties, and they go up"),
     ((-1000, 1000), 1 << 30, 34, "single", "ties go up")],
)  # fmt: skip
def test_what_floats_cannot_do_is_left_to_integers(
    sums: tuple[int, int], mult: int, shift: int, form: str, why: str
) -> None:
    ends = np.array([sums[0]]), np.array([sums[1]])
    assert fuse_odd(ends, np.array([mult]), np.array([shift]), form, (0, *INT8)) is None, why
