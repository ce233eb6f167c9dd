"""How often the model is right: exact numpy, the C code and an oracle on labelled samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.build.host import HostModel, as_integers
from edgeq.errors import UsageError
from edgeq.reference.exact import Exact
from edgeq.verify.oracle import Oracle

Array = NDArray[Any]
Predict = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of samples whose largest output is the label's.

    fixed        of the exact numpy reference
    c            of the C code
    oracle       of the oracle, None when none was asked
    same_as_c    samples in which numpy (and the oracle) name the same class as the C code
    """

    n: int
    metric: str
    fixed: float
    c: float
    oracle: float | None
    against: str
    same_as_c: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def top1(model: HostModel, x: Array, y: Array, *, against: str = "") -> Accuracy:
    """Top-1 accuracy of a model of one input, and whether all sides agree sample by sample.

    Args:
        model: compiled for this machine.
        x: (N, ...) as the input wants it, or floats, which are quantized.
        y: (N,) classes: positions in the first output.
        against: an oracle's name, or "".

    Raises:
        UsageError: the model has several inputs, or x and y do not belong together.
    """
    plan = model.plan
    if len(plan.inputs) != 1:
        raise UsageError(f"the model has {len(plan.inputs)} inputs", why="top-1 is for one")
    if len(x) != len(y) or not len(x):
        raise UsageError(f"{len(x)} samples and {len(y)} labels", fix="give as many of each")
    tensor = plan.inputs[0].tensor
    rows = [as_integers(tensor, np.asarray(row)) for row in x]
    first = plan.outputs[0].tensor.name
    exact = Exact(plan.graph, plan.lowered)
    ours = _classes(lambda row: model.run({tensor.name: row})[first], rows)
    fixed = _classes(lambda row: exact.run({tensor.name: row})[first], rows)
    peer = _oracle_classes(against, plan.graph.source, rows) if against else None
    same = (ours == fixed) & (ours == peer if peer is not None else True)
    return Accuracy(
        len(rows), "top1", _share(fixed, y), _share(ours, y),
        _share(peer, y) if peer is not None else None, against, int(same.sum()),
    )  # fmt: skip


def _classes(predict: Predict, rows: Sequence[Array]) -> Array:
    return np.array([int(np.argmax(predict(row))) for row in rows])


def _oracle_classes(name: str, source: bytes, rows: Sequence[Array]) -> Array:
    with Oracle(name) as oracle:
        samples = oracle.run(source, [(row,) for row in rows])
    return np.array([int(np.argmax(sample.outputs[0])) for sample in samples])


def _share(classes: Array, y: Array) -> float:
    return float((classes == np.asarray(y).reshape(-1)).mean())
