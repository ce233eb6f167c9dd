"""`@joins`: two int8 weights in one int16."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeq.errors import KernelError, QuantError
from edgeq.plan.pack import joined


@given(arrays(np.int8, st.integers(0, 20).map(lambda n: 2 * n), elements=st.integers(-127, 127)))
def test_high_byte_borrows_for_a_negative_low_one(weights: np.ndarray) -> None:
    halves = joined(weights, "here").view("<i2").astype(int)
    low, high = weights[0::2].astype(int), weights[1::2].astype(int)
    assert (halves == 256 * high + low).all()
    assert (halves.astype(np.int8) == low).all()


@given(
    arrays(np.int8, (2, 64), elements=st.integers(-127, 127)),
    arrays(np.int8, 64),
)
def test_one_product_serves_both_channels(w: np.ndarray, x: np.ndarray) -> None:
    halves = joined(np.ascontiguousarray(w.T).reshape(-1), "here").view("<i2").astype(int)
    both = int(halves @ x.astype(int))
    low = int(halves.astype(np.int8).astype(int) @ x.astype(int))
    assert low == int(w[0].astype(int) @ x.astype(int))
    assert (both - low) >> 8 == int(w[1].astype(int) @ x.astype(int))


def test_minus_128_above_a_negative_weight_is_refused() -> None:
    assert joined(np.array([0, -128], np.int8), "here").view("<i2")[0] == -32768
    with pytest.raises(QuantError, match="min_w >= -127"):
        joined(np.array([-1, -128], np.int8), "here")


def test_odd_counts_and_other_dtypes_are_refused() -> None:
    with pytest.raises(KernelError, match="3 elements"):
        joined(np.zeros(3, np.int8), "here")
    with pytest.raises(KernelError, match="int32"):
        joined(np.zeros(4, np.int32), "here")
