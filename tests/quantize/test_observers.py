"""Observers see what is there, stream, and merge as if one had seen everything."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.errors import UsageError
from edgeq.quantize.histogram import HALF, Histogram
from edgeq.quantize.observers import OBSERVERS, observer

BATCHES = 6
EXACT_MERGE = ("minmax", "percentile", "mse", "entropy")


def batches(rng: np.random.Generator, scale: float = 1.0) -> list[np.ndarray]:
    return [(scale * rng.laplace(0, 1, 5000)).astype(np.float32) for _ in range(BATCHES)]


@pytest.mark.parametrize("name", sorted(OBSERVERS))
def test_range_lies_within_the_extremes(name: str, rng: np.random.Generator) -> None:
    seen = observer(name)()
    data = batches(rng)
    for batch in data:
        seen.add(batch)
    low, high = seen.range(255)
    everything = np.concatenate(data)
    assert float(everything.min()) <= low < 0 < high <= float(everything.max())


@pytest.mark.parametrize("name", EXACT_MERGE)
@given(cut=st.integers(0, BATCHES), scale=st.sampled_from([1e-20, 1e-3, 1.0, 1e6]))
def test_merged_observers_are_one(name: str, cut: int, scale: float) -> None:
    data = batches(np.random.default_rng(0), scale)
    whole, first, second = (observer(name)() for _ in range(3))
    for i, batch in enumerate(data):
        whole.add(batch)
        (first if i < cut else second).add(batch)
    first.merge(second)
    assert first.range(255) == whole.range(255)


def test_moving_average_follows_later_batches() -> None:
    seen = observer("moving_average")()
    for high in (1.0, 1.0, 3.0):
        seen.add(np.array([-high, high], np.float32))
    assert seen.range(255) == pytest.approx((-1.2, 1.2))


@pytest.mark.parametrize(("name", "most"), [("percentile", 10), ("mse", 500), ("entropy", 900)])
def test_a_single_outlier_is_clipped(name: str, most: float, rng: np.random.Generator) -> None:
    seen = observer(name)()
    values = rng.normal(0, 1, 200_000).astype(np.float32)
    values[0] = 1000.0
    seen.add(values)
    low, high = seen.range(15)
    assert -10 < low < 0 < high < most


def test_least_squares_clips_more_for_fewer_levels(rng: np.random.Generator) -> None:
    seen = observer("mse")()
    for batch in batches(rng):
        seen.add(batch)
    highs = [seen.range(levels)[1] for levels in (3, 15, 255)]
    assert all(a < b for a, b in pairwise(highs))


def test_unknown_observer_lists_the_known() -> None:
    with pytest.raises(UsageError, match="minmax"):
        observer("best")


@given(
    st.lists(
        st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1, max_size=20),
        min_size=1,
        max_size=5,
    )
)
def test_histogram_counts_everything_it_is_given(parts: list[list[float]]) -> None:
    histogram = Histogram()
    for part in parts:
        histogram.add(np.array(part, np.float32))
    values = np.array([v for part in parts for v in part], np.float32)
    assert histogram.total == values.size
    assert (histogram.low, histogram.high) == (float(values.min()), float(values.max()))
    expected = np.bincount(
        np.floor(values.astype(np.float64) * 2.0**-histogram.exponent).astype(np.int64) + HALF,
        minlength=2 * HALF,
    )
    assert np.array_equal(histogram.counts, expected)
