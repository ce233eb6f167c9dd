"""Graphs of one operator, and how a file written from one is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.exporters.tflite import as_file
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Shape, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops
from edgeq.passes import prepare
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle

Array = NDArray[Any]
PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}
USUAL = {DType.INT8: (0.05, -3), DType.UINT8: (0.05, 125), DType.INT16: (2.0**-11, 0)}


def quant(scale: float, zero_point: int = 0) -> QuantParams:
    """One scale, as files can hold it."""
    return QuantParams(np.array([np.float32(scale)], np.float64), zero_point)


def usual(dtype: DType) -> QuantParams | None:
    """A quantization for activations of `dtype`; none for floats and indices."""
    return quant(*USUAL[dtype]) if dtype in USUAL else None


def activation(
    name: str, shape: Shape, dtype: DType = DType.INT8, q: QuantParams | None = None
) -> Tensor:
    """An activation, by default with the usual quantization."""
    return Tensor(name, shape, dtype, usual(dtype) if q is None else q)


def constant(name: str, data: Any, dtype: DType, q: QuantParams | None = None) -> Tensor:
    array = np.asarray(data, dtype.numpy)
    return Tensor(name, array.shape, dtype, q, array)


def weights(
    rng: np.random.Generator, shape: Shape, dtype: DType = DType.INT8, axis: int | None = 0
) -> Tensor:
    """Weights named "w", per channel along `axis` unless it is None."""
    top = 7 if dtype is DType.INT4 else 127
    count = 1 if axis is None else shape[axis]
    scale = rng.uniform(0.005, 0.02, count).astype(np.float32) * (127 / top)
    q = QuantParams(scale.astype(np.float64), 0, axis)
    return constant("w", rng.integers(-top, top + 1, shape), dtype, q)


def bias(rng: np.random.Generator, count: int, dtype: DType = DType.INT32) -> Tensor:
    return constant("b", rng.integers(-5000, 5000, count), dtype, None)


def one_node(
    op: str, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...], **attrs: Attr
) -> Graph:
    """A graph of one node; shapes of outputs are inferred."""
    node = Node(f"{op}_0", op, tuple(t.name for t in inputs), tuple(t.name for t in outputs), attrs)
    shapes = all_ops()[op].infer(node, inputs)
    shaped = [Tensor(t.name, s, t.dtype, t.quant) for t, s in zip(outputs, shapes, strict=True)]
    tensors = {t.name: t for t in (*inputs, *shaped)}
    free = tuple(t.name for t in inputs if not t.is_constant)
    return Graph(op, tensors, (node,), free, tuple(t.name for t in outputs))


def samples(graph: Graph, rng: np.random.Generator, count: int = 3) -> list[list[Array]]:
    """Every value of an integer dtype, floats in [-4, 4)."""
    return [[_random(graph.tensors[n], rng) for n in graph.inputs] for _ in range(count)]


def _random(tensor: Tensor, rng: np.random.Generator) -> Array:
    dtype = tensor.dtype.numpy
    if dtype.kind == "f":
        return rng.uniform(-4, 4, tensor.shape).astype(dtype)
    limits = np.iinfo(dtype)
    return np.asarray(rng.integers(limits.min, limits.max, tensor.shape, dtype, endpoint=True))


def agree(
    oracle: Oracle, graph: Graph, rng: np.random.Generator, count: int = 3, again: bool = True
) -> bytes:
    """Fail unless the file of `graph` gives edgeq's bytes in the oracle; the file.

    The graph itself is run, and (with `again`) what the front end reads from its file.
    """
    written = as_file(graph)
    trials = samples(graph, rng, count)
    answers = oracle.run(written.source, trials)
    for subject in (written, read_tflite(written.source)) if again else (written,):
        prepared = prepare(subject)
        machine = exact(prepared, PROFILES[oracle.name])
        for trial, answer in zip(trials, answers, strict=True):
            got = machine.run(dict(zip(prepared.inputs, trial, strict=True)))
            for name, theirs in zip(prepared.outputs, answer.outputs, strict=True):
                assert (got[name].dtype, got[name].size) == (theirs.dtype, theirs.size)
                assert np.array_equal(got[name].reshape(-1), theirs.reshape(-1))
    return written.source
