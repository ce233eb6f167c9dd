"""Division: the nearest quotient of every pair, zero divisors, and who else divides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.ir import Node
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, all_ops
from tests.one_op import T, const
from tests.ops.elementwise_trials import Array, all_codes, graph_of, ours, scales, zero_points

BYTES = all_codes()
SLACK = 1e-6
"""Of a step: what a factor of 31 bits moves a quotient by, below 2**9 steps."""


def nearest(quotient: Array, low: int, high: int, got: Array) -> None:
    """Fail unless `got` is `quotient`, in steps, within half a step, once it is clamped."""
    assert np.abs(got - np.clip(quotient, low, high)).max() <= 0.5 + SLACK


@settings(max_examples=12)
@given(
    unit=st.tuples(scales(0.01, 1), scales(0.01, 1), scales(0.01, 1)),
    points=st.tuples(zero_points(), zero_points(), zero_points()),
)
def test_every_pair_of_int8_gives_the_nearest_quotient(
    unit: tuple[float, float, float], points: tuple[int, int, int]
) -> None:
    a, b, y = (T((256, 256), "int8", s, z) for s, z in zip(unit, points, strict=True))
    dividend = np.broadcast_to(BYTES[:, None], (256, 256)).copy()
    divisor = np.broadcast_to(BYTES[None, :], (256, 256)).copy()
    got = ours(graph_of("div", [a, b], y), [dividend, divisor], Profile.EDGEQ).astype(np.int64)
    top = (dividend.astype(np.float64) - points[0]) * unit[0]
    bottom = (divisor.astype(np.float64) - points[1]) * unit[1]
    by_zero = bottom == 0
    wanted = np.divide(top, bottom, out=np.sign(top) * 1e9, where=~by_zero)
    nearest(wanted / unit[2] + points[2], -128, 127, got)


@pytest.mark.parametrize("ratio", [0.02, 1.0, 30.0, 1e-9, 1e6])
def test_int16_gives_the_nearest_quotient(ratio: float, rng: np.random.Generator) -> None:
    a, b = rng.integers(-32768, 32768, (2, 5000)).astype(np.int16)
    b >>= rng.integers(0, 15, b.shape).astype(np.int16)
    b[:9] = 0
    a[0] = 0
    tensors = [T(a.shape, "int16", 0.001), T(b.shape, "int16", 0.002)]
    graph = graph_of("div", tensors, T(a.shape, "int16", 0.5 / 1000 / ratio))
    got = ours(graph, [a, b], Profile.EDGEQ).astype(np.int64)
    wanted = np.sign(a.astype(np.float64)) * 1e9
    np.divide(a * 1000.0 * ratio, b, out=wanted, where=b != 0)
    limited = np.clip(wanted, -32768, 32767)
    slack = np.abs(limited) * 2.0**-30 + SLACK
    assert (np.abs(got - limited) <= 0.5 + slack).all()


def test_ties_go_away_from_zero() -> None:
    x = np.array([[-3, -1, 1, 3, 5]], np.int8)
    two = np.full_like(x, 2)
    t = T(x.shape, "int8", 1.0)
    assert ours(graph_of("div", [t, t], t), [x, two], Profile.EDGEQ).tolist() == [[-2, -1, 1, 2, 3]]


def test_a_fused_activation_clamps() -> None:
    t = T((1, 3), "int8", 0.5)
    x, y = np.array([[-8, 3, 100]], np.int8), np.array([[2, 2, 2]], np.int8)
    graph = graph_of("div", [t, t], t, activation="relu6")
    assert ours(graph, [x, y], Profile.EDGEQ).tolist() == [[0, 3, 12]]


@pytest.mark.parametrize("code", [-128, 5, 3])
def test_a_constant_divisor_is_a_table(code: int) -> None:
    """The same integers as the general division, at 3, its zero point, too."""
    a, y = T((256,), "int8", 0.3, 7), T((256,), "int8", 0.05, -9)
    data = np.array([code], np.int8)
    graph = graph_of("div", [a, const(data, scale=0.02, zero_point=3)], y, activation="relu6")
    (node,) = graph.nodes
    lowered = all_ops()["div"].lower(
        node, graph.inputs_of(node), graph.outputs_of(node), Profile.EDGEQ
    )
    assert isinstance(lowered, tuple)
    assert [call.contract for call in lowered] == ["lookup_s8"]
    computed = graph_of("div", [a, T((1,), "int8", 0.02, 3)], y, activation="relu6")
    assert np.array_equal(
        ours(graph, [BYTES], Profile.EDGEQ), ours(computed, [BYTES, data], Profile.EDGEQ)
    )


def test_divisors_per_channel_are_broadcast() -> None:
    t = T((2, 3), "int8", 1.0)
    graph = graph_of("div", [t, const(np.array([1, 2, -4], np.int8), scale=1.0)], t)
    x = np.array([[10, 20, 30], [-7, -8, -9]], np.int8)
    assert ours(graph, [x], Profile.EDGEQ).tolist() == [[10, 10, -8], [-7, -4, 2]]


@pytest.mark.parametrize("profile", [Profile.TFLM, Profile.LITERT])
def test_the_runtimes_division_is_refused(profile: Profile) -> None:
    """TFLM and LiteRT give 127 or -128 for many quotients that are nearly zero."""
    t = T((1, 2), "int8", 0.1)
    x = np.ones((1, 2), np.int8)
    with pytest.raises(QuantError, match="not known under profile"):
        ours(graph_of("div", [t, t], t), [x, x], profile)


def test_types_and_zero_points_that_do_not_fit_are_refused() -> None:
    x = np.ones((1, 2), np.int16)
    wide, pointed = T((1, 2), "int16", 0.1), T((1, 2), "int16", 0.1, 3)
    with pytest.raises(QuantError, match="zero point 0"):
        ours(graph_of("div", [wide, pointed], wide), [x, x], Profile.EDGEQ)
    with pytest.raises(GraphError, match="cannot divide"):
        ours(graph_of("div", [wide, T((1, 2), "int8", 0.1)], wide), [x, x], Profile.EDGEQ)


def test_calls_have_no_form() -> None:
    t = T((2,), "int8", 0.1)
    graph = graph_of("div", [t, t], t)
    (node,) = graph.nodes
    lowered = all_ops()["div"].lower(
        node, graph.inputs_of(node), graph.outputs_of(node), Profile.EDGEQ
    )
    assert isinstance(lowered, tuple)
    (call,) = lowered
    assert isinstance(call, Call)
    assert (call.contract, call.form) == ("div_s8", "")


def test_float_meaning() -> None:
    a, b = np.array([[1.0, -6.0, 0.0, 2.0]], np.float32), np.array([4.0, 2.0, 3.0, 0.0], np.float32)
    node = Node("d", "div", ("a", "b"), ("y",), {"activation": "relu"})
    (y,) = all_ops()["div"].reference(node, (a, b))
    assert y.tolist() == [[0.25, 0.0, 0.0, np.inf]]
