"""Rectifiers, logistic and tanh: every input value, the oracles' bytes, over scales."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops, lower_node
from edgeq.verify.oracle import Oracle
from tests.one_op import T
from tests.ops.elementwise_trials import agree, all_codes, graph_of, ours, scales, zero_points

BYTES = all_codes()
WORDS = all_codes("int16")
Sides = tuple[tuple[float, int], tuple[float, int]]


@pytest.fixture(params=("tflm", "litert"))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Each oracle in turn."""
    found: Oracle = request.getfixturevalue(request.param)
    return found


def two_sides(low: float, high: float) -> st.SearchStrategy[Sides]:
    side = st.tuples(scales(low, high), zero_points())
    return st.tuples(side, side)


def int8_tensors(sides: Sides) -> tuple[T, T]:
    (scale_x, zx), (scale_y, zy) = sides
    return T((256,), "int8", scale_x, zx), T((256,), "int8", scale_y, zy)


@pytest.mark.parametrize("op", ["relu", "relu6"])
@settings(max_examples=40)
@given(sides=two_sides(1e-3, 10))
@example(sides=((0.1, -128), (0.1, -128)))
@example(sides=((0.1, 127), (0.05, 127)))
def test_int8_rectifier_equals_the_oracle(oracle: Oracle, op: str, sides: Sides) -> None:
    x, y = int8_tensors(sides)
    agree(oracle, op, [x], y, [BYTES])


@settings(max_examples=40)
@given(sides=two_sides(1e-3, 10))
def test_int8_relu_n1_to_1_equals_litert(litert: Oracle, sides: Sides) -> None:
    """TFLM has no kernel of it."""
    x, y = int8_tensors(sides)
    agree(litert, "relu_n1_to_1", [x], y, [BYTES])


@pytest.mark.parametrize("op", ["relu", "relu6"])
@settings(max_examples=15)
@given(pair=st.tuples(scales(1e-5, 1e-2), scales(1e-5, 1e-2)))
@example(pair=(0.001, 0.001))
def test_int16_rectifier_equals_the_oracle(
    oracle: Oracle, op: str, pair: tuple[float, float]
) -> None:
    x, y = (T((65536,), "int16", s) for s in pair)
    agree(oracle, op, [x], y, [WORDS])


ALPHAS = st.floats(-2, 2).map(lambda a: float(np.float32(a)))


@settings(max_examples=40)
@given(sides=two_sides(1e-3, 10), alpha=ALPHAS)
@example(sides=((0.1, 3), (0.1, 3)), alpha=0.0)
@example(sides=((1.0, 0), (1.0, 0)), alpha=-1.5)
@example(sides=((1.0, 5), (4.0, -7)), alpha=-0.5)
@example(sides=((10.0, 0), (0.001, 0)), alpha=1.0)
def test_int8_leaky_relu_equals_the_oracle(oracle: Oracle, sides: Sides, alpha: float) -> None:
    x, y = int8_tensors(sides)
    agree(oracle, "leaky_relu", [x], y, [BYTES], {"alpha": alpha}, alpha=alpha)


@settings(max_examples=20)
@given(pair=st.tuples(scales(1e-5, 1e-2), scales(1e-5, 1e-2)), alpha=ALPHAS)
@example(pair=(2.0**-10, 2.0**-8), alpha=-0.5)
def test_int16_leaky_relu_equals_the_oracle(
    oracle: Oracle, pair: tuple[float, float], alpha: float
) -> None:
    x, y = (T((65536,), "int16", s) for s in pair)
    agree(oracle, "leaky_relu", [x], y, [WORDS], {"alpha": alpha}, alpha=alpha)


@settings(max_examples=60)
@given(sides=two_sides(1e-3, 3))
@example(sides=((0.01, 0), (10.24, 10)))
@example(sides=((0.001, 3), (300.0, 0)))
def test_int8_hard_swish_equals_the_oracle(oracle: Oracle, sides: Sides) -> None:
    (scale_x, zx), (scale_y, zy) = sides
    x, y = int8_tensors(((scale_x, zx), (max(scale_y, scale_x / 100), zy)))
    agree(oracle, "hard_swish", [x], y, [BYTES])


OUTPUTS = {"logistic": (1 / 256, -128), "tanh": (1 / 128, 0)}
SIGMOIDS = sorted(OUTPUTS)


@pytest.mark.parametrize("op", SIGMOIDS)
@settings(max_examples=60)
@given(scale=scales(1e-5, 20), zero_point=zero_points())
@example(scale=20.0, zero_point=-128)
@example(scale=2.0**-27, zero_point=5)
def test_int8_sigmoid_equals_the_oracle(
    oracle: Oracle, op: str, scale: float, zero_point: int
) -> None:
    x, y = T((256,), "int8", scale, zero_point), T((256,), "int8", *OUTPUTS[op])
    agree(oracle, op, [x], y, [BYTES])


@settings(max_examples=40)
@given(sides=two_sides(1e-3, 1))
def test_int8_tanh_on_another_output_scale_equals_litert(litert: Oracle, sides: Sides) -> None:
    """TFLM ignores the output's parameters, and both insist on logistic's usual ones."""
    x, y = int8_tensors(sides)
    agree(litert, "tanh", [x], y, [BYTES])


@pytest.mark.parametrize("op", SIGMOIDS)
@settings(max_examples=25)
@given(scale=scales(1e-8, 5))
@example(scale=2.0**-13)
@example(scale=2.0**-12)
@example(scale=2.0**-11)
@example(scale=2.0**-10)
def test_int16_sigmoid_equals_the_oracle(oracle: Oracle, op: str, scale: float) -> None:
    x, y = T((65536,), "int16", scale), T((65536,), "int16", 2.0**-15)
    agree(oracle, op, [x], y, [WORDS])


MEANINGS: dict[str, Callable[[float], float]] = {
    "relu": lambda v: max(v, 0.0),
    "relu6": lambda v: min(max(v, 0.0), 6.0),
    "relu_n1_to_1": lambda v: min(max(v, -1.0), 1.0),
    "leaky_relu": lambda v: v if v >= 0 else 0.125 * v,
    "hard_swish": lambda v: v * min(max(v + 3, 0.0), 6.0) / 6,
    "logistic": lambda v: 1 / (1 + math.exp(-v)),
    "tanh": math.tanh,
}
ATTRS: dict[str, dict[str, Any]] = {"leaky_relu": {"alpha": 0.125}}


@pytest.mark.parametrize("op", sorted(MEANINGS))
def test_edgeq_rounds_the_exact_function(op: str) -> None:
    x, y = T((256,), "int8", 0.043, 11), T((256,), "int8", 0.0391, -100)
    graph = graph_of(op, [x], y, **ATTRS.get(op, {}))
    got = ours(graph, [BYTES], Profile.EDGEQ)
    real = [MEANINGS[op](float(np.float32(0.043)) * (int(q) - 11)) for q in BYTES]
    exact = np.array(real) / float(np.float32(0.0391)) - 100
    # factors of 31 bits move a value by less than 2**-20 steps, and no exact tie occurs here
    assert np.abs(got - np.clip(exact, -128, 127)).max() <= 0.5 + 2.0**-20


@pytest.mark.parametrize("op", sorted(MEANINGS))
def test_float_meaning(rng: np.random.Generator, op: str) -> None:
    x = rng.normal(0, 4, (5, 6)).astype(np.float32)
    graph = graph_of(op, [T(x.shape, "float32")], T(x.shape, "float32"), **ATTRS.get(op, {}))
    (got,) = all_ops()[op].reference(graph.nodes[0], (x,))
    want = np.vectorize(MEANINGS[op])(x.astype(np.float64))
    assert got.dtype == np.float32
    # a float32 evaluation of a handful of operations
    assert np.allclose(got, want, rtol=2e-6, atol=1e-7)


def test_logistic_of_large_floats_does_not_overflow() -> None:
    x = np.array([-1e30, -100, 100, 1e30], np.float32)
    graph = graph_of("logistic", [T((4,), "float32")], T((4,), "float32"))
    (got,) = all_ops()["logistic"].reference(graph.nodes[0], (x,))
    assert got[0] == 0
    assert got[2:].tolist() == [1, 1]


@pytest.mark.parametrize("op", SIGMOIDS)
def test_int16_sigmoid_names_what_it_needs(op: str) -> None:
    graph = graph_of(op, [T((4,), "int16", 0.001)], T((4,), "int16", 0.001))
    with pytest.raises(QuantError, match="output scale 2"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)
    graph = graph_of(op, [T((4,), "int16", 6.0)], T((4,), "int16", 2.0**-15))
    with pytest.raises(QuantError, match="too large"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


def test_hard_swish_refuses_an_output_too_fine_for_it() -> None:
    graph = graph_of("hard_swish", [T((4,), "int8", 1.0)], T((4,), "int8", 0.005))
    with pytest.raises(QuantError, match="too fine"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


@pytest.mark.parametrize("op", ["hard_swish", "relu", "tanh"])
def test_dtypes_that_no_contract_has_are_refused(op: str) -> None:
    graph = graph_of(op, [T((4,), "int32", 1.0)], T((4,), "int32", 1.0))
    with pytest.raises(GraphError, match="not known"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)
