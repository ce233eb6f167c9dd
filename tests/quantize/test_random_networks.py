"""Random small networks: their integers stay near the floats, and C computes the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.pipeline import verify
from edgeq.quantize import Options, quantize
from edgeq.quantize.apply import is_mac
from edgeq.quantize.parameters import LARGEST, to_integers, to_reals
from edgeq.quantize.schemes import scheme
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from tests.quantize.random_networks import BLOCKS, Block, Floats, dense, network, samples
from tests.tools import need_tool

SPREAD = 3.0, 10.0  # range over deviation: of a channel's weights, of an activation
INTERPOLATED = 60.0  # dB: functions of int16 are lines between 513 points, up to 16 steps off
MARGIN = 6.0  # dB: of noise that layers correlate, or of signals that cancel
SCHEMES = ["int8", "int16x8", "int4", "int4g2", "int4g3"]
SPANNING = ["minmax", "moving_average", "mse"]
"""Observers that clip little; what percentile and entropy cut off is no rounding."""
METHODS = [(), ("equalize",), ("bias_correction",), ("gptq",), ("equalize", "bias_correction")]

structures = st.lists(st.sampled_from(sorted(BLOCKS)), min_size=1, max_size=4)
seeds = st.integers(0, 2**32 - 1)
ends = st.sampled_from([dense, None])


def least_sqnr(graph: Graph, name: str) -> float:
    """The SQNR in dB that rounding alone leaves, less MARGIN.

    Noise of power D^2 / 12 on the weights, the input and the output of each layer adds up; D
    is the range over the levels.
    """
    levels = scheme(name)
    weights = SPREAD[0] ** 2 / (12 * LARGEST[levels.weight] ** 2)
    activations = SPREAD[1] ** 2 / (12 * (2 * LARGEST[levels.activation] + 1) ** 2)
    macs = sum(is_mac(graph, node) for node in graph.nodes)
    noise = macs * weights + (1 + len(graph.nodes)) * 2 * activations
    return min(float(-10 * np.log10(noise)), INTERPOLATED) - MARGIN


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
@settings(max_examples=60, deadline=None)
def test_integers_stay_near_the_floats(
    blocks: list[str],
    seed: int,
    name: str,
    observer: str,
    methods: tuple[str, ...],
    end: Block | None,
) -> None:
    graph, x = network(blocks, seed, end=end), samples(seed)
    options = Options(observer=observer, methods=methods)
    got = integers_of(quantize(graph, {"x": x}, name, options=options), x[:6]).astype(np.float64)
    wanted = FloatModel(graph).run({"x": x[:6]})[graph.outputs[0]].reshape(got.shape)
    signal, noise = np.square(wanted).sum(), np.square(got - wanted).sum()
    assert noise <= signal * 10 ** (-least_sqnr(graph, name) / 10)  # also where both are 0


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
