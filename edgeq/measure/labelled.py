"""Samples with labels, a batch at a time: arrays, a .npz file, or a folder for each class."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.quantize.files import FolderSamples, folder_samples
from edgeq.quantize.npz import members_of, npz_samples, reading
from edgeq.quantize.preprocessing import Settings, settings_of_note
from edgeq.quantize.samples import Source, named, prepared_arrays

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Samples for a graph, and what the network should say of each.

    source    samples as they are given
    graph     whose inputs they are for
    settings  how pixels become the input; None where they are its values already
    labels    (n, ...), n being the number of samples; None where there are none
    classes   names of the classes, by their numbers; empty where nobody named them
    """

    source: Source
    graph: Graph
    settings: Settings | None = None
    labels: Array | None = None
    classes: Mapping[int, str] | None = None
    count: int = 0

    def __len__(self) -> int:
        return min(self.count, len(self.source)) if self.count else len(self.source)

    def batches(self, size: int) -> Iterator[Mapping[str, Array]]:
        """Every sample in order, at most `size` at a time: input name -> (n, ...).

        Raises:
            UsageError: they do not fit the graph's inputs, or are not finite.
        """
        first = 0
        for batch in self.source.batches(0, len(self), size):
            if not isinstance(self.source, FolderSamples):
                batch = prepared_arrays(self.graph, dict(batch), self.settings)
            for name, values in batch.items():
                _check_finite(name, values, first)
            yield batch
            first += size


def labelled(
    graph: Graph, x: object, y: Array | None, settings: Settings | None, samples: int | None = None
) -> Labelled:
    """What a user may give to be judged on.

    Args:
        graph: whose inputs the samples are for.
        x: an array (N, ...), input name -> array, the path of a .npz file with such keys (and
            labels `y`), or of a folder with one folder of pictures or WAV files for each class.
        y: labels, where x does not bring them.
        settings: how pictures, pixels or sounds become the input; for a folder those kept with
            the graph when None.
        samples: how many are taken, from the first on; all when None.

    Raises:
        UsageError: files that cannot be read, names that are no inputs, or lengths that differ.
    """
    if isinstance(x, str | Path):
        path = Path(x)
        found = _of_folder(graph, path, settings) if path.is_dir() else _of_npz(graph, path)
    else:
        arrays = x if isinstance(x, Mapping) else {"x": x}
        found = Labelled(named(graph, arrays), graph)
    found = replace(found, settings=settings, labels=found.labels if y is None else np.asarray(y))
    total = len(found.source)
    if not total:
        raise UsageError("there are no samples", why="each input needs the same number of samples")
    if found.labels is not None and len(found.labels) != total:
        raise UsageError(f"{total} samples and {len(found.labels)} labels",
                         fix="give as many of each")  # fmt: skip
    count = min(samples or total, total)
    labels = None if found.labels is None else found.labels[:count]
    return replace(found, count=count, labels=labels)


def _of_npz(graph: Graph, path: Path) -> Labelled:
    """The samples stay in the file until their batch comes; labels are read at once."""
    found = npz_samples(path, graph.inputs)
    with reading(path), zipfile.ZipFile(path) as archive:
        has_labels = "y" in members_of(str(path), archive)
    if not has_labels or "y" in graph.inputs:
        return Labelled(found, graph)
    stored = npz_samples(path, ["y"])
    count = len(stored)
    labels = next(stored.batches(0, count, count))["y"] if count else np.zeros(0)
    return Labelled(found, graph, labels=labels)


def _of_folder(graph: Graph, folder: Path, settings: Settings | None) -> Labelled:
    """One class for each folder in `folder`, numbered in the order of their names.

    Folders whose names are all numbers are the classes of those numbers.
    """
    if len(graph.inputs) != 1:
        raise UsageError(f"the model has {len(graph.inputs)} inputs", where=str(folder),
                         why="pictures and sounds are for models of one",
                         fix="give a .npz file with an array for each")  # fmt: skip
    name = graph.inputs[0]
    chosen = settings or settings_of_note(graph.notes)
    found = folder_samples(folder, chosen, name, graph.tensors[name].shape)
    places = [path.relative_to(folder).parts for path in found.files]
    if all(len(parts) == 1 for parts in places):
        return Labelled(found, graph)
    if any(len(parts) == 1 for parts in places):
        raise UsageError("holds files beside the folders of its classes", where=str(folder),
                         fix="put every file into the folder of its class")  # fmt: skip
    names = sorted({parts[0] for parts in places})
    numbers = [int(n) if n.isdecimal() else -1 for n in names]
    if min(numbers) < 0:
        numbers = list(range(len(names)))
    number_of = dict(zip(names, numbers, strict=True))
    labels = np.array([number_of[parts[0]] for parts in places], np.int64)
    return Labelled(found, graph, labels=labels, classes={i: n for n, i in number_of.items()})


def _check_finite(name: str, values: Array, first: int) -> None:
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    bad = int(np.argmax(~np.isfinite(values.reshape(len(values), -1)).all(axis=1)))
    raise UsageError(f"{name!r} holds values that are not finite",
                     why=f"sample {first + bad} is the first",
                     fix="remove NaN and infinity from the data")  # fmt: skip
