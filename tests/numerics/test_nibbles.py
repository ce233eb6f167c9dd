"""int4 in memory: every value in every place, odd counts, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.numerics.nibbles import from_nibbles, nibble_bytes, to_nibbles


def test_the_first_value_is_the_low_nibble() -> None:
    packed = to_nibbles(np.array([1, 2, -8, -1, 7]))
    assert packed.dtype == np.int8
    assert packed.view(np.uint8).tolist() == [0x21, 0xF8, 0x07]


@given(st.lists(st.integers(-8, 7), max_size=40))
def test_values_come_back(values: list[int]) -> None:
    packed = to_nibbles(np.array(values, np.int64))
    assert packed.size == nibble_bytes(len(values))
    back = from_nibbles(packed, len(values))
    assert back.dtype == np.int8
    assert back.tolist() == values


@pytest.mark.parametrize("value", [-9, 8, 127, -128, 1000])
def test_values_beyond_int4_are_refused(value: int) -> None:
    with pytest.raises(QuantError, match="do not fit int4"):
        to_nibbles(np.array([0, value]))
