"""An ONNX model run by edgeq's float meaning and by ONNX Runtime, on the same samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeq.frontends.onnx import read_onnx
from edgeq.ir import Graph
from edgeq.ir.file_order import file_orders
from edgeq.ir.spec import check
from edgeq.reference.float import FloatModel
from edgeq.verify.oracle import Oracle

Array = NDArray[Any]
SAMPLES = 2

EPSILON = 2.0**-23
"""Of float32: a sum of K products of numbers within 1 is within K * K / 2 of them, in any order."""

FUNCTIONS = 4e-6
"""ONNX Runtime's own exp, erf, tanh and logistic are polynomials of about 2e-6, relative to 1."""


def of_file(graph: Graph, name: str, rng: np.random.Generator, scale: float) -> Array:
    """One random sample of an input, in the file's order."""
    order = file_orders(graph).get(name)
    shape = graph.tensors[name].shape
    value = rng.uniform(-scale, scale, shape).astype(np.float32)
    return value if order is None else value.transpose(np.argsort(order))


def meant(graph: Graph, samples: Sequence[Mapping[str, Array]]) -> list[dict[str, Array]]:
    """The float meaning of samples in the file's order, in the file's order.

    All samples go through the model at once.
    """
    orders = file_orders(graph)
    first = graph.tensors[graph.inputs[0]].shape[0]
    stacked = {
        n: _stacked([_turned(s[n], orders.get(n)) for s in samples], first) for n in graph.inputs
    }
    together = FloatModel(graph).run(stacked)
    found: list[dict[str, Array]] = [{} for _ in samples]
    for name, value in together.items():
        shape = graph.tensors[name].shape
        for i, one in enumerate(value.reshape(-1, *shape)[: len(samples)]):
            back = np.argsort(orders[name]) if name in orders else None
            found[i][name] = _turned(one, back)
    return found


def differences(
    data: bytes, oracle: Oracle, rng: np.random.Generator, *, scale: float = 1.0,
) -> tuple[Graph, float]:  # fmt: skip
    """The graph, and how far its meaning is from ONNX Runtime's outputs at most.

    Shapes must be the same too.
    """
    graph = read_onnx(data)
    check(graph, "loaded")
    samples = [{n: of_file(graph, n, rng, scale) for n in graph.inputs} for _ in range(SAMPLES)]
    oracle.load(data)
    worst = 0.0
    names = [o.name for o in onnx.load_from_string(data).graph.output]
    for sample, found in zip(samples, meant(graph, samples), strict=True):
        wanted = oracle.invoke([sample[n] for n in graph.inputs]).outputs
        for name, expected in zip(names, wanted, strict=True):
            assert found[name].shape == expected.shape
            worst = max(worst, float(np.abs(found[name] - expected).max(initial=0)))
    return graph, worst


def _stacked(values: Sequence[Array], batch: int) -> Array:
    """Samples along the first dimension, where that is the batch."""
    along = values[0].ndim > 0 and values[0].shape[0] == batch
    return np.concatenate(values) if along else np.stack(values)


def _turned(value: Array, order: Any) -> Array:
    return value if order is None else value.transpose(order)
