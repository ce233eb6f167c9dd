"""Accuracy side by side: the float reference, exact numpy and the C code on the same samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.build.host import HostModel
from edgeq.errors import UsageError
from edgeq.ir import DType, Graph, Tensor
from edgeq.ir.values import quantize
from edgeq.measure.labelled import Labelled
from edgeq.measure.metrics import Score
from edgeq.measure.tally import Noise, Rule
from edgeq.quantize.errors import decibels
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


def evaluate(sides: Sides, data: Labelled, metric: str, progress: Progress) -> Evaluation:
    """Run every sample on every side and judge their outputs.

    Args:
        sides: what is compared.
        data: samples and labels.  Arrays of an integer input's own dtype are its integers; all
            others are real numbers, which are quantized for it.  Without labels mse takes the
            input itself (reconstruction).
        metric: a name of `edgeq.measure.tally.NAMES`.
        progress: told after each sample.

    Raises:
        UsageError: inputs or labels that do not belong to the model or to each other.
    """
    rule = Rule(metric, data.labels, _rebuilds(sides))
    names = ("float",) if sides.exact is None else ("float", "fixed", "c")
    tallies = {side: rule.tally() for side in names}
    noise, count = Noise(), len(data)
    for i, (x, outputs) in enumerate(_samples(sides, data)):
        for side, tally in tallies.items():
            tally.add(outputs[side], x)
        if "c" in outputs:
            noise.add(outputs)
        progress(i + 1, count)
    return _evaluation(data, metric, {s: t.score() for s, t in tallies.items()}, noise)


def _evaluation(
    data: Labelled, metric: str, scores: Mapping[str, Score], noise: Noise
) -> Evaluation:
    found = {side: score for side, (score, _) in scores.items()}
    names = dict.fromkeys(name for _, classes in scores.values() for name in classes)
    known = {str(i): n for i, n in (data.classes or {}).items()}
    by_class = {known.get(name, name): {s: scores[s][1].get(name) for s in scores}
                for name in names}  # fmt: skip
    compiled = "c" in found
    return Evaluation(
        len(data), metric, found["float"], found.get("fixed"), found.get("c"),
        noise.same if compiled else None, decibels(noise.signal, noise.noise) if compiled else None,
        by_class or None,
    )  # fmt: skip


def _samples(sides: Sides, data: Labelled) -> Iterator[tuple[Reals, dict[str, list[Reals]]]]:
    """Each sample's first input as reals, and by side every output as reals."""
    model, tensors = FloatModel(sides.float_), _inputs_of(sides)
    for part in data.batches(AT_ONCE):
        real = _float_outputs(model, tensors, part)
        for i in range(len(next(iter(part.values())))):
            row = {name: values[i] for name, values in part.items()}
            outputs = {"float": [values[i] for values in real], **_integer_outputs(sides, row)}
            yield _reals(tensors[0], np.asarray(row[tensors[0].name])), outputs


def _rebuilds(sides: Sides) -> bool:
    """Whether the first output has as many numbers as the only input."""
    inputs, graph = _inputs_of(sides), sides.float_
    return len(inputs) == 1 and inputs[0].size == graph.tensors[graph.outputs[0]].size > 1


def _integer_outputs(sides: Sides, row: Mapping[str, Array]) -> dict[str, list[Reals]]:
    """One sample's outputs in exact numpy and C, as reals."""
    if sides.exact is None or sides.c is None:
        return {}
    graph = sides.exact.graph
    integers = {t.name: as_input(t, np.asarray(row[t.name])) for t in _inputs_of(sides)}
    ran = {"fixed": sides.exact.run(integers), "c": sides.c.run(integers)}
    return {side: [_reals(graph.tensors[n], values[n]) for n in graph.outputs]
            for side, values in ran.items()}  # fmt: skip


def _float_outputs(
    model: FloatModel, tensors: Sequence[Tensor], part: Mapping[str, Array]
) -> list[Reals]:
    """Every output (n, *shape) of n samples, given for the inputs `tensors` in order."""
    shaped = {}
    for name, tensor in zip(model.graph.inputs, tensors, strict=True):
        wanted, value = model.graph.tensors[name], _reals(tensor, np.asarray(part[tensor.name]))
        if value[:1].size != wanted.size:
            raise UsageError(f"data for {tensor.name} has shape {value.shape}",
                             why=f"one sample of it is {wanted.shape}")  # fmt: skip
        along = wanted.shape[:1] == (model.batch,)
        rows = (len(value) * model.batch, *wanted.shape[1:]) if along else (-1, *wanted.shape)
        shaped[name] = value.astype(np.float32).reshape(rows)
    count, found = len(next(iter(part.values()))), model.run(shaped)
    return [found[n].astype(np.float64).reshape(count, *model.graph.tensors[n].shape)
            for n in model.graph.outputs]  # fmt: skip


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
