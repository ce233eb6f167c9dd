"""What a metric keeps of each sample, so that memory does not hold every output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.measure.boxes import LABEL, THRESHOLDS, Detections, box_precision, detections
from edgeq.measure.metrics import METRICS, Score

Array = NDArray[Any]
Reals = NDArray[np.float64]
Outputs = Sequence[Reals]
"""Every output of one sample, as real numbers of its shape."""

BOX_RANK = 3
NAMES = tuple(dict.fromkeys((*METRICS, *THRESHOLDS)))
"""Every metric."""


class Tally(Protocol):
    """One side's share of a metric."""

    def add(self, outputs: Outputs, x: Reals) -> None:
        """Take one sample: its outputs, and its only input as real numbers."""

    def score(self) -> Score:
        """The metric, and its value by class."""


@dataclass(slots=True)
class Rows:
    """Keeps the first output, for metrics that need all of them."""

    metric: str
    y: Array
    rows: list[Reals] = field(default_factory=list)

    def add(self, outputs: Outputs, x: Reals) -> None:
        del x
        self.rows.append(outputs[0].reshape(-1))

    def score(self) -> Score:
        return METRICS[self.metric](np.stack(self.rows), self.y)


@dataclass(slots=True)
class Rebuilt:
    """Keeps the mean squared error of each reconstruction of the input.

    y   labels that the errors are the scores of; None for their mean alone
    """

    metric: str
    y: Array | None
    errors: list[float] = field(default_factory=list)

    def add(self, outputs: Outputs, x: Reals) -> None:
        self.errors.append(float(np.mean((outputs[0].reshape(-1) - x.reshape(-1)) ** 2)))

    def score(self) -> Score:
        if self.y is None:
            return float(np.mean(self.errors)), {}
        return METRICS[self.metric](np.array(self.errors)[:, None], self.y)


@dataclass(slots=True)
class Boxes:
    """Keeps the detections of each picture."""

    metric: str
    y: Array
    found: list[Detections] = field(default_factory=list)

    def add(self, outputs: Outputs, x: Reals) -> None:
        del x
        self.found.append(detections(outputs))

    def score(self) -> Score:
        return box_precision(self.found, self.y, self.metric)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one metric judges the outputs of one model.

    rebuilds   the first output has as many numbers as the only input
    """

    metric: str
    y: Array | None
    rebuilds: bool

    def tally(self) -> Tally:
        """A new one.

        Raises:
            UsageError: no such metric, or labels that it cannot use.
        """
        if self.metric not in NAMES:
            raise UsageError(f"no metric is called {self.metric!r}",
                             fix=f"choose from {', '.join(NAMES)}")  # fmt: skip
        judged = {"auc": self.y is not None, "mse": self.y is None}
        if self.rebuilds and judged.get(self.metric):
            return Rebuilt(self.metric, self.y)
        if self.y is None:
            raise UsageError("there are no labels",
                             why=f"{self.metric} compares outputs with labels",
                             fix="add an array y to the data, or give a folder for each class",
                             )  # fmt: skip
        if self.metric in THRESHOLDS and (self.metric not in METRICS or _are_boxes(self.y)):
            return Boxes(self.metric, self.y)
        return Rows(self.metric, self.y)


def _are_boxes(y: Array) -> bool:
    return y.ndim == BOX_RANK and y.shape[2] == LABEL


@dataclass(slots=True)
class Noise:
    """Sums for the SQNR of one side's first output to the float reference's, in dB."""

    signal: float = 0.0
    noise: float = 0.0
    same: int = 0

    def add(self, sides: Mapping[str, Outputs]) -> None:
        real, ours = sides["float"][0].reshape(-1), sides["c"][0].reshape(-1)
        self.signal += float(np.sum(real**2))
        self.noise += float(np.sum((real - ours) ** 2))
        pairs = zip(sides["fixed"], sides["c"], strict=True)
        self.same += all(np.array_equal(a, b) for a, b in pairs)
