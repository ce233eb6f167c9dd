"""How far another arithmetic is from ours: for oracles whose bytes nobody promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = Mapping[str, NDArray[Any]]

APPROXIMATE = frozenset({
    "litert-default", "onnxruntime", "onnxruntime-default", "onnxruntime-precise", "openvino",
})  # fmt: skip
"""Oracles that compute in float inside: their outputs are near ours, no more."""


@dataclass(frozen=True, slots=True)
class Distance:
    """Two answers to the same samples, compared by their model outputs.

    elements   of all outputs and samples
    equal      of them those that are the same
    largest    the greatest absolute difference: steps of the output, or its unit when float
    mean       of the absolute differences
    same_top   samples in which the same element of the first output is the largest
    """

    samples: int
    elements: int
    equal: int
    largest: float
    mean: float
    same_top: int


class DistanceTally:
    """Adds up samples; `distance` is the result."""

    def __init__(self) -> None:
        self._samples = self._elements = self._equal = self._same_top = 0
        self._largest = self._sum = 0.0

    def add(self, outputs: tuple[str, ...], want: Values, got: Values) -> None:
        """One sample: values by tensor name, of which `outputs` are compared."""
        self._samples += 1
        for name in outputs:
            gap = np.abs(_real(want[name]) - _real(got[name]))
            self._elements += gap.size
            self._equal += int((gap == 0).sum())
            self._largest = max(self._largest, float(gap.max(initial=0.0)))
            self._sum += float(gap.sum())
        first = outputs[0]
        self._same_top += int(np.argmax(want[first]) == np.argmax(got[first]))

    def distance(self) -> Distance:
        mean = self._sum / self._elements if self._elements else 0.0
        return Distance(
            self._samples, self._elements, self._equal, self._largest, mean, self._same_top
        )


def _real(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values, np.float64).reshape(-1)
