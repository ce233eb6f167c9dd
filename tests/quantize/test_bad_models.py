"""Networks and data at the edge: they work, or one error names the layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeq.errors import EdgeqError
from edgeq.ir import Graph, Tensor
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.quantize import Options, quantize
from edgeq.quantize.apply import constant, prepare_params
from edgeq.quantize.calibrate import calibrate
from edgeq.quantize.samples import samples_of
from edgeq.quantize.schemes import scheme_map
from edgeq.reference.exact import exact
from tests.quantize.random_networks import Floats, network, samples, with_constants

MOST = ("equalize", "gptq", "bias_correction")
ALL = ("equalize", "gptq", "adaround", "bias_correction")
SCHEMES = ["int8", "int16x8", "int4", "int4g2"]


def base() -> Graph:
    return network(["conv", "depthwise", "joined"], 1)


def changed(graph: Graph, layer: int, index: int, change: Callable[[Floats], object]) -> Graph:
    """The graph where `change` was applied in place to a constant of a layer."""
    tensor = graph.tensors[graph.nodes[layer].inputs[index]]
    data = constant(tensor).copy()
    change(data)
    return replace(graph, tensors={**graph.tensors, tensor.name: replace(tensor, data=data)})


def times(layer: int, factor: float) -> Graph:
    return changed(base(), layer, 1, lambda w: np.multiply(w, np.float32(factor), out=w))


def biased(value: float) -> Graph:
    return changed(base(), 0, 2, lambda b: b.__setitem__(0, value))


def weightless(t: Tensor) -> Floats:
    return constant(t) * np.float32(0)


NETWORKS: dict[str, tuple[Callable[[], Graph], float]] = {
    "weights of a layer that are zero": (lambda: times(0, 0), 1),
    "weights that are all zero": (lambda: with_constants(base(), weightless), 1),
    "data that is zero": (base, 0),
    "a layer that ranges to 1e30": (lambda: times(0, 1e30), 1),
    "a layer that ranges to 1e-30": (lambda: times(0, 1e-30), 1),
    "data that ranges to 1e30": (base, 1e30),
    "data that ranges to 1e-35": (base, 1e-35),
    "a dead channel of bias -1e9": (lambda: biased(-1e9), 1),
    "a dead channel of bias -1e20": (lambda: biased(-1e20), 1),
    "a live channel of bias 1e9": (lambda: biased(1e9), 1),
}


def integers(graph: Graph, x: Floats, name: str, methods: tuple[str, ...]) -> Graph:
    found = prepare(quantize(graph, {"x": x}, name, options=Options("minmax", methods)))
    exact(found, Profile.EDGEQ)  # proves that nothing overflows
    return found


@pytest.mark.parametrize(("name", "methods"), [
    *((name, ()) for name in SCHEMES),
    ("int16x8", MOST),
    ("int4", MOST),
    *(pytest.param(name, ALL, marks=pytest.mark.slow) for name in SCHEMES),
])  # fmt: skip
@pytest.mark.parametrize("what", NETWORKS)
def test_what_is_degenerate_works(what: str, name: str, methods: tuple[str, ...]) -> None:
    make, factor = NETWORKS[what]
    integers(make(), samples(0) * np.float32(factor), name, methods)


@pytest.mark.parametrize("name", ["int8", "int16x8"])
def test_constant_data_makes_a_constant_answer(name: str) -> None:
    x = np.full((4, 6, 6, 3), 3, np.float32)
    graph = integers(base(), x, name, ())
    model = exact(graph, Profile.EDGEQ)
    source = graph.tensors["x"]
    assert source.quant is not None
    code = np.full(source.shape, round(3 / source.quant.scale[0]) + source.quant.zero_point)
    got = model.run({"x": code.astype(source.dtype.numpy)})[graph.outputs[0]]
    assert got.any()


@pytest.mark.parametrize(("make", "layer"), [
    (lambda: changed(times(0, 1e30), 1, 1, lambda w: np.multiply(w, 1e30, out=w)),
     "depthwise_conv_2d_1"),
    (lambda: times(0, np.nan), "conv_2d_0"),
    (lambda: biased(np.inf), "conv_2d_0"),
], ids=["1e60", "nan", "inf"])  # fmt: skip
@pytest.mark.parametrize("observer", ["minmax", "moving_average", "percentile", "mse", "entropy"])
def test_what_is_not_finite_names_the_first_layer(
    make: Callable[[], Graph], layer: str, observer: str
) -> None:
    with pytest.raises(EdgeqError) as caught:
        quantize(make(), {"x": samples(0)}, options=Options(observer, ()))
    said = str(caught.value)
    assert f"{layer}: its output holds NaN or infinity on the calibration data" in said
    assert said.count("NaN or infinity") == 1


def test_layers_in_reach_stay_as_they_are() -> None:
    graph, x = base(), samples(0)
    observers = calibrate(graph, samples_of(graph, {"x": x}))
    prepared = prepare_params(graph, observers, scheme_map("int8"))
    assert [n.inputs for n in prepared.graph.nodes] == [n.inputs for n in graph.nodes]


@pytest.mark.parametrize("name", ["int8", "int16x8"])
def test_a_dead_channel_changes_no_other(name: str) -> None:
    """A channel that relu cuts off for every input: how far below does not matter."""
    x = samples(2)
    near, far = (integers(biased(b), x, name, ()) for b in (-1e3, -1e9))
    code = np.random.default_rng(0).integers(-120, 120, (1, 6, 6, 3))
    source = near.tensors["x"].dtype.numpy
    got = [exact(g, Profile.EDGEQ).run({"x": code.astype(source)}) for g in (near, far)]
    assert np.array_equal(got[0][near.outputs[0]], got[1][far.outputs[0]])
