"""int4 weights per channel against both oracles, byte for byte, as far as these have them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType
from edgeq.numerics.profile import Profile
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.models import random_inputs
from tests.ops.file_trials import agree
from tests.ops.mac_models import convolutions, depthwise, fully_connected

SEEDS = st.integers(0, 2**32)


def agree_where_defined(oracle: Oracle, model: bytes, seed: int) -> None:
    """`agree`, but for layers that may overflow: what TensorFlow Lite does there is undefined."""
    try:
        agree(oracle, model, np.random.default_rng(seed))
    except QuantError as error:
        assume("may reach" not in error.what)
        raise


def per_tensor(model: bytes) -> bool:
    """Whether the weights have one scale."""
    graph = read_tflite(model)
    weights = graph.tensors[graph.nodes[0].inputs[1]]
    return weights.quant is not None and not weights.quant.per_channel


# TFLM has no int4 weights beside int16, and none per channel in fully connected layers.
@given(
    model=st.one_of(
        convolutions(("int8",), int4=True),
        depthwise(("int8",), int4=True),
        fully_connected(("int8",), int4=True).filter(per_tensor),
    ),
    seed=SEEDS,
)
@settings(max_examples=90)
def test_layers_equal_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(tflm, model, seed)


# LiteRT 2.3 reads the nibbles of a depthwise convolution of int16 as if they were bytes.
@given(
    model=st.one_of(
        convolutions(("int8", "int16"), needs_bias=True, int4=True),
        depthwise(("int8",), int4=True),
        fully_connected(("int8", "int16"), int4=True),
    ),
    seed=SEEDS,
)
@settings(max_examples=120)
def test_layers_equal_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(litert, model, seed)


@given(model=depthwise(("int16",), int4=True), seed=SEEDS)
@settings(max_examples=30)
def test_depthwise_of_int16_is_that_of_the_same_int8_weights(model: bytes, seed: int) -> None:
    graph = read_tflite(model)
    name = graph.nodes[0].inputs[1]
    wide = replace(graph.tensors[name], dtype=DType.INT8)
    other = replace(graph, tensors={**graph.tensors, name: wide})
    sample = random_inputs(model, np.random.default_rng(seed))
    x = dict(zip(graph.inputs, sample, strict=True))
    try:
        one, two = (exact(g, Profile.TFLM) for g in (graph, other))
    except QuantError as error:
        assume("may reach" not in error.what)
        raise
    dense = graph.tensors[graph.inputs[0]].shape[3] == 1 < graph.tensors[name].shape[3]
    contract = "conv2d_s16s4" if dense else "depthwise_s16s4"
    assert one.lowered[0][0].contract == contract  # type: ignore[index]
    assert np.array_equal(one.run(x)[graph.outputs[0]], two.run(x)[graph.outputs[0]])
