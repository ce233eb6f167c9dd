"""Pooling against both oracles, byte for byte, and what it means in float."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType, Node, QuantParams, Tensor
from edgeq.numerics.fixed_point import divide
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, View, all_ops
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.one_op import act
from tests.operators import pool_2d
from tests.ops.file_trials import agree

OPS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


@st.composite
def pools(draw: st.DrawFn, dtypes: tuple[str, ...]) -> bytes:
    """A pooling of a small image; VALID windows fit it, SAME ones may be larger."""
    n, h, w, c = (draw(st.integers(1, top)) for top in (2, 9, 9, 9))
    padding = draw(st.sampled_from(("SAME", "VALID")))
    reach = (h, w) if padding == "VALID" else (h + 3, w + 3)
    kernel = tuple(draw(st.integers(1, r)) for r in reach)
    stride = tuple(draw(st.integers(1, 3)) for _ in range(2))
    dtype = draw(st.sampled_from(dtypes))
    point = {"int8": draw(st.integers(-128, 127)), "int16": 0, "uint8": draw(st.integers(0, 255))}
    x = act((n, h, w, c), dtype, draw(st.sampled_from((0.003, 0.05, 1.0))), point[dtype])
    op, activation = draw(st.sampled_from(OPS)), draw(st.sampled_from(ACTIVATIONS))
    return pool_2d(
        op, x, kernel=(kernel[0], kernel[1]), stride=(stride[0], stride[1]), padding=padding,
        activation=activation,
    )  # fmt: skip


@given(model=pools(("int8", "int16")), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_pooling_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree(tflm, model, np.random.default_rng(seed))


# TFLM has no uint8 pooling; LiteRT's rounds ties up, on unsigned values.
@given(model=pools(("int8", "int16", "uint8")), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_pooling_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed))


@pytest.mark.parametrize("op", OPS)
def test_whole_image_is_one_window(tflm: Oracle, rng: np.random.Generator, op: str) -> None:
    agree(tflm, pool_2d(op, act((1, 25, 5, 64)), kernel=(25, 5), stride=(25, 5)), rng)


def test_ties_of_averages_differ_between_int8_and_uint8() -> None:
    x = np.array([-3, -1, 1, 3])
    assert divide(x, 2, "away").tolist() == [-2, -1, 1, 2]
    assert divide(x, 2, "up").tolist() == [-1, 0, 1, 2]


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_integers_mean_what_the_float_reference_says(
    rng: np.random.Generator, op: str, activation: str
) -> None:
    graph = read_tflite(
        pool_2d(op, act((1, 5, 7, 3)), kernel=(3, 2), padding="SAME", activation=activation)
    )
    (node,), quant = graph.nodes, graph.tensors[graph.inputs[0]].quant
    assert quant is not None
    scale, point = np.float32(quant.scale[0]), quant.zero_point
    x = rng.integers(-128, 128, (1, 5, 7, 3), np.int8)
    real = (x.astype(np.float32) - point) * scale
    (want,) = all_ops()[node.op].reference(node, (real,))
    got = exact(graph, Profile.EDGEQ).run({graph.inputs[0]: x})[graph.outputs[0]].reshape(-1)
    error = (got.astype(np.float32) - point) * scale - want.reshape(-1)
    assert np.abs(error).max() <= 0.501 * scale  # half a step, and float32's own error


def test_sum_that_may_leave_int32_is_refused() -> None:
    quant = QuantParams(np.array([1.0]))
    x = Tensor("x", (1, 1 << 9, 1 << 8, 1), DType.INT16, quant)
    y = replace(x, name="y", shape=(1, 1, 1, 1))
    attrs = {"filter": (1 << 9, 1 << 8), "stride": (1, 1), "padding": (0,) * 4}
    node = Node("pool", "average_pool_2d", ("x",), ("y",), {**attrs, "activation": "none"})
    with pytest.raises(QuantError, match="sum may reach"):
        all_ops()["average_pool_2d"].lower(node, (x,), (y,), Profile.TFLM)


def test_each_image_of_a_batch_is_one_call() -> None:
    graph = read_tflite(pool_2d("MAX_POOL_2D", act((3, 4, 4, 5))))
    (lowered,) = exact(graph, Profile.TFLM).lowered
    assert isinstance(lowered, tuple)
    assert all(isinstance(call, Call) for call in lowered)
    views = [call.args["x"] for call in lowered]
    assert [v.offset for v in views if isinstance(v, View)] == [0, 80, 160]
