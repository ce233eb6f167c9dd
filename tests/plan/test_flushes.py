"""`@flushes`: what is read in the order stored is the dot product, and lanes never overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import KernelError, QuantError
from edgeq.plan.flushes import flushed

WIDTHS = {4: (32, 32), 2: (48, 16), 1: (32, 32)}
LENGTHS = {4: (2, 2, 2, 2), 2: (3, 3, 2), 1: (4, 4)}


def weights(seed: int, channels: int, taps: int, limit: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(-limit, limit + 1, (channels, taps)).astype(np.int8)


def unpacked(stream: np.ndarray, taps: int) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Four rows of weights, the lengths of sums in lanes, and what follows: as a kernel reads."""
    head = (taps // 64 + 2 + 15) // 16 * 16
    codes, stream = stream[:head], stream[head:]
    parts, lengths = [], []

    def take(size: int) -> None:
        nonlocal stream
        parts.append(stream[: 4 * size].reshape(4, size))
        stream = stream[4 * size :]

    for size in (8, 16, 32):
        if taps & size:
            take(size)
            lengths += [4] if size == 32 and codes[0] == 1 else [2] * (size // 16) or [1]
    at = 1
    while codes[at]:
        for size in WIDTHS[codes[at]]:
            take(size)
        lengths += LENGTHS[codes[at]]
        at += 1
    assert not codes[at:].any()
    return np.concatenate(parts, axis=1), lengths, stream


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 9),
    st.integers(1, 300),
    st.sampled_from([1, 40, 63, 64, 85, 86, 127]),
)
def test_lanes_hold_the_sums_that_the_codes_allow(
    seed: int, channels: int, taps: int, limit: int
) -> None:
    w = weights(seed, channels, taps, limit)
    stream, rows = flushed(w, "here"), []
    width = -(-taps // 8) * 8
    for _ in range(0, channels, 4):
        block, lengths, stream = unpacked(stream, width)
        rows.append(block)
        steps = np.abs(block.astype(int)).reshape(4, -1, 8)
        assert sum(lengths) == steps.shape[1]
        for first, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
            lane = steps[:, first : first + length].sum(axis=1)
            assert 128 * lane.max() < 2**15
    assert stream.size == 0
    whole = np.concatenate(rows)
    assert (whole[:channels, :taps] == w).all()
    assert not whole[channels:].any()
    assert not whole[:, taps:].any()


@pytest.mark.parametrize(("limit", "code"), [(127, 4), (85, 2), (63, 1)])
def test_as_many_products_as_fit(limit: int, code: int) -> None:
    assert flushed(np.full((4, 64), -limit, np.int8), "here")[1] == code


def test_two_weights_of_minus_128_in_a_lane_are_refused() -> None:
    w = np.zeros((1, 16), np.int8)
    w[0, [0, 9]] = -128
    assert flushed(w, "here").size == 16 + 64
    w[0, 8] = -128
    with pytest.raises(QuantError, match="min_w >= -127"):
        flushed(w, "here")


def test_int8_alone() -> None:
    with pytest.raises(KernelError, match="int32"):
        flushed(np.zeros((4, 8), np.int32), "here")
