"""Observers: from the values that an activation takes to the range that its integers span.

Each streams (memory does not grow with the data) and merges with another one's findings.

name             range                                                         source
minmax           the extremes                                                  Jacob et al. 2018
moving_average   exponential moving average of each batch's extremes           Jacob et al. 2018
percentile       all but a share of 1e-5 at either end                         McKinstry et al. 2018
mse              the clipping with the least squared error                     Sung et al. 2015
entropy          the clipping whose distribution is nearest by KL divergence   Migacz 2017

B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", CVPR 2018, section 3.1. J. McKinstry et al., "Discovering
Low-Precision Networks Close to Full-Precision Networks", arXiv:1809.04191. W. Sung et al.,
"Resiliency of Deep Neural Networks under Quantization", arXiv:1511.06488. S. Migacz, "8-bit
Inference with TensorRT", GTC 2017.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.quantize.histogram import HALF, Histogram

MOMENTUM = 0.9  # of the past, per batch
RECENT = 400  # batches: what came before them weighs 0.9^400, less than float64 resolves
TAIL = 1e-5  # share of values that percentile leaves out at either end
FINEST = 1024  # levels up to which a histogram tells what clipping costs
CANDIDATES = 100  # clippings that mse and entropy try


class Observer(Protocol):
    """What calibration needs of an observer."""

    def add(self, values: NDArray[np.float32]) -> None:
        """See the finite values of one batch."""

    def merge(self, other: Self) -> None:
        """Take over what another observer of the same kind saw after this one."""

    def range(self, levels: int) -> tuple[float, float]:
        """The range for integers of `levels` steps."""


@dataclass(slots=True)
class MinMax:
    """The extremes."""

    low: float = np.inf
    high: float = -np.inf

    def add(self, values: NDArray[np.float32]) -> None:
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))

    def merge(self, other: Self) -> None:
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    def range(self, levels: int) -> tuple[float, float]:
        del levels
        return self.low, self.high


def _recent() -> deque[tuple[float, float]]:
    return deque(maxlen=RECENT)


@dataclass(slots=True)
class MovingAverage:
    """Exponential moving averages of the extremes of the RECENT last batches."""

    extremes: deque[tuple[float, float]] = field(default_factory=_recent)

    def add(self, values: NDArray[np.float32]) -> None:
        self.extremes.append((float(values.min()), float(values.max())))

    def merge(self, other: Self) -> None:
        """The other's batches came later."""
        self.extremes.extend(other.extremes)

    def range(self, levels: int) -> tuple[float, float]:
        del levels
        low, high = self.extremes[0] if self.extremes else (0.0, 0.0)
        for lowest, highest in self.extremes:
            low += (1 - MOMENTUM) * (lowest - low)
            high += (1 - MOMENTUM) * (highest - high)
        return low, high


@dataclass(slots=True)
class _Distribution:
    """What the observers by histogram share."""

    histogram: Histogram = field(default_factory=Histogram)

    def add(self, values: NDArray[np.float32]) -> None:
        self.histogram.add(values)

    def merge(self, other: Self) -> None:
        self.histogram.merge(other.histogram)


@dataclass(slots=True)
class Percentile(_Distribution):
    """All values but the share TAIL at either end, never beyond the extremes."""

    def range(self, levels: int) -> tuple[float, float]:
        del levels
        h = self.histogram
        cumulated = np.cumsum(h.counts) / max(h.total, 1)
        first = int(np.searchsorted(cumulated, TAIL, side="right"))
        last = int(np.searchsorted(cumulated, 1 - TAIL, side="left"))
        width = 2.0**h.exponent
        low = float(h.centers[first]) - width / 2
        high = float(h.centers[min(last, len(h.counts) - 1)]) + width / 2
        return max(low, h.low), min(high, h.high)


@dataclass(slots=True)
class MeanSquare(_Distribution):
    """The clipping of the extremes with the least mean squared error."""

    def range(self, levels: int) -> tuple[float, float]:
        return _best(self.histogram, levels, _squared_error)


@dataclass(slots=True)
class Entropy(_Distribution):
    """The clipping whose quantized distribution diverges least from the observed one."""

    def range(self, levels: int) -> tuple[float, float]:
        return _best(self.histogram, levels, _divergence)


Cost = Callable[[Histogram, float, float, int], float]


def _best(h: Histogram, levels: int, cost: Cost) -> tuple[float, float]:
    """Shrink both ends toward zero in CANDIDATES steps; the cheapest, the widest of equals."""
    low, high = min(h.low, 0.0), max(h.high, 0.0)
    if levels > FINEST:  # finer than the histogram: nothing can be said of clipping
        return low, high
    shares = np.arange(CANDIDATES, 0, -1) / CANDIDATES
    costs = [cost(h, low * s, high * s, levels) for s in shares]
    best = float(shares[int(np.argmin(costs))])
    return low * best, high * best


def _squared_error(h: Histogram, low: float, high: float, levels: int) -> float:
    """Expected squared error of rounding to `levels` steps over [low, high] and clipping."""
    step = (high - low) / levels or 1.0
    kept = h.counts > 0
    x, n = h.centers[kept], h.counts[kept]
    rounded = np.clip(np.round((x - low) / step), 0, levels) * step + low
    return float((n * (x - rounded) ** 2).sum())


def _divergence(h: Histogram, low: float, high: float, levels: int) -> float:
    """KL divergence of the clipped, quantized distribution from the observed one.

    Zero is exact in any range: its bin counts no more than its neighbour, or else the zeros of
    a ReLU, of which no quantizer misses one, would ask for steps as fine as the histogram.
    """
    counts = h.counts.copy()
    counts[HALF] = min(counts[HALF], counts[HALF + 1])
    kept = counts > 0
    if not kept.any():
        return 0.0
    x, p = h.centers[kept], counts[kept] / counts.sum()
    step = (high - low) / levels or 1.0
    bins = np.clip(np.round((x - low) / step), 0, levels).astype(np.int64)
    inside = (x >= low) & (x <= high)
    mass = np.bincount(bins[inside], weights=p[inside], minlength=levels + 1)
    members = np.bincount(bins[inside], minlength=levels + 1)
    q = np.where(inside, mass[bins] / np.maximum(members[bins], 1), 0.0)
    p_clipped = np.where(inside, p, 0.0)
    for edge, outside in ((high, x > high), (low, x < low)):
        nearest = int(np.argmin(np.where(inside, np.abs(x - edge), np.inf)))
        p_clipped[nearest] += p[outside].sum()
    used = p_clipped > 0
    smooth = np.where(q[used] > 0, q[used], 1e-12)
    return float((p_clipped[used] * np.log(p_clipped[used] / smooth)).sum())


OBSERVERS: dict[str, Callable[[], Observer]] = {
    "minmax": MinMax,
    "moving_average": MovingAverage,
    "percentile": Percentile,
    "mse": MeanSquare,
    "entropy": Entropy,
}


def observer(name: str) -> Callable[[], Observer]:
    """The class of observers of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in OBSERVERS:
        known = ", ".join(OBSERVERS)
        raise UsageError(f"no observer is called {name!r}", fix=f"choose from {known}")
    return OBSERVERS[name]
