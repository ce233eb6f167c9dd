"""Calibration data in batches: as much at a time as a batch holds, never the whole set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.ir import Graph

Batch = dict[str, NDArray[np.float32]]


class Samples(Protocol):
    """A set of samples for all inputs of a graph; must be picklable, for several processes."""

    def __len__(self) -> int: ...

    def batches(self, start: int, stop: int, size: int) -> Iterator[Batch]:
        """Samples [start, stop) in order, at most `size` at a time: input name -> (n, ...)."""


@dataclass(frozen=True, slots=True, eq=False)
class ArraySamples:
    """Samples in arrays that are already there: input name -> (N, ...)."""

    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return min((len(a) for a in self.arrays.values()), default=0)

    def batches(self, start: int, stop: int, size: int) -> Iterator[Batch]:
        for i in range(start, stop, size):
            rows = slice(i, min(i + size, stop))
            yield {n: np.asarray(a[rows], np.float32) for n, a in self.arrays.items()}


def samples_of(graph: Graph, data: object) -> Samples:
    """What a user may give as data, checked against the graph's inputs.

    Args:
        data: an array (N, ...) for the only input, a mapping from input name (or "x") to
            arrays, or anything with the methods of `Samples`.

    Raises:
        UsageError: no samples, a name that is no input, or a shape that does not fit.
    """
    if hasattr(data, "batches"):
        samples: Samples = data  # a Samples already
    elif isinstance(data, Mapping):
        samples = ArraySamples(_named(graph, data))
    else:
        samples = ArraySamples(_named(graph, {"x": np.asarray(data)}))
    if not len(samples):
        raise UsageError("there are no samples to calibrate with",
                         fix="give at least one sample; a hundred is a good start")  # fmt: skip
    return samples


def _named(graph: Graph, data: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    inputs = graph.inputs
    arrays = {inputs[0]: data["x"]} if len(inputs) == 1 and "x" in data else dict(data)
    arrays = {name: arrays[name] for name in arrays if name != "y" or name in inputs}
    unknown, missing = set(arrays) - set(inputs), set(inputs) - set(arrays)
    if unknown or missing:
        raise UsageError(
            f"data for {', '.join(sorted(arrays)) or 'nothing'}",
            why=f"the inputs are {', '.join(inputs)}",
            fix='name the arrays like the inputs, or "x" for an only input',
        )
    for name, array in arrays.items():
        _check_shape(name, array, graph.tensors[name].shape)
    return arrays


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    per_sample = shape[1:] if shape[:1] == (1,) else shape
    if not np.issubdtype(array.dtype, np.number):
        raise UsageError(f"data for {name} is {array.dtype}", fix="give numbers")
    if array.ndim != 1 + len(per_sample) or array.shape[1:] != per_sample:
        raise UsageError(f"data for {name} has shape {array.shape}",
                         why=f"samples lie along the first dimension, each {per_sample}")  # fmt: skip


def check_finite(batch: Batch, first: int) -> None:
    """Refuse not-a-number and infinity; `first` is the number of the batch's first sample.

    Raises:
        UsageError: names the input and the sample.
    """
    for name, values in batch.items():
        bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if bad.any():
            raise UsageError(f"sample {first + int(np.argmax(bad))} of {name} is not finite",
                             fix="remove NaN and infinity from the data")  # fmt: skip
