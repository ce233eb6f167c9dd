"""Every rounding form at its corners against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.numerics.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    MULT_MAX,
    MULT_MIN,
    high_mul,
    quantize_multiplier,
    quantize_multipliers,
    requantize,
    shift_right_away,
    wide_factor,
    wide_factors,
)
from tests.numerics.corners import ACCS, FORMS, MULTS, half_away, half_up, single


@pytest.mark.parametrize("form", FORMS)
def test_form_equals_its_exact_definition(form: str) -> None:
    define, cases = FORMS[form]
    corners = cases()
    acc, mult, shift = (np.array(column, np.int64) for column in zip(*corners, strict=True))
    got = requantize(acc, mult, shift, form).tolist()
    want = [define(*corner) for corner in corners]
    wrong = [(c, g, w) for c, g, w in zip(corners, got, want, strict=True) if g != w]
    assert not wrong, f"{len(wrong)} of {len(corners)}, first {wrong[0]}"
    assert len(corners) > 5000


@given(
    acc=st.integers(INT32_MIN, INT32_MAX),
    mult=st.integers(MULT_MIN, MULT_MAX),
    shift=st.integers(31, 62),
    form=st.sampled_from(("double", "single")),
)
def test_form_equals_its_exact_definition_anywhere(
    acc: int, mult: int, shift: int, form: str
) -> None:
    assert int(requantize(acc, mult, shift, form)) == FORMS[form][0](acc, mult, shift)


def test_forms_differ_at_ties_as_documented() -> None:
    half = (MULT_MIN, 31)
    accs = np.array([-3, -1, 1, 3])
    assert requantize(accs, *half, "double").tolist() == [-1, 0, 1, 2]
    assert requantize(accs, *half, "single").tolist() == [-1, 0, 1, 2]
    quarter = (MULT_MIN, 32)
    accs = np.array([-6, -2, 2, 6])
    assert requantize(accs, *quarter, "double").tolist() == [-2, -1, 1, 2]
    assert requantize(accs, *quarter, "single").tolist() == [-1, 0, 1, 2]


def test_double_rounding_rounds_twice() -> None:
    # 5 / 8 of a step: the first rounding makes it 3 / 4 of the doubled one, never a tie
    assert int(requantize(1, 5 << 28, 32, "single")) == 0
    assert int(requantize(1, 5 << 28, 32, "double")) == 1


def test_high_mul_equals_its_definition_and_saturates() -> None:
    for a in ACCS:
        for b in (*MULTS, *(-m for m in MULTS), INT32_MIN, INT32_MAX, 1, -1):
            want = min(half_up(Fraction(a * b, 2**31)), INT32_MAX)
            assert int(high_mul(a, b)) == want, (a, b)
    assert int(high_mul(INT32_MIN, INT32_MIN)) == INT32_MAX


@pytest.mark.parametrize("shift", range(32))
def test_right_shift_rounds_ties_away_from_zero(shift: int) -> None:
    want = [half_away(Fraction(a, 2**shift)) for a in ACCS]
    assert shift_right_away(np.array(ACCS), shift).tolist() == want


@given(st.floats(2.0**-30, 2.0**29))
def test_multiplier_is_the_nearest_mantissa(real: float) -> None:
    mult, shift = quantize_multiplier(real)
    assert MULT_MIN <= mult <= MULT_MAX
    exact = Fraction(real) * 2**shift
    assert abs(exact - mult) <= Fraction(1, 2)
    assert mult == half_up(exact) or mult == MULT_MIN


def test_factor_just_below_one_becomes_one() -> None:
    assert quantize_multiplier(nextafter(1.0, 0)) == (MULT_MIN, 30)
    assert quantize_multiplier(1.0) == (MULT_MIN, 30)
    assert quantize_multiplier(1.0 - 2.0**-31) == (MULT_MAX, 31)
    assert quantize_multiplier(1.0 - 2.0**-32) == (MULT_MIN, 30)  # a tie, away from zero


def test_factors_out_of_range_vanish_or_saturate() -> None:
    assert quantize_multiplier(0.0) == (0, 31)
    assert quantize_multiplier(2.0**-32) == (MULT_MIN, 62)
    assert quantize_multiplier(nextafter(2.0**-32, 0)) == (MULT_MIN, 62)
    assert quantize_multiplier(2.0**-33) == (0, 31)
    assert quantize_multiplier(2.0**-37) == (0, 31)
    assert quantize_multiplier(nextafter(2.0**30, 0)) == (MULT_MAX, 1)
    assert quantize_multiplier(2.0**30) == (MULT_MAX, 1)


@pytest.mark.parametrize("real", [nan, inf, -inf, -1.0])
def test_factors_that_are_none_are_refused(real: float) -> None:
    with pytest.raises(QuantError, match="finite and not negative"):
        quantize_multiplier(real)


def test_many_multipliers_are_each_one() -> None:
    reals = np.array([0.0, 0.3, 1.0, 17.5])
    mult, shift = quantize_multipliers(reals)
    assert list(zip(mult.tolist(), shift.tolist(), strict=True)) == [
        quantize_multiplier(r) for r in reals
    ]
    assert mult.dtype == shift.dtype == np.int32


def test_wide_factors_round_the_mantissa_to_16_bits_and_saturate() -> None:
    mults = [0, MULT_MIN, MULT_MIN + 2**15, 0x7FFEFFFF, 0x7FFF0000, MULT_MAX]
    mult, shift = wide_factors(np.array(mults), np.full(6, 40))
    assert mult.tolist() == [0, 2**14, 2**14 + 1, 0x7FFF, 0x7FFF, 0x7FFF]
    assert shift.tolist() == [24] * 6
    assert [wide_factor(m, 40) for m in mults] == list(zip(mult, shift, strict=True))


def test_wide_factors_of_128_and_more_are_refused() -> None:
    wide_factors(np.array([MULT_MAX]), np.array([24]))
    with pytest.raises(QuantError, match="too large for a 64-bit accumulator"):
        wide_factors(np.array([MULT_MIN]), np.array([23]))


def test_wide_is_single_on_int32_accumulators() -> None:
    for acc in ACCS:
        assert int(requantize(acc, 0x5A82, 30, "wide")) == single(acc, 0x5A82, 30)
