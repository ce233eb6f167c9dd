"""What edgeq itself quantized: the runtimes give edgeq's bytes for the file of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeq.errors import Problems
from edgeq.exporters.tflite import to_tflite
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Attr, DType, Graph, Node, Shape, Tensor
from edgeq.ops.base import all_ops
from edgeq.pipeline import load, quantize, verify
from edgeq.verify.oracle import Oracle
from tests.exporters.graphs import agree

WINDOW: dict[str, Attr] = {"stride": (1, 1), "dilation": (1, 1), "activation": "none"}
POOL: dict[str, Attr] = {
    "filter": (2, 2), "stride": (2, 2), "padding": (0,) * 4, "activation": "none",
}  # fmt: skip


class Floats:
    """A float graph in the making, from an image x (1, 12, 10, 4)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.nodes: list[Node] = []
        self.tensors = {"x": Tensor("x", (1, 12, 10, 4), DType.FLOAT32)}

    def constant(self, shape: Shape, spread: float = 0.3) -> str:
        name = f"c{len(self.tensors)}"
        data = self.rng.normal(0, spread, shape).astype(np.float32)
        self.tensors[name] = Tensor(name, shape, DType.FLOAT32, None, data)
        return name

    def add(self, op: str, *inputs: str, **attrs: Attr) -> str:
        """The first output of another node."""
        node = Node(f"{op}_{len(self.nodes)}", op, inputs, (f"t{len(self.nodes)}",), attrs)
        (shape,) = all_ops()[op].infer(node, tuple(self.tensors[n] for n in inputs))
        self.tensors[node.outputs[0]] = Tensor(node.outputs[0], shape, DType.FLOAT32)
        self.nodes.append(node)
        return node.outputs[0]

    def weighted(self, op: str, x: str, shape: Shape, **attrs: Attr) -> str:
        channels = shape[3 if op == "depthwise_conv_2d" else 0]
        return self.add(op, x, self.constant(shape), self.constant((channels,), 0.1), **attrs)

    def graph(self, *outputs: str) -> Graph:
        return Graph("net", self.tensors, tuple(self.nodes), ("x",), outputs)


def network(rng: np.random.Generator) -> Graph:
    """Odd borders, a residual sum, joins, pools, and outputs of fixed scale."""
    f = Floats(rng)
    around, odd = {**WINDOW, "padding": (1, 1, 1, 1)}, {**WINDOW, "padding": (2, 0, 1, 1)}
    a = f.weighted("conv_2d", "x", (8, 3, 3, 4), **{**odd, "activation": "relu"})
    b = f.weighted("depthwise_conv_2d", a, (1, 3, 3, 8), **around)
    c = f.add("leaky_relu", f.add("add", a, b, activation="none"), alpha=0.2)
    d = f.add("concatenation", c, f.add("mul", c, f.constant((1, 1, 1, 8)), activation="none"),
              axis=3, activation="none")  # fmt: skip
    e = f.add("max_pool_2d", d, **{**POOL, "padding": (1, 1, 0, 0)})
    g = f.weighted("conv_2d", e, (6, 1, 1, 16), **{**around, "padding": (0,) * 4})
    h = f.add("mean", g, axes=(1, 2), keep_dims=False)
    i = f.weighted("fully_connected", f.add("reshape", h, shape=(1, 6)), (5, 6),
                   activation="none", keep_num_dims=False)  # fmt: skip
    return f.graph(f.add("softmax", i, beta=1.0), f.add("logistic", g), f.add("tanh", i))


def calibration(graph: Graph, rng: np.random.Generator, count: int = 8) -> dict[str, NDArray[Any]]:
    return {
        n: rng.normal(0, 1, (count, *graph.tensors[n].shape[1:])).astype(np.float32)
        for n in graph.inputs
    }


@pytest.mark.parametrize("oracle", ["tflm", "litert"])
@pytest.mark.parametrize("scheme", ["int8", "int16x8"])
def test_a_network_of_every_kind(
    scheme: str, oracle: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    graph = network(rng)
    quantized = quantize(graph, calibration(graph, rng), scheme, trust_data=True)
    data = agree(request.getfixturevalue(oracle), quantized, rng)
    assert [n.op for n in read_tflite(data).nodes].count("pad") == 2


def test_int4_weights_of_a_network(litert: Oracle, rng: np.random.Generator) -> None:
    graph = network(rng)
    quantized = quantize(graph, calibration(graph, rng), "int4", methods=(), trust_data=True)
    again = read_tflite(agree(litert, quantized, rng))
    assert sum(t.dtype is DType.INT4 for t in again.tensors.values()) == 4


def test_groups_of_weights_are_refused(rng: np.random.Generator) -> None:
    graph = network(rng)
    quantized = quantize(graph, calibration(graph, rng), "int4g8", methods=(), trust_data=True)
    with pytest.raises(Problems, match="scales in groups of 8") as refusal:
        to_tflite(quantized)
    assert all("write an .edgeq file" in p.fix for p in refusal.value.problems)


def test_layers_of_different_schemes(litert: Oracle, rng: np.random.Generator) -> None:
    graph = network(rng)
    schemes = {"^conv_2d_0": "int16x8", "fully": "int16x8", "default": "int8"}
    quantized = quantize(graph, calibration(graph, rng), schemes, methods=(), trust_data=True)
    again = read_tflite(agree(litert, quantized, rng))
    activations = {t.dtype for t in again.tensors.values() if not t.is_constant}
    assert activations == {DType.INT8, DType.INT16}


@pytest.mark.parametrize("against", ["tflm", "litert"])
def test_the_pipeline_compares_with_the_file(against: str, rng: np.random.Generator) -> None:
    graph = network(rng)
    quantized = quantize(graph, calibration(graph, rng), trust_data=True)
    report = verify(quantized, samples=3, against=against)
    assert report.ok
    assert report.differing_bytes == 0
    assert report.oracle_tensors == report.computed_tensors


@pytest.mark.parametrize("scheme", ["int8", "int16x8", "int4"])
@pytest.mark.parametrize("stem", ["mlperf_tiny_ic_float", "mlperf_tiny_kws_float"])
def test_trained_networks(
    stem: str, scheme: str, shared_file: Callable[[str], Path], tflm: Oracle, litert: Oracle,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """TensorFlow Lite Micro takes no int4 in fully connected layers; LiteRT judges these."""
    graph = load(shared_file(f"models/{stem}.tflite"))
    data = calibration(graph, rng)
    quantized = quantize(graph, data, scheme, methods=(), trust_data=True)
    for oracle in (litert,) if scheme == "int4" else (tflm, litert):
        agree(oracle, quantized, rng, 2)
