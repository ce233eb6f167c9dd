"""Trials of operators through their files: a one-operator .tflite, an oracle, and edgeq.

The file is read by the front end, so what it makes of the options is tried as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType, Graph, Node, Tensor
from edgeq.numerics.profile import Profile
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.models import random_inputs

Array = NDArray[Any]
PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}


def agree(
    oracle: Oracle, model: bytes, rng: np.random.Generator, samples: int = 2, extremes: bool = True
) -> list[Array]:
    """Fail unless edgeq under the oracle's profile gives the oracle's bytes; the last outputs.

    Inputs are random, and once (with `extremes`) only the smallest and largest values.
    """
    graph = signed(read_tflite(model))
    machine = exact(graph, PROFILES[oracle.name])
    trials = [random_inputs(model, rng) for _ in range(samples)]
    if extremes:
        trials.append([_extreme(x, rng) for x in trials[0]])
    got: list[Array] = []
    for sample, answer in zip(trials, oracle.run(model, trials), strict=True):
        shifted = [_flip(x) for x in sample]
        result = machine.run(dict(zip(graph.inputs, shifted, strict=True)))
        got = [result[name] for name in graph.outputs]
        for ours, theirs in zip(got, answer.outputs, strict=True):
            _same(_unflip(ours, theirs), theirs, oracle.name)
    return got


def _extreme(x: Array, rng: np.random.Generator) -> Array:
    if x.dtype.kind == "f":
        return x
    info = np.iinfo(x.dtype)
    return rng.choice(np.array([info.min, info.max], x.dtype), x.shape)


def _same(ours: Array, theirs: Array, name: str) -> None:
    assert ours.dtype == theirs.dtype
    assert ours.size == theirs.size
    wrong = np.flatnonzero(ours.reshape(-1) != theirs.reshape(-1))
    if wrong.size:
        at = int(wrong[0])
        raise AssertionError(
            f"{wrong.size} of {ours.size} differ from {name}, first at {at}: "
            f"got {ours.reshape(-1)[at]}, want {theirs.reshape(-1)[at]}"
        )


def signed(graph: Graph) -> Graph:
    """A legacy uint8 graph as the int8 graph that operators see; others as they are."""
    if all(t.dtype is not DType.UINT8 for t in graph.tensors.values()):
        return graph
    tensors = {name: _signed_tensor(t) for name, t in graph.tensors.items()}
    nodes = tuple(_legacy(node, graph) for node in graph.nodes)
    return replace(graph, tensors=tensors, nodes=nodes)


def _legacy(node: Node, graph: Graph) -> Node:
    attrs = {**node.attrs, "legacy_uint8": True}
    if node.op == "pad" and graph.tensors[node.outputs[0]].dtype is DType.UINT8:
        value = node.attrs["value"]
        assert isinstance(value, int)
        attrs["value"] = value - 128
    return replace(node, attrs=attrs)


def _signed_tensor(t: Tensor) -> Tensor:
    if t.dtype is not DType.UINT8:
        return t
    quant = None if t.quant is None else replace(t.quant, zero_point=t.quant.zero_point - 128)
    data = None if t.data is None else _flip(t.data)
    return replace(t, dtype=DType.INT8, quant=quant, data=data)


def _flip(x: Array) -> Array:
    return (x ^ np.uint8(0x80)).view(np.int8) if x.dtype == np.uint8 else x


def _unflip(ours: Array, theirs: Array) -> Array:
    flips = theirs.dtype == np.uint8 and ours.dtype == np.int8
    return ours.view(np.uint8) ^ np.uint8(0x80) if flips else ours
