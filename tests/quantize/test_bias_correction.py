"""Bias correction: the mean of every layer's output is what it was before rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeq.ir import DType, Graph
from edgeq.quantize import Options, quantize
from edgeq.quantize.apply import Adjustments, Prepared, apply, constant, mac_tensors, prepare_params
from edgeq.quantize.bias_correction import improve
from edgeq.quantize.calibrate import calibrate
from edgeq.quantize.errors import run_nodes
from edgeq.quantize.parameters import to_reals
from edgeq.quantize.samples import samples_of
from edgeq.quantize.schemes import scheme_map
from edgeq.reference.float import FloatModel
from tests.quantize.random_networks import Floats, network, samples

Doubles = NDArray[np.float64]
ROUNDING = 2.0**-18  # of the largest output: float32 sums of a few hundred products
BLOCKS = ["conv", "depthwise2", "grouped", "transposed", "conv1", "linear"]
OPTIONS = Options(observer="minmax", methods=("bias_correction",))


def prepared(graph: Graph, x: Floats, scheme: str) -> Prepared:
    observers = calibrate(graph, samples_of(graph, {"x": x}))
    return prepare_params(graph, observers, scheme_map(scheme))


def mean_shifts(
    p: Prepared, x: Floats, integers: Graph
) -> Mapping[str, tuple[Doubles, Doubles, float]]:
    """Of each layer: the shift of its mean output (O,), the bias' steps (O,), the largest output.

    What the layer reads is not rounded, and its activation is left out.
    """
    graph, known = p.graph, dict(FloatModel(p.graph).trace({"x": x}))
    found = {}
    for node in p.mac_nodes():
        new = next(n for n in integers.nodes if n.name == node.name)
        weights, bias = (integers.tensors[t] for t in new.inputs[1:])
        assert weights.quant is not None
        assert bias.quant is not None
        assert weights.data is not None
        assert bias.data is not None
        reals = {
            weights.name: replace(weights, dtype=DType.FLOAT32, quant=None,
                                  data=to_reals(weights.data.astype(np.int64), weights.quant)),
            bias.name: replace(bias, dtype=DType.FLOAT32, quant=None,
                               data=(bias.data * bias.quant.scale).astype(np.float32)),
        }  # fmt: skip
        both = []
        for used in (node, replace(node, inputs=new.inputs)):
            plain = replace(used, attrs={**used.attrs, "activation": "none"})
            whole = replace(graph, tensors={**graph.tensors, **reals})
            y = run_nodes(whole, (plain,), known, node.outputs)[node.outputs[0]]
            both.append(y.reshape(-1, y.shape[-1]))
        shift = both[1].mean(axis=0, dtype=np.float64) - both[0].mean(axis=0, dtype=np.float64)
        found[node.name] = shift, bias.quant.scale, float(np.abs(both[0]).max())
    return found


@pytest.mark.parametrize("scheme", ["int8", "int16x8", "int4", "int4g2"])
def test_the_mean_error_is_half_a_step_of_the_bias(scheme: str) -> None:
    graph, x = network(BLOCKS, 3), samples(3)
    p = prepared(graph, x, scheme)
    adjust = improve(p, samples_of(graph, {"x": x}), OPTIONS, Adjustments())
    before, after = (mean_shifts(p, x, apply(p, a)) for a in (Adjustments(), adjust))
    assert set(after) == {n.name for n in p.mac_nodes()}
    for name, (shift, step, largest) in after.items():
        assert (np.abs(shift) <= step / 2 + ROUNDING * largest).all(), name
    worst = max(np.abs(s / step).max() for s, step, _ in before.values())
    assert worst > 10  # what there was to correct, in steps


def test_a_layer_without_bias_gets_one() -> None:
    graph, x = network(["conv"], 4), samples(4)
    bare = replace(graph.nodes[0], inputs=(*graph.nodes[0].inputs[:2], ""))
    graph = graph.replace_nodes({bare.name: bare})
    plain, corrected = (
        quantize(graph, {"x": x}, "int4", options=replace(OPTIONS, methods=methods))
        for methods in ((), ("bias_correction",))
    )
    assert not plain.nodes[0].inputs[2:]
    bias = corrected.tensors[corrected.nodes[0].inputs[2]]
    assert bias.shape == (4,)
    assert bias.data is not None
    assert bias.data.any()
    p = prepared(graph, x, "int4")
    shift, step, largest = mean_shifts(p, x, corrected)[bare.name]
    assert (np.abs(shift) <= step / 2 + ROUNDING * largest).all()


def test_exact_weights_need_no_correction() -> None:
    """Weights that are whole steps already shift nothing."""
    graph, x = network(["conv", "conv1"], 5, end=None), samples(5)
    p = prepared(graph, x, "int8")
    tensors = dict(graph.tensors)
    for node in p.mac_nodes():
        _, w, _ = mac_tensors(p.graph, node)
        assert w.data is not None
        largest = np.abs(w.data).reshape(len(w.data), -1).max(axis=1).reshape(-1, 1, 1, 1)
        step = np.exp2(np.ceil(np.log2(largest / 127)))
        whole = np.round(w.data / step)
        whole.reshape(len(whole), -1)[:, 0] = 127  # so that the step is the channel's scale
        tensors[w.name] = replace(w, data=(whole * step).astype(np.float32))
    graph = replace(graph, tensors=tensors)
    p = prepared(graph, x, "int8")
    adjust = improve(p, samples_of(graph, {"x": x}), OPTIONS, Adjustments())
    for node in p.mac_nodes():
        bias = constant(p.graph.tensors[node.inputs[2]])
        assert np.array_equal(adjust.biases[node.name], bias)


def test_biases_of_earlier_methods_stay() -> None:
    graph, x = network(["conv", "conv1"], 6), samples(6)
    p = prepared(graph, x, "int8")
    chosen = np.arange(4, dtype=np.float32)
    first = p.mac_nodes()[0].name
    adjust = improve(p, samples_of(graph, {"x": x}), OPTIONS, Adjustments(biases={first: chosen}))
    assert np.array_equal(adjust.biases[first], chosen)
    assert set(adjust.biases) == {n.name for n in p.mac_nodes()}
