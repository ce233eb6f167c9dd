"""Cross-layer equalization: the same function, of weights of like ranges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq.ir import Graph, Tensor
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.quantize import Options, quantize
from edgeq.quantize.apply import WEIGHT_AXIS, constant, is_mac
from edgeq.quantize.equalize import CONVERGED, rewrite
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from tests.quantize.random_networks import LINEAR, Floats, network, samples, with_constants

ROUNDING = 2.0**-24  # of a float32 operation, relative
BEYOND_SIX = np.float32(16)  # a factor that makes relu6 clip
DECAYED = np.float32(1e-30)  # what weight decay leaves of a channel that nothing trains


def largest_sum(graph: Graph) -> int:
    """Operations behind one output element of all layers together, at most."""
    macs = (graph.tensors[n.inputs[1]] for n in graph.nodes if is_mac(graph, n))
    return sum(t.size // min(t.shape[0], t.shape[-1]) + 4 for t in macs) + 16 * len(graph.nodes)


def tolerance(graph: Graph, x: Floats) -> Floats:
    """How far two evaluations of the network may be apart, per output element.

    A float32 sum of n products is off by at most n * 2^-24 of the sum of their absolute
    values, and every weight was rounded once more.  Errors pass layers as their inputs do, so
    that the network of absolute weights on absolute inputs, without clamps, bounds them.
    """
    absolute = with_constants(graph, lambda t: np.abs(constant(t)))
    nodes = tuple(
        replace(n, attrs={**n.attrs, "activation": "none"}) if "activation" in n.attrs else n
        for n in absolute.nodes
    )
    return run(replace(absolute, nodes=nodes), np.abs(x)) * np.float32(
        2 * ROUNDING * largest_sum(graph)
    )


def run(graph: Graph, x: Floats) -> Floats:
    found: Floats = FloatModel(graph).run({graph.inputs[0]: x})[graph.outputs[0]]
    return found


def uneven(graph: Graph, seed: int, decades: float) -> Graph:
    """The graph with channels of layers, first to last dimension, of very different ranges."""
    rng = np.random.default_rng(seed)

    def change(t: Tensor) -> Floats:
        data = np.asarray(t.data, np.float32)
        for axis in {0, data.ndim - 1}:
            along = [1] * data.ndim
            along[axis] = -1
            factors = np.power(10, rng.uniform(-decades, 0, data.shape[axis]))
            data = data * factors.reshape(along)
        return data.astype(np.float32)

    return with_constants(graph, change)


@given(st.lists(st.sampled_from(sorted(LINEAR)), min_size=1, max_size=5), st.integers(0, 2**32 - 1),
       st.sampled_from([0.0, 1.0, 3.0]))  # fmt: skip
@example(["relu6", "conv"], 5, 0.0)
@example(["transposed", "conv", "depthwise2", "grouped"], 5, 1.0)
@settings(max_examples=60, deadline=None)
def test_the_function_is_the_same(blocks: list[str], seed: int, decades: float) -> None:
    graph, x = uneven(network(blocks, seed), seed, decades), samples(seed, 4) * BEYOND_SIX
    equal = rewrite(graph)
    assert {n: t.shape for n, t in equal.tensors.items()} == {
        n: t.shape for n, t in graph.tensors.items()
    }
    difference = np.abs(run(equal, x) - run(graph, x))
    assert (difference <= tolerance(graph, x)).all()


def ranges(graph: Graph, node: int, axis: int) -> Floats:
    w = constant(graph.tensors[graph.nodes[node].inputs[1]])
    found: Floats = np.abs(np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)).max(axis=1)
    return found


def same(graph: Graph, other: Graph, name: str) -> bool:
    return np.array_equal(constant(graph.tensors[name]), constant(other.tensors[name]))


@pytest.mark.parametrize(("first", "second", "axes"), [
    ("conv", "conv", (0, 3)), ("conv", "depthwise", (0, 3)), ("depthwise", "conv1", (3, 3)),
    ("linear", "grouped", None), ("relu6", "conv", None), ("conv", "max", None),
])  # fmt: skip
def test_ranges_of_a_channel_meet(first: str, second: str, axes: tuple[int, int] | None) -> None:
    graph = uneven(network([first, second], 1, end=None), 1, 2.0)
    equal = rewrite(graph)
    if axes is None:  # relu6 has a scale of its own, groups read some channels, a pool is no layer
        assert all(same(graph, equal, n) for n, t in graph.tensors.items() if t.is_constant)
        return
    ends = [ranges(equal, i, axis) for i, axis in enumerate(axes)]
    assert ends[0] == pytest.approx(ends[1], rel=3 * CONVERGED)
    assert not np.allclose(ranges(graph, 0, axes[0]), ranges(graph, 1, axes[1]), rtol=0.1)


def test_what_others_see_stays() -> None:
    """Outputs of the graph, and tensors with two readers, keep their scales."""
    graph = uneven(network(["conv", "residual"], 2, end=None), 2, 2.0)
    seen = replace(graph, outputs=(graph.nodes[0].outputs[0], *graph.outputs))
    equal, x = rewrite(seen), samples(2, 3)
    before, after = (FloatModel(g).run({"x": x}) for g in (seen, equal))
    assert np.array_equal(before[seen.outputs[0]], after[seen.outputs[0]])


def test_constants_of_two_layers_stay() -> None:
    graph = uneven(network(["conv", "conv", "conv"], 3, end=None), 3, 2.0)
    tied = replace(graph.nodes[2], inputs=(graph.nodes[2].inputs[0], *graph.nodes[1].inputs[1:]))
    shared = replace(graph, nodes=(*graph.nodes[:2], tied)).replace_nodes({})
    equal = rewrite(shared)
    for name in tied.inputs[1:]:
        assert same(shared, equal, name)


@pytest.mark.parametrize("value", [np.float32(0), DECAYED])
@pytest.mark.parametrize("layer", [0, 1])
def test_dead_channels_stay_as_they_are(value: np.float32, layer: int) -> None:
    graph = network(["conv", "depthwise", "conv"], 4)
    w = graph.tensors[graph.nodes[layer].inputs[1]]
    data = np.array(w.data)
    data[(2,) if WEIGHT_AXIS[graph.nodes[layer].op] == 0 else (..., 2)] = value
    graph = replace(graph, tensors={**graph.tensors, w.name: replace(w, data=data)})
    equal, x = rewrite(graph), samples(4, 4)
    bias = graph.nodes[0].inputs[2]
    before, after = constant(graph.tensors[bias]), constant(equal.tensors[bias])
    assert after[2] == before[2]
    assert np.abs(after).max() < 100 * np.abs(before).max()
    assert (np.abs(run(equal, x) - run(graph, x)) <= tolerance(graph, x)).all()


@given(st.integers(0, 2**32 - 1), st.floats(-38, 0))
@settings(max_examples=20, deadline=None)
def test_decayed_channels_leave_a_network_that_compiles(seed: int, exponent: float) -> None:
    """Whatever is left of a channel's weights, its bias does not push others off the scale."""
    graph = network(["conv", "depthwise", "conv1", "depthwise", "conv1"], seed)
    share = np.float32(10.0**exponent)

    def decayed(t: Tensor) -> Floats:
        data = np.array(t.data, np.float32)
        if data.ndim == 4 and data.shape[0] > 1:
            data[0] *= share
        return data

    graph = with_constants(graph, decayed)
    x = samples(seed)
    quantized = prepare(quantize(graph, {"x": x}, options=Options(methods=("equalize",))))
    exact(quantized, Profile.EDGEQ)
