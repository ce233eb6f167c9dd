"""One float network of every later operator: quantized, compiled, the same bytes everywhere."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from edgeq.ir import Attr, DType, Graph, Node, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline import verify
from edgeq.quantize import quantize
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from edgeq.targets import load_target
from tests.tools import need_target

LATER = """
    conv_transpose_2d prelu gelu depth_to_space gather elu abs clip neg div reduce_max reduce_sum
    hard_sigmoid erf exp pow sqrt rsqrt
"""
SAMPLE = (4, 4, 8)


class Builder:
    """A float graph in the making: every node's shape is inferred by its operator."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []

    def constant(self, name: str, data: np.ndarray[Any, Any]) -> str:
        real = data.dtype.kind == "f"
        values = data.astype(np.float32 if real else np.int32)
        dtype = DType.FLOAT32 if real else DType.INT32
        self.tensors[name] = Tensor(name, values.shape, dtype, None, values)
        return name

    def node(self, op: str, *inputs: str, **attrs: Attr) -> str:
        name = f"{op}_{len(self.nodes)}"
        node = Node(name, op, inputs, (f"{name}/y",), attrs)
        (shape,) = all_ops()[op].infer(node, tuple(self.tensors[t] for t in inputs))
        self.tensors[node.outputs[0]] = Tensor(node.outputs[0], shape, DType.FLOAT32)
        self.nodes.append(node)
        return node.outputs[0]


@cache
def network() -> Graph:
    """x (1, 4, 4, 8), spread to 8 by 8, bent, cut, divided and added up."""
    b, rng = Builder(), np.random.default_rng(0)
    b.tensors["x"] = Tensor("x", (1, *SAMPLE), DType.FLOAT32)
    weights = b.constant("w", rng.normal(0, 0.2, (8, 3, 3, 8)))
    bias, slope = b.constant("b", rng.normal(0, 0.1, 8)), rng.uniform(-0.3, 0.6, (1, 1, 8))
    y = b.node("conv_transpose_2d", "x", weights, bias, stride=(2, 2), dilation=(1, 1),
               padding=(1, 0, 1, 0), output_padding=(0, 0), activation="none")  # fmt: skip
    y = b.node("gelu", b.node("prelu", y, b.constant("slope", slope)), approximate="none")
    y = b.node("depth_to_space", y, block_size=2, mode="CRD")
    y = b.node("elu", b.node("gather", y, b.constant("i", np.array([1, 0, 1])), axis=3), alpha=1.0)
    divisor = b.node("clip", b.node("abs", y), lo=0.25, hi=3.0)
    y = b.node("div", b.node("neg", y), divisor, activation="none")
    top = b.node("reduce_max", y, axes=(1,), keep_dims=False)
    total = b.node("reduce_sum", y, axes=(1,), keep_dims=False)
    positive = b.node("exp", b.node("erf", total))
    outputs = (
        b.node("hard_sigmoid", top, alpha=0.2, beta=0.5),
        b.node("pow", positive, exponent=2.0),
        b.node("pow", positive, exponent=-0.5),
        b.node("sqrt", positive),
        b.node("rsqrt", positive),
    )
    return prepare_float(Graph("later", b.tensors, tuple(b.nodes), ("x",), outputs))


@cache
def quantized(scheme: str) -> Graph:
    data = np.random.default_rng(1).normal(size=(64, *SAMPLE)).astype(np.float32)
    return quantize(network(), data, scheme)


def test_the_network_has_every_later_operator() -> None:
    assert {node.op for node in network().nodes} == set(LATER.split())


@pytest.mark.parametrize("scheme", ["int8", "int16x8"])
@pytest.mark.parametrize("target", ["host", "cortex-m4", "raspberry-pi-4"])
def test_numpy_and_c_give_the_same_bytes(scheme: str, target: str) -> None:
    need_target(load_target(target))
    report = verify(quantized(scheme), target, samples=10 if target == "host" else 2)
    assert report.ok
    assert report.differing_bytes == 0
    assert report.computed_tensors == len(network().nodes)


@pytest.mark.parametrize(("scheme", "floor"), [("int8", 20.0), ("int16x8", 35.0)])
def test_integers_stay_close_to_the_reals(scheme: str, floor: float) -> None:
    """Signal to noise of the sums, in dB: eleven operators deep, int8 weights in either scheme."""
    graph = quantized(scheme)
    x = np.random.default_rng(2).normal(size=(8, *SAMPLE)).astype(np.float32)
    reals = dict(FloatModel(network()).trace({"x": x}))
    total = next(node for node in graph.nodes if node.op == "reduce_sum").outputs[0]
    entry, machine = graph.tensors["x"], exact(graph, Profile.EDGEQ)
    limits = np.iinfo(entry.dtype.numpy)
    noise = 0.0
    for i in range(len(x)):
        assert entry.quant is not None
        codes = np.round(x[i : i + 1] / entry.quant.scale[0]) + entry.quant.zero_point
        sample = np.clip(codes, limits.min, limits.max).astype(entry.dtype.numpy)
        got = dict(machine.trace({"x": sample}))[total].astype(np.float64)
        quant = graph.tensors[total].quant
        assert quant is not None
        seen = (got - quant.zero_point) * quant.scale[0]
        noise += float(np.square(seen - reals[total][i]).sum())
    assert 10 * np.log10(np.square(reals[total].astype(np.float64)).sum() / noise) > floor
