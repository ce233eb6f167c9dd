"""Calibration data in batches: as much at a time as a batch holds, never the whole set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.ir import Graph, Shape
from edgeq.ir.file_order import file_orders
from edgeq.quantize.files import FolderSamples, folder_samples
from edgeq.quantize.images import normalized
from edgeq.quantize.npz import NUMBERS, npz_samples
from edgeq.quantize.preprocessing import COLORS, AudioSettings, ImageSettings, Settings

Batch = dict[str, NDArray[np.float32]]
FEWEST = 2


class Samples(Protocol):
    """A set of samples for all inputs of a graph; must be picklable, for several processes."""

    def __len__(self) -> int: ...

    def batches(self, start: int, stop: int, size: int) -> Iterator[Batch]:
        """Samples [start, stop) in order, at most `size` at a time: input name -> (n, ...)."""


class Source(Protocol):
    """Like Samples, with whatever dtype the data has."""

    def __len__(self) -> int: ...

    def batches(self, start: int, stop: int, size: int) -> Iterator[Mapping[str, NDArray[Any]]]:
        """Samples [start, stop) in order, at most `size` at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class ArraySamples:
    """Samples in arrays that are already there: input name -> (N, ...)."""

    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return min((len(a) for a in self.arrays.values()), default=0)

    def batches(self, start: int, stop: int, size: int) -> Iterator[dict[str, NDArray[Any]]]:
        for i in range(start, stop, size):
            rows = slice(i, min(i + size, stop))
            yield {n: a[rows] for n, a in self.arrays.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Reals:
    """Samples as float32, in the graph's order of dimensions, pixels normalized.

    orders   by input name, where the data has another order: that of the model's file
    """

    source: Source
    settings: ImageSettings | None = None
    orders: Mapping[str, Shape] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.source)

    def batches(self, start: int, stop: int, size: int) -> Iterator[Batch]:
        for batch in self.source.batches(start, stop, size):
            yield {n: self._real(n, a) for n, a in batch.items()}

    def _real(self, name: str, values: NDArray[Any]) -> NDArray[np.float32]:
        if self.settings is not None:
            return normalized(values, self.settings)
        values = values.transpose(self.orders.get(name, tuple(range(values.ndim))))
        with np.errstate(over="ignore"):  # to infinity, which is refused by name later
            return np.asarray(values, np.float32)


def samples_of(graph: Graph, data: object, settings: Settings | None = None) -> Samples:
    """What a user may give as data, checked against the graph's inputs.

    Args:
        graph: whose inputs the data is for.
        data: an array (N, ...) for the only input, a mapping from input name (or "x") to
            arrays, the path of a .npz file with such keys, the path of a folder of pictures
            or WAV files, or anything with the methods of `Samples`.
        settings: how pictures and sounds become the input; with arrays, how their pixels do.

    Raises:
        UsageError: no samples or a single one, a name that is no input, a shape or dtype that
            does not fit, or files that cannot be read.
    """
    if hasattr(data, "batches"):
        samples = cast(Samples, data)
    elif isinstance(data, str | Path) and Path(data).is_dir():
        samples = folder_samples(Path(data), settings, *_only_input(graph))
    else:
        samples = _of_arrays(graph, data, settings)
    if len(samples) < FEWEST:
        raise UsageError(_too_few(len(samples), data), why="ranges are estimated from samples",
                         fix="give more samples; a hundred is a good start")  # fmt: skip
    return samples


def _too_few(count: int, data: object) -> str:
    where = f"{data}: " if isinstance(data, str | Path) else ""
    return where + ("there are no samples" if count == 0 else "there is one sample only")


def _of_arrays(graph: Graph, data: object, settings: Settings | None) -> Samples:
    if isinstance(data, str | Path):
        stored = npz_samples(data, graph.inputs)
        source: Source = stored
        found = {n: (m.shape, m.dtype) for n, m in stored.members.items()}
    else:
        source = arrays = named(graph, data if isinstance(data, Mapping) else {"x": data})
        found = {n: (a.shape, a.dtype) for n, a in arrays.arrays.items()}
    fitted = _pixel_settings(graph, settings)
    return Reals(source, fitted, _orders(graph, found, fitted))


def _orders(
    graph: Graph, found: Mapping[str, tuple[Shape, np.dtype[Any]]], fitted: ImageSettings | None
) -> dict[str, Shape]:
    """The inputs whose data has the order of the model's file, once all shapes are checked.

    Where both orders would fit, it is the file's.
    """
    orders = {}
    for name, (shape, dtype) in found.items():
        order = order_of(graph, name, shape) if fitted is None else None
        if order is not None:
            shape, orders[name] = tuple(shape[i] for i in order), order
        _check(name, shape, dtype, _wanted(graph.tensors[name].shape, fitted))
    return orders


def order_of(graph: Graph, name: str, shape: Shape) -> Shape | None:
    """How data (N, ...) in the order of the model's file is transposed; None for other data."""
    order = file_orders(graph).get(name, ())
    if not order or order[0] != 0 or len(order) != len(shape):
        return None
    return order if tuple(shape[i] for i in order[1:]) == graph.tensors[name].shape[1:] else None


def _pixel_settings(graph: Graph, settings: Settings | None) -> ImageSettings | None:
    if isinstance(settings, AudioSettings):
        raise UsageError("arrays hold features already",
                         fix="give a folder of WAV files, or no settings of audio")  # fmt: skip
    return None if settings is None else settings.fitted(_only_input(graph)[1])


def _only_input(graph: Graph) -> tuple[str, Shape]:
    if len(graph.inputs) != 1:
        raise UsageError(f"the model has {len(graph.inputs)} inputs",
                         why="pictures and sounds are for models of one",
                         fix="give a .npz file with an array for each")  # fmt: skip
    name = graph.inputs[0]
    return name, graph.tensors[name].shape


def _wanted(shape: Shape, settings: ImageSettings | None) -> Shape:
    """The shape of one sample: without the leading 1 of a batch, pixels channels last."""
    if settings is not None:
        return (settings.height, settings.width, COLORS[settings.color])
    return shape[1:] if shape[:1] == (1,) else shape


def stated(samples: Samples) -> Settings | None:
    """How pictures, sounds or pixels become the input, where that is part of the samples."""
    return samples.settings if isinstance(samples, Reals | FolderSamples) else None


def named(graph: Graph, data: Mapping[str, Any]) -> ArraySamples:
    """Arrays by input name; "x" stands for an only input, and labels "y" are left out.

    Raises:
        UsageError: names that are no inputs, inputs without array, or lengths that differ.
    """
    inputs = graph.inputs
    named = {inputs[0]: data["x"]} if len(inputs) == 1 and "x" in data else dict(data)
    named = {name: named[name] for name in named if name != "y" or name in inputs}
    unknown, missing = set(named) - set(inputs), set(inputs) - set(named)
    if unknown or missing:
        raise UsageError(
            f"data for {', '.join(sorted(named)) or 'nothing'}",
            why=f"the inputs are {', '.join(inputs)}",
            fix='name the arrays like the inputs, or "x" for an only input',
        )
    arrays = {name: np.asarray(array) for name, array in named.items()}
    lengths = {name: len(a) if a.ndim else 0 for name, a in arrays.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name!r} has {n}" for name, n in lengths.items())
        raise UsageError("arrays have different numbers of samples", why=said)
    return ArraySamples(arrays)


def prepared_arrays(
    graph: Graph, data: NDArray[Any] | Mapping[str, NDArray[Any]], settings: Settings | None
) -> Mapping[str, NDArray[Any]]:
    """Arrays by input name in the graph's order, pixels normalized where settings say how.

    Raises:
        UsageError: names or shapes that do not fit the graph's inputs.
    """
    arrays = named(graph, data if isinstance(data, Mapping) else {"x": data}).arrays
    fitted = _pixel_settings(graph, settings)
    _orders(graph, {n: (a.shape, a.dtype) for n, a in arrays.items()}, fitted)
    if fitted is not None:
        return {name: normalized(array, fitted) for name, array in arrays.items()}
    return in_graph_order(graph, arrays)


def in_graph_order(graph: Graph, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Arrays by input name, those in the order of the model's file transposed."""
    found = {}
    for name, array in arrays.items():
        order = order_of(graph, name, np.shape(array))
        found[name] = array if order is None else np.asarray(array).transpose(order)
    return found


def _check(name: str, shape: Shape, dtype: np.dtype[Any], wanted: Shape) -> None:
    if dtype.kind not in NUMBERS:
        raise UsageError(f"data for {name} is {dtype}", fix="give numbers")
    if not shape or shape[1:] != wanted:
        raise UsageError(f"data for {name} has shape {shape}",
                         why=f"samples lie along the first dimension, each {wanted}")  # fmt: skip


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
