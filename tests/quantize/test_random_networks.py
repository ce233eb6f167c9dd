"""Random small networks: their integers stay near the floats, and C computes the same bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.pipeline import verify
from edgeq.quantize import Options, quantize
from edgeq.quantize.apply import WEIGHT_AXIS, constant, is_mac
from edgeq.quantize.parameters import LARGEST, to_integers, to_reals
from edgeq.quantize.schemes import scheme
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from tests.quantize.random_networks import BLOCKS, Block, Floats, dense, network, samples
from tests.tools import need_tool

SPREAD = 3.0, 10.0  # range over deviation: of a channel's weights, of an activation
INTERPOLATED = 60.0  # dB: functions of int16 are lines between 513 points, up to 16 steps off
MARGIN = 6.0  # dB: of noise that layers correlate, or of signals that cancel
TRIALS = 4
SCHEMES = ["int8", "int16x8", "int4", "int4g2", "int4g3"]
SPANNING = ["minmax", "moving_average", "mse"]
"""Observers that clip little; what percentile and entropy cut off is no rounding."""
METHODS = [(), ("equalize",), ("bias_correction",), ("gptq",), ("equalize", "bias_correction")]

structures = st.lists(st.sampled_from(sorted(BLOCKS)), min_size=1, max_size=4)
seeds = st.integers(0, 2**32 - 1)
ends = st.sampled_from([dense, None])


def allowed_noise(graph: Graph, name: str, x: Floats, wanted: Floats) -> float:
    """The power of the noise that rounding alone leaves, and MARGIN more.

    What layers of that many MACs and nodes make of it, or, where signals cancel more than in
    most networks, what this network itself makes of weights that are off at random.
    """
    signal = float(np.square(wanted).sum())
    noise = max(
        signal * 10 ** (-usual_sqnr(graph, name) / 10), weight_noise(graph, name, x, wanted)
    )
    return noise * 10 ** (MARGIN / 10)


def weight_noise(graph: Graph, name: str, x: Floats, wanted: Floats) -> float:
    """The most of TRIALS networks whose weights are off by up to half a step each."""
    rng, worst = np.random.default_rng(0), 0.0
    for _ in range(TRIALS):
        tensors = dict(graph.tensors)
        for node in (n for n in graph.nodes if is_mac(graph, n)):
            w = tensors[node.inputs[1]]
            away = tuple(i for i in range(len(w.shape)) if i != WEIGHT_AXIS[node.op])
            step = np.abs(constant(w)).max(axis=away, keepdims=True) / LARGEST[scheme(name).weight]
            moved = constant(w) + step * rng.uniform(-0.5, 0.5, w.shape)
            tensors[w.name] = replace(w, data=moved.astype(np.float32))
        y = FloatModel(replace(graph, tensors=tensors)).run({"x": x})[graph.outputs[0]]
        worst = max(worst, float(np.square(y.reshape(wanted.shape) - wanted).sum()))
    return worst


def usual_sqnr(graph: Graph, name: str) -> float:
    """The SQNR in dB that rounding leaves in most networks.

    Noise of power D^2 / 12 on the weights, the input and the output of each layer adds up; D
    is the range over the levels.
    """
    levels = scheme(name)
    weights = SPREAD[0] ** 2 / (12 * LARGEST[levels.weight] ** 2)
    activations = SPREAD[1] ** 2 / (12 * (2 * LARGEST[levels.activation] + 1) ** 2)
    macs = sum(is_mac(graph, node) for node in graph.nodes)
    noise = macs * weights + (1 + len(graph.nodes)) * 2 * activations
    return min(float(-10 * np.log10(noise)), INTERPOLATED)


def integers_of(quantized: Graph, x: Floats) -> Floats:
    """The reals that the integer graph's outputs stand for."""
    graph = prepare(quantized)
    model = exact(graph, Profile.EDGEQ)
    source, out = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    assert source.quant is not None
    assert out.quant is not None
    given = to_integers(x, source.quant, source.dtype).astype(source.dtype.numpy)
    rows = [model.run({source.name: row[None]})[out.name].astype(np.int64) for row in given]
    return to_reals(np.concatenate(rows), out.quant)


@given(structures, seeds, st.sampled_from(SCHEMES), st.sampled_from(SPANNING),
       st.sampled_from(METHODS), ends)  # fmt: skip
@example(["pad", "linear", "linear", "linear"], 12, "int16x8", "minmax", (), dense)
@example(["swish", "pad", "pad"], 2828578972, "int8", "minmax", ("gptq",), dense)
@settings(max_examples=60, deadline=None)
def test_integers_stay_near_the_floats(
    blocks: list[str],
    seed: int,
    name: str,
    observer: str,
    methods: tuple[str, ...],
    end: Block | None,
) -> None:
    """The first example cancels its signals; the second pads what GPTQ's layers read."""
    graph, x = network(blocks, seed, end=end), samples(seed)
    options = Options(observer=observer, methods=methods)
    got = integers_of(quantize(graph, {"x": x}, name, options=options), x[:6]).astype(np.float64)
    wanted = FloatModel(graph).run({"x": x[:6]})[graph.outputs[0]].reshape(got.shape)
    assert np.square(got - wanted).sum() <= allowed_noise(graph, name, x[:6], wanted)  # or both 0


@pytest.mark.parametrize("name", SCHEMES)
@given(st.lists(st.sampled_from(sorted(BLOCKS)), min_size=4, max_size=6), seeds,
       st.sampled_from([*SPANNING, "percentile", "entropy"]), st.sampled_from(METHODS))  # fmt: skip
@settings(max_examples=2, deadline=None)
def test_c_computes_the_same_bytes(
    name: str, blocks: list[str], seed: int, observer: str, methods: tuple[str, ...]
) -> None:
    need_tool("gcc")
    graph = network(blocks, seed)
    options = Options(observer=observer, methods=methods)
    quantized = quantize(graph, {"x": samples(seed)}, name, options=options)
    report = verify(quantized, samples=3, seed=seed)
    assert report.ok, report.first_difference


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("block", sorted(BLOCKS))
def test_every_block_in_every_scheme(block: str, name: str) -> None:
    need_tool("gcc")
    graph = network([block, block], 7)
    quantized = quantize(graph, {"x": samples(7)}, name, options=Options(methods=()))
    report = verify(quantized, samples=3)
    assert report.ok, report.first_difference
