"""Compares numpy, the C code and an oracle tensor by tensor, and names the first that differs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edgeq.exporters.source import TFLITE_IDENTIFIER
from edgeq.ir import DType, Graph, Shape, Tensor
from edgeq.ir.file_order import file_orders
from edgeq.plan.plan import Plan
from edgeq.reference.exact import Exact
from edgeq.targets.levels import level_name
from edgeq.verify.distance import APPROXIMATE, Distance, DistanceTally
from edgeq.verify.oracle import Oracle
from edgeq.verify.sides import sides_of

Values = Mapping[str, NDArray[Any]]
Progress = Callable[[int, int], None]
"""Told how many samples of how many are done."""


def no_progress(done: int, total: int) -> None:
    """For callers that show none."""
    del done, total


@dataclass(frozen=True, slots=True)
class Difference:
    """The first element that differs.

    sides   which two were compared, such as "numpy, C" or "numpy, tflm"
    kernel  the C function that computes the tensor, "" when there is none
    index   position in the tensor's shape
    """

    sample: int
    node: str
    op: str
    tensor: str
    kernel: str
    sides: str
    index: tuple[int, ...]
    expected: float
    found: float
    wrong: int
    of: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a comparison found.

    differing_bytes     bytes of all compared tensors and samples that differ
    compared_bytes      bytes of all comparisons
    oracle_tensors      tensors that the oracle showed, of those that the graph computes
    distance            for an oracle of another arithmetic, which is no part of `ok`
    levels              of a fat target those that ran, each compared
    """

    ok: bool
    samples: int
    differing_bytes: int
    compared_bytes: int
    first_difference: Difference | None
    against: str
    target: str
    numerics: str
    oracle_tensors: int = 0
    computed_tensors: int = 0
    distance: Distance | None = None
    levels: tuple[str, ...] = ()

    @property
    def exact_peer(self) -> bool:
        """Whether there was an oracle whose bytes had to be the same."""
        return bool(self.against) and self.distance is None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class _Tally:
    """Counts differences, and keeps the one that comes first in the graph."""

    plan: Plan
    differing: int = 0
    compared: int = 0
    first: Difference | None = None
    seen: set[str] = field(default_factory=set)
    ran: Plan | None = None

    def compare(
        self, sample: int, sides: str, want: Values, got: Values, level: Plan | None = None
    ) -> None:
        """`level` is the plan that `got` comes from, where it is that of a level."""
        self.ran = level or self.plan
        for node in self.plan.graph.nodes:
            for name in node.outputs:
                if name in got:
                    self._tensor(sample, sides, name, want[name], got[name])

    def _tensor(
        self, sample: int, sides: str, name: str, want: NDArray[Any], got: NDArray[Any]
    ) -> None:
        tensor = self.plan.graph.tensors[name]
        got = as_compared(got, tensor)
        a, b = want.reshape(-1), got.reshape(-1)
        self.compared += a.nbytes
        self.seen.add(name)
        if a.dtype == b.dtype and a.tobytes() == b.tobytes():
            return
        wrong = _wrong(a, b)
        self.differing += int((a.view(np.uint8) != b.astype(a.dtype).view(np.uint8)).sum())
        if self.first is None and wrong.size:
            self.first = self._difference(sample, sides, tensor, a, b, wrong)

    def _difference(
        self, sample: int, sides: str, tensor: Tensor, a: NDArray[Any], b: NDArray[Any],
        wrong: NDArray[np.int64],
    ) -> Difference:  # fmt: skip
        node = self.plan.graph.producer(tensor.name)
        at = int(wrong[0])
        index = tuple(int(i) for i in np.unravel_index(at, tensor.shape or (1,)))
        ran = self.ran or self.plan
        steps = [s.symbol for s in ran.steps if node is not None and s.node == node.name]
        return Difference(
            sample, node.name if node else "", node.op if node else "", tensor.name,
            steps[0] if steps else "", sides, index, a[at].item(), b[at].item(), int(wrong.size),
            tensor.size,
        )  # fmt: skip


def as_compared(value: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """An oracle's tensor in the graph's dtype: legacy uint8 is int8 less 128 in the graph."""
    if value.dtype == np.uint8 and tensor.dtype is DType.INT8:
        return (value ^ np.uint8(128)).view(np.int8)
    return value


def _wrong(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    same = a == b
    if np.issubdtype(a.dtype, np.floating):
        same |= np.isnan(a) & np.isnan(b)
    return np.flatnonzero(~same)


def compare(
    plan: Plan, samples: Sequence[Values], *, against: str = "", native: bool = True,
    progress: Progress = no_progress,
) -> VerifyReport:  # fmt: skip
    """Run `samples` through numpy, the C code and, when named, an oracle.

    native   the C code runs in this process (host targets), else as a program of the target
    """
    tally = _Tally(plan)
    model = Exact(plan.graph, plan.lowered)
    with tempfile.TemporaryDirectory(prefix="edgeq-") as folder, _Peer(plan.graph, against) as peer:
        sides = sides_of(plan, samples, Path(folder), native=native)
        runs = zip(*(side.runs for side in sides), strict=True)
        for i, (sample, found) in enumerate(zip(samples, runs, strict=True)):
            want = dict(model.trace(sample))
            for side, values in zip(sides, found, strict=True):
                tally.compare(i, side.name, want, values, side.plan)
            tally.compare(i, f"numpy, {against}", want, peer.exact_values(sample, want))
            progress(i + 1, len(samples))
    computed = {t for n in plan.graph.nodes for t in n.outputs}
    return VerifyReport(
        tally.differing == 0 and tally.first is None, len(samples), tally.differing,
        tally.compared, tally.first, against, plan.target.name, str(plan.profile),
        len(peer.shown & computed), len(computed), peer.distance,
        tuple(level_name(side.plan.target) for side in sides if plan.levels),
    )  # fmt: skip


class _Peer:
    """The oracle of a comparison, or nobody."""

    def __init__(self, graph: Graph, name: str) -> None:
        self._graph = graph
        self._approximate = name in APPROXIMATE
        self._oracle = Oracle(name) if name else None
        self._far = DistanceTally()
        self.shown: set[str] = set()

    def __enter__(self) -> Self:
        try:
            if self._oracle is not None:
                self._oracle.load(self._graph.source, intermediates=not self._approximate)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._oracle is not None:
            self._oracle.close()

    @property
    def distance(self) -> Distance | None:
        return self._far.distance() if self._approximate else None

    def exact_values(self, sample: Values, want: Values) -> Values:
        """What must be the same bytes; nothing where no bytes are promised."""
        if self._oracle is None:
            return {}
        found = _oracle_values(self._oracle, self._graph, sample)
        if not self._approximate:
            self.shown |= found.keys()
            return found
        tensors = self._graph.tensors
        shown = {name: as_compared(value, tensors[name]) for name, value in found.items()}
        self._far.add(self._graph.outputs, want, shown)
        return {}


def _oracle_values(oracle: Oracle, graph: Graph, sample: Values) -> dict[str, NDArray[Any]]:
    """What the oracle computed, by the graph's tensor names.

    A .tflite file has the graph's own order, whatever file the graph came from.
    """
    orders = _orders(graph)
    answer = oracle.invoke(file_inputs(graph, sample))
    found = {n: answer.tensors[i] for n, i in graph.file_index.items() if i in answer.tensors}
    pairs = zip(graph.outputs, answer.outputs, strict=True)
    found |= {n: y.transpose(orders[n]) if n in orders else y for n, y in pairs}
    return {
        n: v for n, v in found.items() if n in graph.tensors and v.size == graph.tensors[n].size
    }


def file_inputs(graph: Graph, sample: Values) -> list[NDArray[Any]]:
    """The graph's inputs as the file that it came from wants them, its axes in the file's order."""
    orders = _orders(graph)
    return [_as_in_file(sample[name], orders.get(name)) for name in graph.inputs]


def _orders(graph: Graph) -> Mapping[str, Shape]:
    return {} if graph.source[4:8] == TFLITE_IDENTIFIER else file_orders(graph)


def _as_in_file(value: NDArray[Any], order: Shape | None) -> NDArray[Any]:
    """An input of the graph in the order that the file has it in."""
    return value if order is None else value.transpose(np.argsort(order))


def random_samples(graph: Graph, count: int, seed: int = 0) -> list[dict[str, NDArray[Any]]]:
    """`count` samples of uniformly random integers over the whole range of each input."""
    rng = np.random.default_rng(seed)
    return [{n: _random(graph.tensors[n], rng) for n in graph.inputs} for _ in range(count)]


def _random(tensor: Tensor, rng: np.random.Generator) -> NDArray[Any]:
    dtype = tensor.dtype.numpy
    if np.issubdtype(dtype, np.floating):
        return rng.normal(0, 1, tensor.shape).astype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, tensor.shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, tensor.shape, dtype, endpoint=True)
