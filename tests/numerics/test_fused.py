"""Rescaling by a fused multiply-add equals the integer forms wherever it is proved."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeq.numerics.fixed_point import requantize
from edgeq.numerics.fused import ONE, ONE_BITS, REACH, Fused, first_multiple, fuse

Ints = NDArray[Any]
INT8 = (-128, 127)


def fused(found: Fused, channel: int, acc: int) -> int:
    """What a kernel computes: the sum's bits as a float, one rounding, the low 16 bits."""
    bits = np.uint32((acc + int(found.turn[channel])) % (1 << 32))
    total = Fraction(float(bits.view(np.float32)))
    exact = total * Fraction(float(found.factor[channel])) + Fraction(float(found.addend[channel]))
    nearest = round(exact)  # ties to even, as floats
    assert 1 << 23 <= nearest < 1 << 24, "floats are integers there"
    low = int(np.float32(nearest).view(np.uint32)) & 0xFFFF
    return low - (1 << 16) if low >= 1 << 15 else low


def draw(rng: np.random.Generator, count: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Sums, mult and shift of channels as networks have them."""
    mult = rng.integers(1 << 30, 1 << 31, count)
    shift = rng.integers(36, 41, count)
    high = rng.integers(1, 1 << 20, count)
    low = high - rng.integers(1, 1 << 21, count)
    return low, high, mult, shift


def accumulators(rng: np.random.Generator, low: int, high: int, factor: float) -> list[int]:
    """Both ends, and what lies around the beginnings of steps."""
    near = np.rint((np.arange(-256, 257) + 0.5) / factor) + rng.integers(-2, 3, 513)
    inside = near[(near >= low) & (near <= high)]
    return [low, high, *(int(a) for a in inside)]


@pytest.mark.parametrize(
    ("form", "zy", "clamp"),
    [("double", -128, INT8), ("double", -14, (-14, 63)), ("double", 5, (5, 127)),
     ("single", -128, INT8), ("single", 3, INT8), ("single", -7, (-60, 60))],
)  # fmt: skip
def test_no_accumulator_differs(form: str, zy: int, clamp: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    proved = 0
    for _ in range(60):
        low, high, mult, shift = draw(rng, 1)
        found = fuse((low, high), mult, shift, form, (zy, *clamp))
        if found is None:
            continue
        proved += 1
        factor = float(mult[0]) * 2.0 ** -int(shift[0])
        for acc in accumulators(rng, int(low[0]), int(high[0]), factor):
            want = int(requantize(acc, mult[0], shift[0], form)) + zy
            assert np.clip(fused(found, 0, acc), *clamp) == np.clip(want, *clamp)
    assert proved > 50


def test_a_factor_of_zero_is_the_zero_point() -> None:
    for low in (-9, -(1 << 31), 1 << 30):
        sums = np.array([low]), np.array([low + 9])
        found = fuse(sums, np.array([0]), np.array([31]), "double", (7, *INT8))
        assert found is not None
        assert [fused(found, 0, low + i) for i in (0, 3, 9)] == [7, 7, 7]


@pytest.mark.parametrize("low", [-(1 << 31), -(1 << 22) - 5, 1 << 22, (1 << 31) - 9])
def test_channels_far_from_zero_are_at_an_end_of_the_clamp(low: int) -> None:
    sums = np.array([low]), np.array([low + 8])
    found = fuse(sums, np.array([1_500_000_001]), np.array([45]), "single", (-3, *INT8))
    assert found is not None
    want = requantize(np.array([low, low + 8]), 1_500_000_001, 45, "single") - 3
    got = [fused(found, 0, low), fused(found, 0, low + 8)]
    assert np.clip(got, *INT8).tolist() == np.clip(want, *INT8).tolist()


def test_sums_stay_in_the_floats_that_are_integers() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        low, high, mult, shift = draw(rng, 5)
        if found := fuse((low, high), mult, shift, "single", (-128, *INT8)):
            turn = found.turn.astype(np.int64) - ONE_BITS
            assert (low + turn >= -REACH).all()
            assert (high + turn < REACH).all()
            assert (found.addend == np.rint(found.addend)).all()
            return
    pytest.fail("none of these layers is proved")


@pytest.mark.parametrize(
    ("sums", "shift", "form", "why"),
    [((-REACH, REACH), 40, "single", "sums of 23 bits and more"),
     ((-1000, 1000), 31, "single", "a factor of 1/2 or more"),
     ((-1000, 1000), 55, "single", "a factor too small"),
     ((-100_000, 100_000), 40, "wide", "another form"),
     ((-100_000, 100_000), 40, "double", "ties away on either side of zero")],
)  # fmt: skip
def test_what_floats_cannot_do_is_left_to_integers(
    sums: tuple[int, int], shift: int, form: str, why: str
) -> None:
    ends = np.array([sums[0]]), np.array([sums[1]])
    found = fuse(ends, np.array([1_500_000_001]), np.array([shift]), form, (0, *INT8))
    assert found is None, why


@given(st.integers(1, 80), st.data())
def test_the_first_multiple_in_an_interval(modulus: int, data: st.DataObject) -> None:
    step, lo = data.draw(st.integers(0, modulus - 1)), data.draw(st.integers(0, modulus - 1))
    hi = lo + data.draw(st.integers(0, modulus))
    inside = (x for x in range(modulus) if any(lo <= x * step % modulus + k <= hi
                                               for k in (0, modulus)))  # fmt: skip
    assert first_multiple(step, modulus, lo, hi) == next(inside, None)


def test_one_is_what_its_bits_say() -> None:
    assert float(np.uint32(ONE_BITS).view(np.float32)) == ONE
