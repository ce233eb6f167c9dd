"""int4 weights in groups: what they mean, how they are lowered, and whole networks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import Attr, DType, Graph, QuantParams, Tensor
from edgeq.numerics.fixed_point import quantize_multipliers, requantize
from edgeq.numerics.profile import Profile
from edgeq.ops.base import lower_node
from edgeq.pipeline import plan_of, verify
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from edgeq.targets import load_target
from tests.passes.graphs import CONV, act, graph_of, node, quant
from tests.tools import need_target

FC: dict[str, Attr] = {"activation": "none", "keep_num_dims": False}
Ints = NDArray[np.int64]


def random_input(graph: Graph, rng: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    found = {}
    for name in graph.inputs:
        tensor = graph.tensors[name]
        info = np.iinfo(tensor.dtype.numpy)
        found[name] = rng.integers(info.min, info.max + 1, tensor.shape).astype(tensor.dtype.numpy)
    return found


def int4(
    rng: np.random.Generator, shape: tuple[int, ...], axis: int = 0, group: int = 0, name: str = "w"
) -> Tensor:
    """Weights per channel, in groups of `group` inputs unless that is 0."""
    scale = rng.uniform(0.01, 0.05, shape[axis])
    params = QuantParams(scale, 0, axis)
    if group:
        factors = rng.integers(1, 256, (shape[0], -(-shape[-1] // group))).astype(np.int32)
        params = replace(params, scale=scale / 128, group_factors=factors, group_size=group)
    return Tensor(name, shape, DType.INT4, params, rng.integers(-8, 8, shape, np.int8))


def bias(rng: np.random.Generator, count: int, name: str = "b") -> Tensor:
    return Tensor(name, (count,), DType.INT32, None, rng.integers(-999, 999, count, np.int32))


def out(shape: tuple[int, ...], scale: float = 0.3) -> Tensor:
    return Tensor("y", shape, DType.INT8, quant(scale, 5))


def dense(rng: np.random.Generator, in_dim: int, group: int, rows: int = 2) -> Graph:
    w = int4(rng, (6, in_dim), group=group)
    tensors = [act("x", (rows, in_dim)), w, bias(rng, 6), out((rows, 6))]
    return graph_of([node("fully_connected", "x w b", "y", FC)], tensors, ("x",), ("y",))


def pointwise(rng: np.random.Generator, stride: tuple[int, int], channels: int) -> Graph:
    """A 1x1 convolution (2, 5, 4, channels) -> 6 outputs whose weights see 10 channels each."""
    w = int4(rng, (6, 1, 1, 10), group=4)
    size = (2, -(-5 // stride[0]), -(-4 // stride[1]), 6)
    attrs = {**CONV, "stride": stride, "activation": "relu"}
    tensors = [act("x", (2, 5, 4, channels)), w, bias(rng, 6), out(size)]
    return graph_of([node("conv_2d", "x w b", "y", attrs)], tensors, ("x",), ("y",))


def by_definition(graph: Graph, x: NDArray[np.int8]) -> Ints:
    """Rows of x (M, I) through grouped weights: the formula, with numbers of any size.

    Channel o of the output sees the inputs of its group of channels.
    """
    w, y = graph.tensors["w"], graph.tensors["y"]
    tensor = graph.tensors["x"]
    assert w.quant is not None
    assert w.data is not None
    assert w.quant.group_factors is not None
    assert tensor.quant is not None
    assert y.quant is not None
    out_c, in_c, size = w.shape[0], w.shape[-1], w.quant.group_size
    parts = x.shape[1] // in_c
    biases = graph.tensors["b"].data
    mult, shift = quantize_multipliers(tensor.quant.scale * w.quant.scale / y.quant.scale)
    acc = np.zeros((len(x), out_c), np.int64)
    for o in range(out_c):
        acc[:, o] = 0 if biases is None else biases[o]
        for i in range(in_c):
            r = int(w.quant.group_factors[o, i // size])
            seen = x[:, o // (out_c // parts) * in_c + i].astype(np.int64)
            acc[:, o] += r * int(w.data.reshape(out_c, -1)[o, i]) * (seen - tensor.quant.zero_point)
    low = y.quant.zero_point if graph.nodes[0].attrs["activation"] == "relu" else -128
    return np.clip(requantize(acc, mult, shift, "single") + y.quant.zero_point, low, 127)


@pytest.mark.parametrize("in_dim", [1, 7, 32, 33, 100])
@pytest.mark.parametrize("group", [1, 3, 16, 32, 1000])
def test_groups_of_a_fully_connected_layer(
    in_dim: int, group: int, rng: np.random.Generator
) -> None:
    graph = dense(rng, in_dim, group)
    x = random_input(graph, rng)
    got = exact(graph, Profile.EDGEQ).run(x)["y"]
    assert got.tolist() == by_definition(graph, x["x"].astype(np.int8)).tolist()
    assert np.unique(got).size > 3


@pytest.mark.parametrize("channels", [10, 20, 30])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (1, 2), (3, 1)])
def test_groups_of_a_pointwise_convolution(
    stride: tuple[int, int], channels: int, rng: np.random.Generator
) -> None:
    graph = pointwise(rng, stride, channels)
    x = random_input(graph, rng)
    seen = x["x"][:, :: stride[0], :: stride[1]].reshape(-1, channels).astype(np.int8)
    got = exact(graph, Profile.EDGEQ).run(x)["y"]
    assert got.reshape(-1, 6).tolist() == by_definition(graph, seen).tolist()
    assert np.unique(got).size > 3


def test_a_dense_pointwise_convolution_is_one_call(rng: np.random.Generator) -> None:
    graph = pointwise(rng, (1, 1), 10)
    lowered = lower_node(graph, graph.nodes[0], Profile.EDGEQ)
    assert isinstance(lowered, tuple)
    (call,) = lowered
    assert (call.contract, call.params["batch"]) == ("fc_s8s4g", 40)


def test_equal_factors_are_a_larger_scale(rng: np.random.Generator) -> None:
    """With r = 4 everywhere the layer is that of four times the scale: factors of 2 are exact."""
    graph = dense(rng, 40, 8)
    w = graph.tensors["w"]
    assert w.quant is not None
    fours = replace(w.quant, group_factors=np.full((6, 5), 4, np.int32))
    plain = QuantParams(w.quant.scale * 4, 0, 0)
    x = random_input(graph, rng)
    one, two = (
        replace(
            graph,
            tensors={**graph.tensors, "w": replace(w, quant=q), "b": Tensor(
                "b", (6,), DType.INT32, None, np.arange(6, dtype=np.int32) * b)},
        )
        for q, b in ((fours, 4), (plain, 1))
    )  # fmt: skip
    found = [exact(g, Profile.EDGEQ).run(x)["y"].tolist() for g in (one, two)]
    assert found[0] == found[1]


HALF_STEP = 0.5 + 1e-3  # of the output: one rounding, and that of 2,000 products in float32


@pytest.mark.parametrize("make", [lambda r: dense(r, 33, 8), lambda r: pointwise(r, (2, 1), 20)])
def test_integers_are_near_the_float_meaning(
    make: Callable[[np.random.Generator], Graph], rng: np.random.Generator
) -> None:
    graph = make(rng)
    x = random_input(graph, rng)
    real = ((x["x"].astype(np.float64) + 3) * 0.05).astype(np.float32)
    meaning = FloatModel(graph).run({"x": real})["y"].reshape(-1).astype(np.float64)
    got = exact(graph, Profile.EDGEQ).run(x)["y"].reshape(-1).astype(np.float64)
    assert np.abs(got - 5 - meaning / 0.3).max() <= HALF_STEP
    assert np.unique(got).size > 3


REFUSED: dict[str, Callable[[np.random.Generator], Graph]] = {
    "padding": lambda rng: bent(pointwise(rng, (1, 1), 10), (2, 7, 6, 6), padding=(1, 1, 1, 1)),
    "int16 activations": lambda rng: with_int16(dense(rng, 8, 4)),
}


def bent(graph: Graph, shape: tuple[int, ...], **attrs: Attr) -> Graph:
    changed = replace(graph.nodes[0], attrs={**graph.nodes[0].attrs, **attrs})
    tensors = {**graph.tensors, "y": replace(graph.tensors["y"], shape=shape)}
    return replace(graph, nodes=(changed,), tensors=tensors)


def with_int16(graph: Graph) -> Graph:
    """The graph with activations of int16 and zero point 0."""
    wide = {
        name: replace(t, dtype=DType.INT16, quant=replace(t.quant, zero_point=0))
        for name, t in graph.tensors.items()
        if t.quant is not None and not t.is_constant
    }
    return replace(graph, tensors={**graph.tensors, **wide})


@pytest.mark.parametrize("what", REFUSED)
def test_layers_that_cannot_have_groups_are_refused(what: str, rng: np.random.Generator) -> None:
    graph = REFUSED[what](rng)
    with pytest.raises(QuantError, match="in groups") as caught:
        lower_node(graph, graph.nodes[0], Profile.EDGEQ)
    assert "1x1 convolutions without padding" in caught.value.text()


def test_accumulators_of_groups_that_may_overflow_are_refused() -> None:
    data = np.full((1, 10_000), -8, np.int8)
    params = QuantParams(np.array([1e-6]), 0, 0, np.full((1, 313), 255, np.int32), 32)
    w = Tensor("w", data.shape, DType.INT4, params, data)
    tensors = [act("x", (1, 10_000)), w, out((1, 1))]
    graph = graph_of([node("fully_connected", "x w", "y", FC)], tensors, ("x",), ("y",))
    with pytest.raises(QuantError, match="the accumulator may reach"):
        lower_node(graph, graph.nodes[0], Profile.EDGEQ)


def network(rng: np.random.Generator, dtype: str) -> Graph:
    """Convolution, depthwise, 1x1 and fully connected; in groups where int8 allows them."""
    group = 4 if dtype == "int8" else 0
    zero = -3 if dtype == "int8" else 0
    same: dict[str, Attr] = {**CONV, "padding": (1, 1, 1, 1), "activation": "relu"}
    tensors = [
        act("x", (1, 9, 7, 3), dtype, zero),
        int4(rng, (5, 3, 3, 3), name="w1"),
        bias(rng, 5, "b1"),
        act("t1", (1, 9, 7, 5), dtype, zero),
        int4(rng, (1, 3, 3, 15), axis=3, name="w2"),
        act("t2", (1, 5, 4, 15), dtype, zero),
        int4(rng, (6, 1, 1, 15), group=group, name="w3"),
        act("t3", (1, 3, 2, 6), dtype, zero),
        int4(rng, (4, 36), group=group, name="w4"),
        act("y", (1, 4), dtype, zero),
    ]
    nodes = [
        node("conv_2d", "x w1 b1", "t1", same),
        node("depthwise_conv_2d", "t1 w2", "t2", {**same, "stride": (2, 2)}),
        node("conv_2d", "t2 w3", "t3", {**CONV, "stride": (2, 2)}),
        node("fully_connected", "t3 w4", "y", FC),
    ]
    return graph_of(nodes, tensors, ("x",), ("y",))


CONTRACTS = {
    "int8": {"conv2d_s8s4", "depthwise_s8s4", "fc_s8s4g"},
    "int16": {"conv2d_s16s4", "depthwise_s16s4", "fc_s16s4"},
}


@pytest.mark.parametrize("target", ["host", "cortex-m4"])
@pytest.mark.parametrize("numerics", ["edgeq", "tflm"])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_a_network_is_the_same_in_c(
    dtype: str, numerics: str, target: str, rng: np.random.Generator
) -> None:
    need_target(load_target(target))
    graph = network(rng, dtype)
    plan = plan_of(graph, target, numerics=numerics)
    assert {step.kernel.contract.name for step in plan.steps} == CONTRACTS[dtype]
    report = verify(graph, target, samples=5, numerics=numerics)
    assert report.first_difference is None
    assert report.differing_bytes == 0


def test_constants_take_half_a_byte_each(rng: np.random.Generator) -> None:
    graph = dense(rng, 33, 8)
    plan = plan_of(graph, "x86-64-portable", numerics="edgeq")  # whose kernels fill up nothing
    sizes = sorted(c.nbytes for c in plan.constants)
    weights, factors = -(-6 * 33 // 2), 6 * 5
    assert sizes == sorted([weights, factors, 4 * 6, 4 * 6, 4 * 6])
