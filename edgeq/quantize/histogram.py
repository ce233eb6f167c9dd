"""A histogram that grows with its data and can be merged exactly: bins are [k, k + 1) * 2**e.

Its memory is fixed, so observers that need the distribution of millions of values can
stream.  When a value falls outside, bins are joined in pairs and the exponent rises; two
histograms of one tensor, made in different processes, merge without loss at the larger
exponent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

HALF = 4096  # bins on either side of zero
SMALLEST_EXPONENT = -60


@dataclass(slots=True)
class Histogram:
    """Counts of values; `counts[i]` is the bin that begins at (i - HALF) * 2**exponent."""

    exponent: int = SMALLEST_EXPONENT
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2 * HALF, np.int64))
    low: float = math.inf
    high: float = -math.inf

    def add(self, values: NDArray[np.float32]) -> None:
        """Count finite `values`."""
        if values.size == 0:
            return
        low, high = float(values.min()), float(values.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        self._grow(_exponent_for(low, high))
        # in float64: a tiny negative value must not become 0
        scaled = values.reshape(-1).astype(np.float64) * 2.0**-self.exponent
        index = np.floor(scaled).astype(np.int64) + HALF
        self.counts += np.bincount(index, minlength=2 * HALF)

    def merge(self, other: Histogram) -> None:
        """Add what another histogram counted."""
        counts, exponent = other.counts, other.exponent
        self._grow(exponent)
        self.counts += _coarser(counts, self.exponent - exponent)
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    @property
    def centers(self) -> NDArray[np.float64]:
        """The middle of every bin."""
        middles: NDArray[np.float64] = np.arange(2 * HALF, dtype=np.float64) - HALF + 0.5
        middles *= 2.0**self.exponent
        return middles

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def _grow(self, exponent: int) -> None:
        if exponent > self.exponent:
            self.counts = _coarser(self.counts, exponent - self.exponent)
            self.exponent = exponent


def _exponent_for(low: float, high: float) -> int:
    """The smallest exponent whose bins reach from `low` to `high`, both included."""
    exponent = SMALLEST_EXPONENT
    largest = max(abs(low), abs(high))
    if largest > 0:
        exponent = max(exponent, math.frexp(largest)[1] - int(math.log2(HALF)))
    return exponent


def _coarser(counts: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """The same counts in bins that are 2**steps times as wide."""
    if steps <= 0:
        return counts
    bins = np.arange(2 * HALF) - HALF
    joined = np.zeros_like(counts)
    np.add.at(joined, (bins >> min(steps, 62)) + HALF, counts)
    return joined
