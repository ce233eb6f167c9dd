"""Functions of one value: every input value, the exact real function, the oracles' bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.ir import Node
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops, lower_node
from edgeq.ops.erf import erf
from edgeq.verify.oracle import Oracle
from tests.one_op import T
from tests.ops.elementwise_trials import agree, all_codes, graph_of, ours, scales, zero_points

BYTES, WORDS = all_codes(), all_codes("int16")
Sides = tuple[tuple[float, int], tuple[float, int]]
Real = Callable[[float], float]


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


def int16_tensors(pair: tuple[float, float]) -> tuple[T, T]:
    return T((65536,), "int16", pair[0]), T((65536,), "int16", pair[1])


def root(v: float) -> float:
    return math.sqrt(max(v, 0.0))


FUNCTIONS: list[tuple[str, dict[str, Any], Real]] = [
    ("exp", {}, math.exp),
    ("elu", {}, lambda v: v if v >= 0 else math.exp(v) - 1),
    ("elu", {"alpha": 0.3}, lambda v: v if v >= 0 else 0.3 * (math.exp(v) - 1)),
    ("erf", {}, math.erf),
    ("gelu", {"approximate": "none"}, lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2),
    ("gelu", {"approximate": "tanh"},
     lambda v: v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))) / 2),
    ("sqrt", {}, root),
    ("rsqrt", {}, lambda v: 1 / math.sqrt(v) if v > 0 else 1e9),
    ("abs", {}, abs),
    ("neg", {}, lambda v: -v),
    ("pow", {"exponent": 2.0}, lambda v: v * v),
    ("pow", {"exponent": 3.0}, lambda v: v**3),
    ("pow", {"exponent": 0.5}, root),
    ("pow", {"exponent": -1.0}, lambda v: 1 / v if v else 1e9),
    ("hard_sigmoid", {}, lambda v: min(max(0.2 * v + 0.5, 0), 1)),
    ("hard_sigmoid", {"alpha": 1 / 6, "beta": 0.5}, lambda v: min(max(v / 6 + 0.5, 0), 1)),
    ("clip", {"lo": -1.0, "hi": 2.5}, lambda v: min(max(v, -1.0), 2.5)),
    ("clip", {"hi": 3.0}, lambda v: min(v, 3.0)),
]  # fmt: skip
IDS = [f"{op} {attrs}" for op, attrs, _ in FUNCTIONS]
HALF_WITH_SLACK = 0.5 + 1e-6
"""To nearest; computing the function in another order may move a tie."""


@pytest.mark.parametrize(("op", "attrs", "real"), FUNCTIONS, ids=IDS)
@settings(max_examples=10)
@given(sides=two_sides(0.005, 0.1))
@example(sides=((1.0, 0), (0.001, 0)))
def test_int8_is_the_nearest_code(op: str, attrs: dict[str, Any], real: Real, sides: Sides) -> None:
    x, y = int8_tensors(sides)
    got = ours(graph_of(op, [x], y, **attrs), [BYTES], Profile.EDGEQ).astype(np.int64)
    (scale_x, zx), (scale_y, zy) = sides
    wanted = np.array([real(scale_x * (int(q) - zx)) for q in BYTES]) / scale_y + zy
    limited = np.clip(wanted, -128, 127)
    assert np.abs(got - limited).max() <= HALF_WITH_SLACK


POSITIVE = ("sqrt", "rsqrt", "pow")
"""Below zero their outputs are limited, or not real."""

TO_INT16 = [f for f in FUNCTIONS if f[0] != "clip"]
NAMES16 = [f"{op} {attrs}" for op, attrs, _ in TO_INT16]


@pytest.mark.parametrize(("op", "attrs", "real"), TO_INT16, ids=NAMES16)
def test_int16_stays_close(op: str, attrs: dict[str, Any], real: Real) -> None:
    """Over [-4, 4] each is followed within 20 steps of its output, of 65536.

    Between points h = 1/64 apart the error is h**2 / 16 * |F''| (60 for exp, at most 96 for
    x**3) of steps of 1/512 and two roundings; a kink between two points adds h / 8 * |jump|.
    With 32 points to an octave it is a share of the output: 1 / 16 / 32**2 * x**2 * |F''| / |F|,
    2 for 1 / x, which is besides cut short where the output saturates between two points.
    """
    largest = {"exp": 4.0**3, "pow": 4.0**3, "rsqrt": 40.0}.get(op, 4.0)
    scale_y = (60.0 if attrs.get("exponent", 1) < 0 else largest) / 32768
    x, y = int16_tensors((4.0 / 32768, scale_y))
    got = ours(graph_of(op, [x], y, **attrs), [WORDS], Profile.EDGEQ).astype(np.int64)
    wanted = np.array([real(4.0 / 32768 * int(q)) for q in WORDS]) / scale_y
    allowed = 20 if attrs.get("exponent", 1) > 0 else 100
    assert np.abs(got - np.clip(wanted, -32768, 32767)).max() <= allowed


def test_int16_clip_is_the_nearest_code() -> None:
    x, y = int16_tensors((0.001, 0.0007))
    got = ours(graph_of("clip", [x], y, lo=-1.0, hi=2.5), [WORDS], Profile.EDGEQ)
    wanted = np.clip(np.clip(WORDS * 0.001, -1.0, 2.5) / 0.0007, -32768, 32767)
    assert np.abs(got - wanted).max() <= HALF_WITH_SLACK
    assert got.min() < -1400
    assert got.max() > 3500


def test_int16_that_bends_too_much_is_refused() -> None:
    """A jump between two neighbouring codes is no straight line."""
    x, y = int16_tensors((0.01, 1 / 32768))
    with pytest.raises(QuantError, match="hard_sigmoid on int16 would be off by"):
        ours(graph_of("hard_sigmoid", [x], y, alpha=1e3, beta=-1e5), [WORDS], Profile.EDGEQ)


@pytest.mark.parametrize(
    ("op", "contract"), [("sqrt", "lookup_octaves_s16"), ("exp", "lookup_s16")]
)
def test_int16_takes_the_closer_table(op: str, contract: str) -> None:
    x, y = int16_tensors((4.0 / 32768, 60.0 / 32768))
    graph = graph_of(op, [x], y)
    lowered = lower_node(graph, graph.nodes[0], Profile.EDGEQ)
    assert isinstance(lowered, tuple)
    assert [call.contract for call in lowered] == [contract]


@settings(max_examples=25)
@given(sides=two_sides(1e-3, 0.3))
@example(sides=((2.0, 0), (0.05, 0)))
@example(sides=((0.25, -128), (0.001, 100)))
def test_int8_exp_equals_litert(litert: Oracle, sides: Sides) -> None:
    """TFLM's exp is for float alone."""
    x, y = int8_tensors(sides)
    agree(litert, "exp", [x], y, [BYTES], version=2)


@settings(max_examples=8)
@given(pair=st.tuples(scales(1e-5, 3e-4), scales(1e-4, 1e-2)))
def test_int16_exp_equals_litert(litert: Oracle, pair: tuple[float, float]) -> None:
    x, y = int16_tensors(pair)
    agree(litert, "exp", [x], y, [WORDS], version=2)


def test_int16_table_that_overflows_in_litert_is_refused() -> None:
    x, y = int16_tensors((0.01, 0.001))
    with pytest.raises(QuantError, match="too steeply"):
        ours(graph_of("exp", [x], y), [WORDS], Profile.LITERT)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@settings(max_examples=20)
@given(sides=two_sides(1e-3, 1))
def test_int8_gelu_equals_litert(litert: Oracle, approximate: str, sides: Sides) -> None:
    """TFLM has no kernel of it."""
    x, y = int8_tensors(sides)
    attrs = {"approximate": approximate}
    agree(litert, "gelu", [x], y, [BYTES], attrs, approximate=approximate == "tanh")


@settings(max_examples=30)
@given(sides=two_sides(1e-3, 1))
def test_int8_elu_equals_tflm(tflm: Oracle, sides: Sides) -> None:
    """LiteRT's reference kernels have none."""
    x, y = int8_tensors(sides)
    agree(tflm, "elu", [x], y, [BYTES])


@settings(max_examples=30)
@given(sides=two_sides(1e-3, 10), same=st.booleans())
def test_int8_abs_equals_the_oracle(oracle: Oracle, sides: Sides, same: bool) -> None:
    (scale, zx), (other, zy) = sides
    x, y = int8_tensors(((scale, zx), (scale if same else other, zy)))
    agree(oracle, "abs", [x], y, [BYTES])


@settings(max_examples=10)
@given(pair=st.tuples(scales(1e-5, 1e-2), scales(1e-5, 1e-2)), same=st.booleans())
def test_int16_abs_equals_the_oracle(oracle: Oracle, pair: tuple[float, float], same: bool) -> None:
    x, y = int16_tensors((pair[0], pair[0] if same else pair[1]))
    agree(oracle, "abs", [x], y, [WORDS])


@settings(max_examples=10)
@given(sides=two_sides(1e-3, 10))
def test_int8_neg_equals_litert(litert: Oracle, sides: Sides) -> None:
    """LiteRT negates integers, whatever they stand for; TFLM's is for float alone."""
    x, y = int8_tensors(sides)
    agree(litert, "neg", [x], y, [BYTES], version=1)


@settings(max_examples=25)
@given(sides=two_sides(1e-3, 1))
def test_int8_sqrt_equals_litert(litert: Oracle, sides: Sides) -> None:
    """LiteRT refuses values below zero, TFLM's is for float alone."""
    x, y = int8_tensors(sides)
    agree(litert, "sqrt", [x], y, [np.maximum(BYTES, x.zero_point).astype(np.int8)], version=1)


@settings(max_examples=40)
@given(sides=two_sides(1e-3, 10))
def test_int8_rsqrt_equals_the_oracle(oracle: Oracle, sides: Sides) -> None:
    """Both refuse values below zero, and take zero for the largest output."""
    x, y = int8_tensors(sides)
    agree(oracle, "rsqrt", [x], y, [np.maximum(BYTES, x.zero_point).astype(np.int8)], version=1)


@pytest.mark.parametrize(
    ("op", "profile"),
    [("gelu", Profile.LITERT), ("neg", Profile.LITERT), ("sqrt", Profile.LITERT),
     ("rsqrt", Profile.LITERT), ("rsqrt", Profile.TFLM)],
)  # fmt: skip
def test_int16_of_a_runtime_with_another_arithmetic_is_refused(op: str, profile: Profile) -> None:
    x, y = int16_tensors((0.001, 0.001))
    with pytest.raises(QuantError, match="not known under profile"):
        ours(graph_of(op, [x], y), [WORDS], profile)


@pytest.mark.parametrize(
    ("op", "attrs"),
    [("pow", {}), ("pow", {"exponent": math.nan}), ("elu", {"alpha": "1"}),
     ("gelu", {"approximate": "cubic"}), ("clip", {"lo": 2.0, "hi": 1.0}),
     ("hard_sigmoid", {"beta": math.inf})],
)  # fmt: skip
def test_attributes_that_make_no_sense_are_refused(op: str, attrs: dict[str, Any]) -> None:
    x, y = int8_tensors(((0.1, 0), (0.1, 0)))
    with pytest.raises(GraphError):
        ours(graph_of(op, [x], y, **attrs), [BYTES], Profile.EDGEQ)


REALS = np.array([[-3.0, -0.7, 0.0], [0.4, 1.0, 5.5]], np.float32)


@pytest.mark.parametrize(("op", "attrs", "real"), FUNCTIONS, ids=IDS)
def test_float_meaning(op: str, attrs: dict[str, Any], real: Real) -> None:
    """To a few units of the last place of float32, in the domain."""
    values = np.abs(REALS) + np.float32(0.25) if op in POSITIVE else REALS
    (got,) = all_ops()[op].reference(Node("n", op, ("x",), ("y",), attrs), (values,))
    wanted = np.array([[real(float(v)) for v in row] for row in values])
    assert got.dtype == np.float32
    assert np.allclose(got, wanted, rtol=4e-7, atol=1e-9)


def test_erf_is_precise_everywhere() -> None:
    x = np.concatenate([np.linspace(-7, 7, 20001), [-1e30, 1e30, 1e-30, -0.0]])
    assert np.abs(erf(x) - np.array([math.erf(v) for v in x])).max() < 1e-11
