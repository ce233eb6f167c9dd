"""What holds of all methods: names and order, determinism, and less error than the nearest."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.ir.store import to_bytes
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline import load
from edgeq.quantize import Options, quantize
from edgeq.quantize.apply import constant, is_mac
from edgeq.quantize.methods import METHODS, methods_of
from edgeq.quantize.parameters import LARGEST, to_integers, to_reals
from edgeq.quantize.schemes import scheme
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from tests.quantize.random_networks import Floats, Maker, conv, network, samples

SharedFile = Callable[[str], Path]
SCHEMES = ["int8", "int16x8", "int4", "int4g2", "int4g32"]
LEARNED = ["gptq", "adaround"]
MANY = 80  # samples: three batches, so that two processes have work


def integers(
    graph: Graph, x: Floats, name: str, methods: tuple[str, ...], *, jobs: int = 1, seed: int = 0
) -> Graph:
    options = Options(observer="minmax", methods=methods, jobs=jobs, seed=seed)
    return quantize(graph, {graph.inputs[0]: x}, name, options=options)


def noise(graph: Graph, quantized: Graph, x: Floats) -> float:
    """The power of the output's error over that of the output."""
    prepared = prepare(quantized)
    model = exact(prepared, Profile.EDGEQ)
    source, out = (prepared.tensors[n] for n in (*prepared.inputs, *prepared.outputs))
    assert source.quant is not None
    assert out.quant is not None
    codes = to_integers(x, source.quant, source.dtype).astype(source.dtype.numpy)
    rows = [model.run({source.name: row.reshape(source.shape)})[out.name] for row in codes]
    got = to_reals(np.concatenate(rows).astype(np.int64), out.quant).astype(np.float64)
    wanted = FloatModel(graph).run({graph.inputs[0]: x})[graph.outputs[0]].reshape(got.shape)
    return float(np.square(got - wanted).sum() / np.square(wanted, dtype=np.float64).sum())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["int8", "int4g2"])
def test_the_same_call_gives_the_same_bytes_in_any_number_of_processes(
    method: str, name: str
) -> None:
    graph, x = network(["conv", "depthwise", "grouped"], 1), samples(1, MANY)
    first, again = (to_bytes(integers(graph, x, name, (method,), seed=3)) for _ in range(2))
    assert first == again
    if name == "int8":  # what processes share out does not depend on the scheme
        assert to_bytes(integers(graph, x, name, (method,), seed=3, jobs=2)) == first


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("method", METHODS)
def test_weights_are_integers_of_the_scheme(method: str, name: str) -> None:
    graph, x = network(["conv1", "depthwise", "strided"], 2), samples(2)
    q = integers(graph, x, name, (method,))
    kind = scheme(name).weight
    weights = [q.tensors[n.inputs[1]] for n in q.nodes if n.inputs[1:] and n.op != "mean"]
    assert len(weights) == sum(is_mac(graph, n) for n in graph.nodes)
    for w in weights:
        assert w.dtype is kind
        assert w.data is not None
        assert np.abs(w.data.astype(np.int64)).max() <= LARGEST[kind]
    exact(prepare(q), Profile.EDGEQ)


@pytest.mark.parametrize("method", [*LEARNED, "bias_correction"])
def test_nearest_is_what_methods_start_from(method: str) -> None:
    """Methods choose weights and biases, and no scale of an activation."""
    graph, x = network(["conv", "residual"], 3), samples(3)
    plain, better = (integers(graph, x, "int4", m) for m in ((), (method,)))
    for name, tensor in plain.tensors.items():
        if not tensor.is_constant:
            assert better.tensors[name].quant == tensor.quant
    same = [np.array_equal(constant(plain.tensors[n.inputs[1]]), constant(b.tensors[m.inputs[1]]))
            for b in (better,) for n, m in zip(plain.nodes, b.nodes, strict=True)
            if n.op == "conv_2d"]  # fmt: skip
    assert all(same) if method == "bias_correction" else not any(same)


def smooth(seed: int, count: int) -> Floats:
    """Pictures whose neighbouring pixels are alike."""
    x = np.random.default_rng(seed).normal(0, 1, (count, 8, 8, 3))
    for axis in (1, 2):
        x = x + np.roll(x, 1, axis) + np.roll(x, 2, axis)
    return x[:, 1:-1, 1:-1].astype(np.float32)


@pytest.mark.parametrize("name", ["int4", "int4g2"])
@pytest.mark.parametrize("method", LEARNED)
@pytest.mark.parametrize("blocks", [["conv"], ["conv", "depthwise", "conv1"], ["inverted"]])
def test_correlated_inputs_make_less_error_than_the_nearest(
    blocks: list[str], method: str, name: str
) -> None:
    graph, x = network(blocks, 4, end=None), smooth(4, 48)
    plain, better = (
        noise(graph, integers(graph, x, name, m), smooth(5, 16)) for m in ((), (method,))
    )
    assert better < plain


@pytest.mark.parametrize("method", LEARNED)
def test_a_trained_sine_keeps_more_of_its_output(method: str, shared_file: SharedFile) -> None:
    graph = prepare_float(load(shared_file("models/tflm_hello_world_float.tflite")))
    x = np.linspace(0, 2 * np.pi, 200).astype(np.float32)[:, None]
    plain, better = (noise(graph, integers(graph, x, "int4", m), x) for m in ((), (method,)))
    assert better < 0.5 * plain


@pytest.mark.slow
@pytest.mark.parametrize("methods", [("gptq",), ("adaround",), ("gptq", "adaround")])
def test_a_trained_network_keeps_more_of_its_output(
    methods: tuple[str, ...], shared_file: SharedFile
) -> None:
    graph = prepare_float(load(shared_file("models/mnist_conv_fc_float.tflite")))
    with np.load(shared_file("data/mnist_t10k.npz")) as data:
        shape = (-1, *graph.tensors[graph.inputs[0]].shape[1:])
        cal, test = (
            (data[k][:n] / 255).astype(np.float32).reshape(shape)
            for k, n in (("x_cal", 100), ("x_test", 60))
        )
    plain, better = (noise(graph, integers(graph, cal, "int4", m), test) for m in ((), methods))
    assert better < 0.7 * plain


@pytest.mark.parametrize("methods", list(permutations(["equalize", "gptq", "bias_correction"])))
def test_methods_run_in_any_order(methods: tuple[str, ...]) -> None:
    """Equalization rewrites floats before all others; biases that GPTQ chose are final."""
    graph, x = network(["conv", "depthwise", "conv1"], 6), samples(6)
    q = integers(graph, x, "int4", methods)
    exact(prepare(q), Profile.EDGEQ)
    without = tuple(m for m in methods if m != "equalize")
    assert to_bytes(q) == to_bytes(integers(graph, x, "int4", ("equalize", *without)))


def test_the_order_counts_where_one_starts_from_another() -> None:
    m = Maker(np.random.default_rng(0))
    y = conv(m, m.input("x", (1, 6, 6, 3)), outputs=8)
    graph = prepare_float(Graph("one", m.tensors, tuple(m.nodes), ("x",), (y,)))
    x = smooth(7, 32)
    first, both, turned = (
        integers(graph, x, "int4", order)
        for order in (("gptq",), ("gptq", "adaround"), ("adaround", "gptq"))
    )
    weights = [constant(q.tensors[q.nodes[0].inputs[1]]) for q in (first, both, turned)]
    assert np.abs(weights[1] - weights[0]).max() <= 1  # AdaRound moves what GPTQ found by a step
    assert not np.array_equal(weights[1], weights[2])


def test_names_are_known_and_come_once() -> None:
    assert [m.name for m in methods_of(METHODS)] == list(METHODS)
    with pytest.raises(UsageError, match="choose from equalize, gptq, adaround"):
        methods_of(("magic",))
    with pytest.raises(UsageError, match="gptq is named twice"):
        methods_of(("gptq", "gptq"))
