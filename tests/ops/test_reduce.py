"""MEAN and ARG_MAX against both oracles, byte for byte, and what they mean in float."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.one_op import act
from tests.operators import arg_max, mean
from tests.ops.file_trials import agree

POINTS = {"int8": (-128, 127), "int16": (0, 0), "uint8": (0, 255)}


@st.composite
def means(draw: st.DrawFn, dtypes: tuple[str, ...], rank: int) -> bytes:
    """A mean over any axes of a tensor of up to `rank` axes, from any scale to any."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=rank)))
    axes = draw(st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, max_size=4))
    dtype = draw(st.sampled_from(dtypes))
    points = [draw(st.integers(*POINTS[dtype])) for _ in range(2)]
    scales = [draw(st.sampled_from((0.001, 0.05, 0.05, 0.043, 1.0))) for _ in range(2)]
    x, y = (act(shape, dtype, s, p) for s, p in zip(scales, points, strict=True))
    return mean(x, axes, y, keep_dims=draw(st.booleans()))


@given(model=means(("int8", "int16"), 5), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_mean_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree(tflm, model, np.random.default_rng(seed))


# TFLM has no uint8 mean.
@given(model=means(("int8", "int16", "uint8"), 6), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_mean_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed))


def test_mean_over_a_whole_image_equals_tflm(tflm: Oracle, rng: np.random.Generator) -> None:
    y = act((1,), scale=0.021, zero_point=-128)
    agree(tflm, mean(act((1, 49, 33, 17)), (1, 2), y, keep_dims=True), rng)


@st.composite
def arg_maxes(draw: st.DrawFn, dtypes: tuple[str, ...], indices: tuple[str, ...]) -> bytes:
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return arg_max(act(shape, draw(st.sampled_from(dtypes))), axis, draw(st.sampled_from(indices)))


# TFLM gives int32 indices of int8 alone; LiteRT int64 ones and uint8 too.  Neither takes int16.
@given(model=arg_maxes(("int8",), ("int32",)), seed=st.integers(0, 2**32))
@settings(max_examples=30)
def test_arg_max_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree(tflm, model, np.random.default_rng(seed))


@given(model=arg_maxes(("int8", "uint8"), ("int32", "int64")), seed=st.integers(0, 2**32))
@settings(max_examples=30)
def test_arg_max_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed))


def test_first_of_equal_maxima_wins() -> None:
    graph = read_tflite(arg_max(act((2, 4)), 1))
    x = np.array([[3, 7, 7, 1], [5, 5, 5, 5]], np.int8)
    got = exact(graph, Profile.EDGEQ).run({graph.inputs[0]: x})
    assert got[graph.outputs[0]].tolist() == [1, 0]


@pytest.mark.parametrize("axes", [(1, 2), (3,), (0, 2), (0, 1, 2, 3)])
def test_mean_in_profile_edgeq_is_the_nearest_step(
    rng: np.random.Generator, axes: tuple[int, ...]
) -> None:
    x_quant, y_quant = (0.05, -3), (0.02, 7)
    graph = read_tflite(
        mean(act((2, 5, 7, 6), "int8", *x_quant), axes, act((1,), "int8", *y_quant))
    )
    (node,) = graph.nodes
    x = rng.integers(-128, 128, (2, 5, 7, 6), np.int8)
    real = (x.astype(np.float32) - x_quant[1]) * np.float32(x_quant[0])
    (want,) = all_ops()["mean"].reference(node, (real,))
    steps = np.clip(want.reshape(-1) / y_quant[0] + y_quant[1], -128, 127)
    got = exact(graph, Profile.EDGEQ).run({graph.inputs[0]: x})[graph.outputs[0]].reshape(-1)
    assert np.abs(got - steps).max() <= 0.501  # half a step, and float32's own error


def _mean_node(axes: tuple[int, ...]) -> Node:
    return Node("m", "mean", ("x",), ("y",), {"axes": axes, "keep_dims": False})


def test_sum_that_may_leave_int32_is_refused() -> None:
    quant = QuantParams(np.array([1.0]))
    x = Tensor("x", (1 << 16,), DType.INT16, quant)
    with pytest.raises(QuantError, match="may reach"):
        all_ops()["mean"].lower(
            _mean_node((0,)), (x,), (replace(x, name="y", shape=()),), Profile.TFLM
        )


def test_axis_that_does_not_exist_is_refused() -> None:
    x = Tensor("x", (2, 3), DType.INT8)
    with pytest.raises(GraphError, match="axes"):
        all_ops()["mean"].infer(_mean_node((2,)), (x,))
