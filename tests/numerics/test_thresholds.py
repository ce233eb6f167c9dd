"""Integer factors proved equal to rounding in double, against trying every accumulator."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.numerics.fixed_point import MULT_MAX, MULT_MIN, quantize_multiplier, requantize
from edgeq.numerics.thresholds import double_steps, feasible, fine_factor, inside, single_factor

FACTORS = {"single": single_factor, "fine": fine_factor}
INT8, INT16 = (-128, 127), (-32768, 32767)


def c_round(v: float) -> int:
    """C's round(): nearest, ties away from zero, in exact steps."""
    whole = floor(abs(v))
    return int(np.copysign(whole + (abs(v) - whole >= 0.5), v))


def check(form: str, real: float, low: int, high: int, clamp: tuple[int, int]) -> None:
    """Fail unless the form's factor equals double precision on every integer of [low, high]."""
    factor = FACTORS[form](real, low, high, clamp)
    assert factor is not None, f"no factor for {real} on [{low}, {high}]"
    acc = np.arange(low, high + 1)
    got = np.clip(requantize(acc, *factor, form), *clamp)
    want = np.clip(double_steps(acc, real), *clamp)
    assert np.array_equal(got, want), (real, factor, acc[got != want][:5])


@given(
    real=st.floats(2.0**-14, 4.0),
    low=st.integers(-200_000, 200_000),
    count=st.integers(0, 100_000),
    clamp=st.sampled_from((INT8, (0, 127), (-5, 250), (-128, -128))),
    form=st.sampled_from(tuple(FACTORS)),
)
@settings(max_examples=150)
def test_factor_equals_double_precision_on_every_accumulator(
    real: float, low: int, count: int, clamp: tuple[int, int], form: str
) -> None:
    check(form, real, low, low + count, clamp)


@given(real=st.floats(2.0**-4, 4.0), low=st.integers(-300_000, 200_000))
@settings(max_examples=30)
def test_fine_factor_equals_double_precision_on_int16_steps(real: float, low: int) -> None:
    check("fine", real, low, low + 100_000, INT16)


@pytest.mark.parametrize("form", FACTORS)
@pytest.mark.parametrize("places", range(-3, 13))
def test_exact_ties_go_away_from_zero(form: str, places: int) -> None:
    check(form, 2.0**-places, -70_000, 70_000, INT8)
    check(form, 3 * 2.0**-places, -70_000, 70_000, INT8)


@given(st.floats(-40000, 40000))
def test_double_steps_are_c_round(v: float) -> None:
    assert int(double_steps(np.array([1]), v)[0]) == c_round(v)


def test_largest_double_below_a_half_rounds_down() -> None:
    below = np.nextafter(0.5, 0)
    assert double_steps(np.array([1, -1]), below).tolist() == [0, 0]
    assert double_steps(np.array([1, -1]), 0.5).tolist() == [1, -1]


def test_vanishing_factor_is_zero() -> None:
    assert single_factor(2.0**-40, -(2**31), 2**31 - 1, INT8) == (0, 31)
    assert fine_factor(2.0**-40, -(2**31), 2**31 - 1, INT8) == (0, 31)


def test_int32_extremes_are_reached() -> None:
    real, low, high = 127.4 / 2**31, -(2**31), 2**31 - 1
    factor = fine_factor(real, low, high, INT8)
    assert factor is not None
    steps = (np.arange(-127, 128) - 0.5) / real
    acc = (np.floor(steps)[:, None] + np.arange(-2, 4)).astype(np.int64).reshape(-1)
    acc = np.concatenate([acc[(acc >= low) & (acc <= high)], [low, high]])
    assert np.array_equal(requantize(acc, *factor, "fine"), double_steps(acc, real))


def test_none_is_said_only_when_no_mantissa_works() -> None:
    """Beyond 2**25 or so one step of a 31-bit mantissa is too coarse for 255 steps."""
    rng, refused = np.random.default_rng(3), 0
    for _ in range(40):
        real = float(rng.uniform(1, 2) * 2.0**-22)
        high = int(130 / real)
        if single_factor(real, -high, high, INT8) is None:
            refused += 1
            assert not _any_mantissa(real, high)
    assert refused > 5


def _any_mantissa(real: float, high: int) -> bool:
    """Whether a mantissa near `real` agrees at both sides of every step; the others are farther."""
    usual, shift = quantize_multiplier(real)
    starts = np.ceil((np.arange(-127, 129) - 0.5) / real).astype(np.int64)
    acc = (starts[:, None] + np.arange(-2, 3)).reshape(-1)
    acc = acc[np.abs(acc) <= high]
    want = np.clip(double_steps(acc, real), *INT8)
    tries = range(max(usual - 16, MULT_MIN), min(usual + 17, MULT_MAX))
    return any(
        np.array_equal(np.clip(requantize(acc, mult, shift, "single"), *INT8), want)
        for mult in tries
    )


def test_interval_holds_exactly_the_factors_that_agree() -> None:
    real, low, high = 0.3, -40, 40
    bounds = feasible(real, low, high, (-9, 9))
    assert bounds is not None
    acc = np.arange(low, high + 1)
    want = np.clip(double_steps(acc, real), -9, 9).tolist()
    for numerator in range(29_000, 32_000):
        factor = Fraction(numerator, 100_000)
        got = [min(max(floor(a * factor + Fraction(1, 2)), -9), 9) for a in acc.tolist()]
        assert (got == want) == inside(factor, bounds), factor
