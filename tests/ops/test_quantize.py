"""QUANTIZE, DEQUANTIZE and FLIP_SIGN: between real numbers, widths, scales and signs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.numerics.profile import Profile
from edgeq.ops.base import lower_node
from edgeq.verify.oracle import Oracle
from tests.one_op import T
from tests.ops.elementwise_trials import agree, all_codes, graph_of, ours, scales, zero_points

WIDTHS = {"int8": (1e-3, 10.0), "int16": (1e-5, 1e-1)}


@pytest.fixture(params=("tflm", "litert"))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Each oracle in turn."""
    found: Oracle = request.getfixturevalue(request.param)
    return found


def zero_point_for(dtype: str, value: int) -> int:
    """Both runtimes want 0 on int16."""
    return value if dtype == "int8" else 0


@pytest.mark.parametrize("source", ["int8", "int16"])
@pytest.mark.parametrize("target", ["int8", "int16"])
@settings(max_examples=30)
@given(data=st.data())
def test_rescale_equals_the_oracle(
    oracle: Oracle, source: str, target: str, data: st.DataObject
) -> None:
    codes = all_codes(source)
    scale_x, scale_y = (data.draw(scales(*WIDTHS[d])) for d in (source, target))
    zx, zy = (zero_point_for(d, data.draw(zero_points())) for d in (source, target))
    agree(oracle, "quantize", [T(codes.shape, source, scale_x, zx)],
          T(codes.shape, target, scale_y, zy), [codes])  # fmt: skip


@pytest.mark.parametrize("target", ["int8", "int16"])
@settings(max_examples=20)
@given(scale=scales(1e-9, 1e-6), zero_point=zero_points())
def test_int32_rescale_equals_the_oracle(
    oracle: Oracle, rng: np.random.Generator, target: str, scale: float, zero_point: int
) -> None:
    x = rng.integers(-(2**31), 2**31, 4096).astype(np.int32)
    y = T((4096,), target, 0.01 if target == "int8" else 1e-4, zero_point_for(target, zero_point))
    agree(oracle, "quantize", [T((4096,), "int32", scale)], y, [x])


@pytest.mark.parametrize("target", ["int8", "int16"])
@settings(max_examples=30)
@given(scale=scales(1e-6, 1e3), zero_point=zero_points())
@example(scale=1.0, zero_point=0)
def test_floats_equal_the_oracle(
    oracle: Oracle, rng: np.random.Generator, target: str, scale: float, zero_point: int
) -> None:
    """Within what an int32 holds: beyond, the oracles' conversion is undefined."""
    steps = rng.integers(-70000, 70000, 4096) / 2.0
    steps[:1000] = rng.integers(-520, 520, 1000) / 4
    x = (steps * scale).astype(np.float32)
    x[1000:2000] = np.nextafter(x[:1000], np.float32(0))
    y = T((4096,), target, scale, zero_point_for(target, zero_point))
    agree(oracle, "quantize", [T((4096,), "float32")], y, [x])


@pytest.mark.parametrize("profile", list(Profile))
def test_floats_beyond_every_integer_saturate(profile: Profile) -> None:
    x = np.array([np.inf, 3e38, 1e12, -1e12, -3e38, -np.inf, np.nan], np.float32)
    graph = graph_of("quantize", [T((7,), "float32")], T((7,), "int8", 0.001, 9))
    assert ours(graph, [x], profile).tolist() == [127, 127, 127, -128, -128, -128, -128]


@pytest.mark.parametrize("source", ["int8", "int16"])
@settings(max_examples=30)
@given(scale=scales(1e-6, 1e3), zero_point=zero_points())
def test_dequantize_equals_the_oracle(
    oracle: Oracle, source: str, scale: float, zero_point: int
) -> None:
    codes = all_codes(source)
    x = T(codes.shape, source, scale, zero_point_for(source, zero_point))
    agree(oracle, "dequantize", [x], T(codes.shape, "float32"), [codes])


def test_rescale_to_the_same_parameters_is_the_identity() -> None:
    for profile in Profile:
        graph = graph_of("quantize", [T((256,), "int8", 0.1, 5)], T((256,), "int8", 0.1, 5))
        assert np.array_equal(ours(graph, [all_codes()], profile), all_codes())


def test_large_factor_saturates() -> None:
    """A factor of 2**30, where 32 bits cannot hold the shifted value."""
    graph = graph_of("quantize", [T((256,), "int8", 2.0**20)], T((256,), "int8", 2.0**-10))
    want = np.where(all_codes() > 0, 127, np.where(all_codes() < 0, -128, 0))
    assert np.array_equal(ours(graph, [all_codes()], Profile.TFLM), want)


def test_int16_factor_beyond_32_bits_is_refused() -> None:
    graph = graph_of("quantize", [T((4,), "int16", 1.0)], T((4,), "int16", 2.0**-16))
    with pytest.raises(QuantError, match="too large"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


def test_int32_with_a_zero_point_is_refused() -> None:
    graph = graph_of("quantize", [T((4,), "int32", 1e-9, 3)], T((4,), "int8", 0.1))
    with pytest.raises(QuantError, match="cannot be rescaled"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


@pytest.mark.parametrize(("op", "source", "target"), [
    ("quantize", "float32", "int32"), ("quantize", "int8", "int32"), ("quantize", "uint8", "int16"),
    ("dequantize", "int32", "float32"), ("flip_sign", "int8", "int8"),
])  # fmt: skip
def test_dtypes_that_no_contract_has_are_refused(op: str, source: str, target: str) -> None:
    graph = graph_of(op, [T((4,), source, 0.1)], T((4,), target, 0.1))
    with pytest.raises(GraphError, match="not known"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


@pytest.mark.parametrize("source", ["uint8", "int8"])
def test_flip_sign_keeps_the_real_value(source: str) -> None:
    signs = {"uint8": ("int8", -128), "int8": ("uint8", 128)}
    target, step = signs[source]
    x, y = T((256,), source, 0.5, 100), T((256,), target, 0.5, 100 + step)
    got = ours(graph_of("flip_sign", [x], y), [all_codes(source)], Profile.TFLM)
    assert np.array_equal(got.astype(int) - step, all_codes(source).astype(int))


def test_flip_sign_refuses_other_real_values() -> None:
    graph = graph_of("flip_sign", [T((4,), "uint8", 0.5, 3)], T((4,), "int8", 0.5, 3))
    with pytest.raises(QuantError, match="same reals"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


def test_ties_go_away_from_zero() -> None:
    x = np.array([0.5, 1.5, -0.5, -1.5, math.nextafter(0.5, 0)], np.float32)
    graph = graph_of("quantize", [T((5,), "float32")], T((5,), "int8", 1.0, 0))
    assert ours(graph, [x], Profile.EDGEQ).tolist()[:4] == [1, 2, -1, -2]
