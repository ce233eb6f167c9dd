"""Accuracy side by side: the float reference, exact numpy and the C code on the same samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.build.host import HostModel
from edgeq.errors import UsageError
from edgeq.ir import DType, Graph, Tensor
from edgeq.ir.values import quantize
from edgeq.measure.metrics import METRICS, sqnr_db
from edgeq.reference.exact import Exact
from edgeq.reference.float import FloatModel

Array = NDArray[Any]
Reals = NDArray[np.float64]
Progress = Callable[[int, int], None]
AT_ONCE = 16  # samples that the float reference computes together


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A metric of three computations of one network; None where a side does not exist.

    float_        of the float reference
    fixed, c      of exact numpy and of the C code
    same_outputs  samples whose outputs are equal to the bit in exact numpy and C
    sqnr_db       of the C code's outputs to the float reference's
    classes       by class, the metric of each side
    """

    n: int
    metric: str
    float_: float | None
    fixed: float | None
    c: float | None
    same_outputs: int | None = None
    sqnr_db: float | None = None
    classes: Mapping[str, Mapping[str, float | None]] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n, "metric": self.metric, "float": self.float_, "fixed": self.fixed,
            "c": self.c, "same_outputs": self.same_outputs, "sqnr_db": self.sqnr_db,
            "classes": [{"class": name, **sides} for name, sides in (self.classes or {}).items()],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The graphs and programs that are compared.

    float_  the network in reals
    exact   None for a network that is float itself
    """

    float_: Graph
    exact: Exact | None = None
    c: HostModel | None = None


def evaluate(
    sides: Sides, x: Mapping[str, Array], y: Array | None, metric: str, progress: Progress
) -> Evaluation:
    """Run every sample on every side and judge their first outputs.

    Args:
        sides: what is compared.
        x: input name -> (N, ...).  Arrays of an integer input's own dtype are its integers; all
            others are real numbers, which are quantized for it.
        y: labels or targets (N, ...); None for mse takes the input itself (reconstruction).
        metric: a name of METRICS.
        progress: told after each sample.

    Raises:
        UsageError: inputs or labels that do not belong to the model or to each other.
    """
    if metric not in METRICS:
        raise UsageError(f"no metric is called {metric!r}",
                         fix=f"choose from {', '.join(METRICS)}")  # fmt: skip
    outputs = _outputs(sides, x, progress)
    n = len(next(iter(x.values())))
    scored, target = _scored(outputs, sides, x, y, metric)
    scores = {side: METRICS[metric](values, target) for side, values in scored.items()}
    found = {side: score for side, (score, _) in scores.items()}
    names = dict.fromkeys(name for _, classes in scores.values() for name in classes)
    fixed, c = outputs.get("fixed"), outputs.get("c")
    return Evaluation(
        n, metric, found["float"], found.get("fixed"), found.get("c"),
        None if fixed is None or c is None else int((fixed == c).all(axis=1).sum()),
        None if c is None else sqnr_db(outputs["float"], c),
        {name: {s: scores[s][1].get(name) for s in scores} for name in names} or None,
    )  # fmt: skip


def _outputs(sides: Sides, x: Mapping[str, Array], progress: Progress) -> dict[str, Reals]:
    """By side, the reals (N, outputs) of the first output."""
    count, model = _count(x), FloatModel(sides.float_)
    rows: dict[str, list[Reals]] = {}
    for start in range(0, count, AT_ONCE):
        part = {name: np.asarray(a[start : start + AT_ONCE]) for name, a in x.items()}
        rows.setdefault("float", []).extend(_float_outputs(model, _inputs_of(sides), part))
        for i in range(min(AT_ONCE, count - start)):
            for side, value in _integer_outputs(sides, {n: a[i] for n, a in part.items()}).items():
                rows.setdefault(side, []).append(value)
            progress(start + i + 1, count)
    return {side: np.stack(values) for side, values in rows.items()}


def _integer_outputs(sides: Sides, row: Mapping[str, Array]) -> dict[str, Reals]:
    """One sample's first output in exact numpy and C, flat and real."""
    if sides.exact is None:
        return {}
    integers = {t.name: as_input(t, row[t.name]) for t in _inputs_of(sides)}
    y = sides.exact.graph.tensors[sides.exact.graph.outputs[0]]
    found = {"fixed": _reals(y, sides.exact.run(integers)[y.name]).reshape(-1)}
    if sides.c is not None:
        found["c"] = _reals(y, sides.c.run(integers)[y.name]).reshape(-1)
    return found


def _float_outputs(
    model: FloatModel, tensors: Sequence[Tensor], part: Mapping[str, Array]
) -> Reals:
    """The first output (n, outputs) of n samples, given for the inputs `tensors` in order."""
    shaped = {}
    for name, tensor in zip(model.graph.inputs, tensors, strict=True):
        wanted, value = model.graph.tensors[name], _reals(tensor, part[tensor.name])
        if value[:1].size != wanted.size:
            raise UsageError(f"data for {tensor.name} has shape {value.shape}",
                             why=f"one sample of it is {wanted.shape}")  # fmt: skip
        along = wanted.shape[:1] == (model.batch,)
        rows = (len(value) * model.batch, *wanted.shape[1:]) if along else (-1, *wanted.shape)
        shaped[name] = value.astype(np.float32).reshape(rows)
    count = len(next(iter(part.values())))
    return model.run(shaped)[model.graph.outputs[0]].astype(np.float64).reshape(count, -1)


def _inputs_of(sides: Sides) -> list[Tensor]:
    """The inputs that the data is for."""
    graph = sides.exact.graph if sides.exact is not None else sides.float_
    return [graph.tensors[name] for name in graph.inputs]


def as_input(tensor: Tensor, value: Array) -> Array:
    """An input as the integer graph takes it: its own dtype as it is, anything else as reals.

    Raises:
        UsageError: another number of elements.
    """
    if value.size != tensor.size:
        raise UsageError(f"input {tensor.name} has shape {value.shape}",
                         why=f"the model takes {tensor.shape}")  # fmt: skip
    wanted = tensor.dtype.numpy
    if value.dtype == wanted or tensor.quant is None:
        return value.astype(wanted).reshape(tensor.shape)
    return quantize(value.astype(np.float32), tensor).reshape(tensor.shape)


def _reals(tensor: Tensor, value: Array) -> Reals:
    """The reals of a value in the tensor's own dtype; other values are reals already."""
    quant = tensor.quant
    if quant is None or value.dtype != tensor.dtype.numpy or tensor.dtype is DType.FLOAT32:
        return np.asarray(value, np.float64)
    return (value.astype(np.float64) - quant.zero_point) * float(quant.scale[0])


def _scored(
    outputs: dict[str, Reals], sides: Sides, x: Mapping[str, Array], y: Array | None, metric: str
) -> tuple[dict[str, Reals], Array]:
    """What the metric judges, and against what.

    Reconstructions (outputs as large as the only input, where labels do not say otherwise) are
    judged by their squared error to the input.
    """
    count = _count(x)
    if y is not None and len(y) != count:
        raise UsageError(f"{count} samples and {len(y)} labels", fix="give as many of each")
    value = next(iter(x.values())).reshape(count, -1)
    target = _reals(_inputs_of(sides)[0], value)
    rebuilds = len(x) == 1 and value.shape[1] == outputs["float"].shape[1] > 1
    if metric == "mse" and y is None and rebuilds:
        return outputs, target
    if y is None:
        raise UsageError("there are no labels", why=f"{metric} compares outputs with labels",
                         fix="add an array y to the data")  # fmt: skip
    if metric == "auc" and rebuilds:
        errors = {s: ((o - target) ** 2).mean(axis=1, keepdims=True) for s, o in outputs.items()}
        return errors, np.asarray(y)
    return outputs, np.asarray(y)


def _count(x: Mapping[str, Array]) -> int:
    lengths = {name: len(a) for name, a in x.items()}
    if len(set(lengths.values())) != 1 or not min(lengths.values()):
        said = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise UsageError("each input needs the same number of samples", why=said)
    return min(lengths.values())
