"""What multiply-accumulates mean in float, against LiteRT and against their own integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Graph, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests import operators as ops
from tests.models import random_inputs
from tests.one_op import T, act, const
from tests.ops.mac_models import ACTIVATIONS, convolutions, depthwise, fully_connected

EPSILON = 2.0**-23
"""Of float32: a sum of K products in any order is within K of them of the exact sum."""

STEPS = 0.76
"""Integer results round once, to 0.5, or twice, to 0.75 of a step; and float32 is not exact."""


def meaning(graph: Graph, x: Any) -> Any:
    """The float output of the only node."""
    (node,) = graph.nodes
    inputs = tuple(
        None if t is None else x if t.name in graph.inputs else real(t, t.data)
        for t in graph.inputs_of(node)
    )
    (y,) = all_ops()[node.op].reference(node, inputs)
    assert y.dtype == np.float32
    assert y.shape == graph.outputs_of(node)[0].shape
    return y


def real(tensor: Tensor, values: Any) -> Any:
    """`values` of a tensor as the numbers that they stand for."""
    if tensor.quant is None:
        return values.astype(np.float32)
    scale = tensor.quant.scale
    if tensor.quant.axis is not None:
        shape = [1] * values.ndim
        shape[tensor.quant.axis] = -1
        scale = scale.reshape(shape)
    return (scale * (values.astype(np.float64) - tensor.quant.zero_point)).astype(np.float32)


def floats(rng: np.random.Generator, *shape: int) -> T:
    return const(rng.uniform(-1, 1, shape).astype(np.float32))


def float_models(rng: np.random.Generator, activation: str) -> dict[str, tuple[bytes, int]]:
    """Models by name, with the number of products in a sum."""
    x, y = act((2, 7, 6, 4), "float32"), act((), "float32")
    options: Any = {"activation": activation, "stride": (2, 1), "dilation": (1, 1)}
    dilated: Any = {"activation": activation, "dilation": (2, 3), "padding": "SAME"}
    w, b = floats(rng, 5, 3, 2, 4), floats(rng, 5)
    wide, grouped = floats(rng, 1, 3, 2, 8), floats(rng, 6, 3, 2, 2)
    fc = act((2, 3, 8), "float32")
    return {
        "conv": (ops.conv_2d(x, w, b, y, **options), 24),
        "dilated": (ops.conv_2d(x, w, b, y, **dilated), 24),
        "grouped": (ops.conv_2d(x, grouped, floats(rng, 6), y, **options), 12),
        "depthwise": (ops.depthwise_conv_2d(x, wide, floats(rng, 8), y, **options), 6),
        "fc": (ops.fully_connected(fc, floats(rng, 5, 8), b, y, activation=activation), 8),
        "no bias": (ops.fully_connected(fc, floats(rng, 5, 8), None, y, keep_num_dims=True), 8),
    }


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", ["conv", "dilated", "grouped", "depthwise", "fc", "no bias"])
def test_float_meaning_equals_litert(
    litert: Oracle, rng: np.random.Generator, name: str, activation: str
) -> None:
    model, products = float_models(rng, activation)[name]
    (x,) = random_inputs(model, rng)
    x = np.clip(x, -4, 4)
    (answer,) = litert.run(model, [[x]])
    limit = 4 * products * (products + 1) * EPSILON
    assert np.abs(meaning(read_tflite(model), x) - answer.outputs[0]).max() <= limit


@given(
    model=st.one_of(convolutions(("int8",)), depthwise(("int8",)), fully_connected(("int8",))),
    seed=st.integers(0, 2**32),
    profile=st.sampled_from(Profile),
)
@settings(max_examples=60)
def test_integers_are_near_their_meaning(model: bytes, seed: int, profile: Profile) -> None:
    graph = read_tflite(model)
    (x,) = random_inputs(model, np.random.default_rng(seed))
    source, output = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    assert output.quant is not None
    want = meaning(graph, real(source, x)) / output.quant.scale[0] + output.quant.zero_point
    got = exact(graph, profile).run({source.name: x})[output.name].reshape(want.shape)
    # a clamp's bounds are rounded to steps themselves
    assert np.abs(np.clip(want, -128, 127) - got).max() <= STEPS + 2e-6 * np.abs(want).max()
