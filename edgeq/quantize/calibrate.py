"""Runs the float graph on calibration data and lets observers see every activation.

Samples stream: at any time there is one batch and its activations.  Several processes each
take a contiguous share of whole batches, and what they found is merged in order (joblib, so
that its Dask or Ray backend runs the same call on a cluster).  Batches are the same for any
number of processes, and so are the last bits of what the float graph makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import Problems, QuantError, ToolError
from edgeq.ir import DType, Graph
from edgeq.quantize.observers import Observer, observer
from edgeq.quantize.samples import Samples, check_finite
from edgeq.reference.float import FloatModel

BATCH_ELEMENTS = 4_000_000  # of the widest activation, about, over a whole batch
MOST_SAMPLES = 32
Progress = Callable[[int], None]


class Collector(Protocol):
    """Sees every activation, batch by batch; two collectors of one kind merge in order."""

    def see(self, name: str, values: NDArray[np.float32]) -> None:
        """The values (n, ...) of the tensor `name`."""

    def merge(self, other: Self) -> None:
        """Take over what the other saw after this one."""


C = TypeVar("C", bound=Collector)


class Ranges:
    """An observer for each float activation, and the names of those that were not finite."""

    def __init__(self, graph: Graph, kind: str) -> None:
        make = observer(kind)
        self.observers: dict[str, Observer] = {
            name: make()
            for name, t in graph.tensors.items()
            if t.dtype is DType.FLOAT32 and t.data is None
        }
        self.strange: set[str] = set()

    def see(self, name: str, values: NDArray[np.float32]) -> None:
        if name not in self.observers or not values.size:
            return
        if np.isfinite(values.min()) and np.isfinite(values.max()):
            self.observers[name].add(values)
        else:
            self.strange.add(name)

    def merge(self, other: Self) -> None:
        for name, found in other.observers.items():
            self.observers[name].merge(found)
        self.strange |= other.strange


def collect(
    graph: Graph, samples: Samples, make: Callable[[], C], *, jobs: int = 1,
    progress: Progress = lambda _: None,
) -> C:  # fmt: skip
    """Run all samples and return what a collector saw.

    Args:
        graph: float, as `prepare_float` makes it.
        samples: for all of its inputs.
        make: makes an empty collector, once per process; picklable when jobs > 1.
        jobs: processes; -1 takes every core (joblib's n_jobs).
        progress: told how many samples are done, after each batch.
    """
    count, size = len(samples), batch_size(graph)
    if jobs == 1:
        return _collect_part(graph, samples, make, 0, count, progress)
    parallel, delayed, effective = _joblib()
    batches = -(-count // size)
    workers = min(effective(jobs), batches)
    bounds = [min(batches * i // workers * size, count) for i in range(workers + 1)]
    parts = parallel(n_jobs=jobs)(
        delayed(_collect_part)(graph, samples, make, a, b, _silent) for a, b in pairwise(bounds)
    )
    first: C = parts[0]
    for part in parts[1:]:
        first.merge(part)
    progress(count)
    return first


def _collect_part(
    graph: Graph, samples: Samples, make: Callable[[], C], start: int, stop: int,
    progress: Progress,
) -> C:  # fmt: skip
    collector, model, done = make(), FloatModel(graph), start
    for batch in samples.batches(start, stop, batch_size(graph)):
        check_finite(batch, done)
        # overflow to infinity in a hostile model is found when ranges are read
        with np.errstate(over="ignore", invalid="ignore"):
            for name, values in model.trace(batch):
                collector.see(name, values)
        done += len(next(iter(batch.values())))
        progress(done - start)
    return collector


def batch_size(graph: Graph) -> int:
    """How many samples to run at once, by the widest activation."""
    widest = max((t.size for t in graph.tensors.values() if t.data is None), default=1)
    return int(np.clip(BATCH_ELEMENTS // max(widest, 1), 1, MOST_SAMPLES))


def calibrate(
    graph: Graph, samples: Samples, kind: str = "minmax", *, jobs: int = 1,
    progress: Progress = lambda _: None,
) -> Mapping[str, Observer]:  # fmt: skip
    """An observer of `kind` for every float activation of `graph`, fed with all samples.

    Raises:
        Problems: every layer that made NaN or infinity of finite inputs.
    """
    found = collect(graph, samples, _MakeRanges(graph, kind), jobs=jobs, progress=progress)
    problems = [
        QuantError("its output holds NaN or infinity on the calibration data", where=node.name,
                   why="it divides by zero, or leaves the range of float32",
                   fix="look at the layer's weights and the calibration data")
        for node in graph.nodes
        if found.strange.intersection(node.outputs) and not found.strange.intersection(node.inputs)
    ]  # fmt: skip
    if problems:
        raise Problems(f"{graph.name} cannot be quantized", problems)
    return found.observers


class _MakeRanges:
    """Makes empty `Ranges`, in whatever process it is called."""

    def __init__(self, graph: Graph, kind: str) -> None:
        self.graph, self.kind = graph, kind

    def __call__(self) -> Ranges:
        return Ranges(self.graph, self.kind)


def _silent(done: int) -> None:
    """No progress from other processes."""
    del done


def _joblib() -> tuple[Any, Any, Callable[[int], int]]:
    try:
        from joblib import Parallel, delayed, effective_n_jobs
    except ImportError:
        fix = "pip install edgeq[parallel]"
        raise ToolError("several processes need joblib", fix=fix) from None
    return Parallel, delayed, effective_n_jobs
