"""ADD, SUB, MUL, MAXIMUM and MINIMUM: the oracles' bytes over scales, shapes and constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, all_ops, lower_node
from edgeq.verify.oracle import Oracle
from tests.one_op import T, const
from tests.ops.elementwise_trials import (
    ACTIVATIONS,
    agree,
    all_codes,
    graph_of,
    ours,
    scales,
    zero_points,
)

ORACLES = ("tflm", "litert")
ARITHMETIC = ("add", "sub", "mul")

SHAPES = (
    ((4, 5), (4, 5)), ((3, 4), (1, 1)), ((1,), (7,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 1)),
    ((2, 1, 3, 1), (1, 4, 1, 5)), ((2, 3, 4, 5), (2, 1, 4, 1)), ((), (6,)), ((1, 2, 3, 4), (3, 4)),
)  # fmt: skip


LARGEST_PRODUCT_FACTOR = 2.0**15  # products of int8 values are at most 65025


@pytest.fixture(params=ORACLES)
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Each oracle in turn."""
    found: Oracle = request.getfixturevalue(request.param)
    return found


def every_pair(rng: np.random.Generator) -> list[np.ndarray[Any, np.dtype[np.int8]]]:
    """4096 pairs of int8 in which every value occurs on either side."""
    return [rng.permutation(np.tile(all_codes(), 16)) for _ in range(2)]


@pytest.mark.parametrize("op", ARITHMETIC)
@settings(max_examples=25)
@given(
    sides=st.tuples(*(st.tuples(scales(1e-4, 10), zero_points()) for _ in range(3))),
    activation=ACTIVATIONS,
)
@example(sides=((0.05, 3), (0.05, -7), (0.1, 0)), activation="none")
@example(sides=((0.5, 127), (0.25, -128), (1.0, 0)), activation="relu")
@example(sides=((1e-4, 0), (10.0, 0), (10.0, 0)), activation="none")
def test_int8_equals_the_oracle(
    oracle: Oracle, rng: np.random.Generator, op: str, sides: Any, activation: str
) -> None:
    a, b, y = (T((4096,), "int8", s, z) for s, z in sides)
    if op == "mul":  # beyond it the runtimes' shifted product leaves int32: undefined in C
        assume(sides[0][0] * sides[1][0] / sides[2][0] < LARGEST_PRODUCT_FACTOR)
    attrs = {"activation": activation}
    agree(oracle, op, [a, b], y, every_pair(rng), attrs, activation=activation)


@pytest.mark.parametrize("op", ARITHMETIC)
@settings(max_examples=20)
@given(trio=st.tuples(*(scales(1e-5, 1e-2) for _ in range(3))), activation=ACTIVATIONS)
@example(trio=(2.0**-11, 2.0**-11, 2.0**-10), activation="none")
@example(trio=(2.0**-14, 2.0**-10, 2.0**-9), activation="relu6")
def test_int16_equals_the_oracle(
    oracle: Oracle, rng: np.random.Generator, op: str, trio: Any, activation: str
) -> None:
    a, b, y = (T((65536,), "int16", s) for s in trio)
    x = [rng.permutation(all_codes("int16")) for _ in range(2)]
    x[0][:4], x[1][:4] = [-32768, 32767, -32768, 32767], [-32768, 32767, 32767, -32768]
    options: dict[str, Any] = {"activation": activation}
    if op == "mul":  # from 1 on the runtimes' shifted product leaves int32: undefined in C
        assume(trio[0] * trio[1] / trio[2] < 0.99)
    else:
        options["pot_scale_int16"] = False
    agree(oracle, op, [a, b], y, x, options, **options)


@pytest.mark.parametrize("op", ["add", "sub"])
@settings(max_examples=25)
@given(
    shifts=st.tuples(st.integers(0, 15), st.booleans()),
    base=st.integers(-15, -6),
    activation=ACTIVATIONS,
    pot=st.booleans(),
)
def test_int16_on_powers_of_two_equals_the_oracle(
    oracle: Oracle,
    rng: np.random.Generator,
    op: str,
    shifts: tuple[int, bool],
    base: int,
    activation: str,
    pot: bool,
) -> None:
    """LiteRT shifts one operand when the file allows it; TFLM rescales always.

    At a ratio of 2**16 LiteRT's 16-bit mask overflows, and the finer operand counts as its sign;
    here it counts as what it rounds to.
    """
    finer, first = 2.0 ** (base - shifts[0]), shifts[1]
    a, b = (T((65536,), "int16", s) for s in ((finer, 2.0**base)[:: 1 if first else -1]))
    y = T((65536,), "int16", 2.0**base)
    x = [rng.permutation(all_codes("int16")) for _ in range(2)]
    options = {"activation": activation, "pot_scale_int16": pot}
    agree(oracle, op, [a, b], y, x, options, **options)


@pytest.mark.parametrize("op", [*ARITHMETIC, "maximum", "minimum"])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("swapped", [False, True])
def test_broadcast_equals_the_oracle(
    oracle: Oracle, rng: np.random.Generator, op: str, dtype: str, shapes: Any, swapped: bool
) -> None:
    shape_a, shape_b = shapes[::-1] if swapped else shapes
    scale = 0.05 if dtype == "int8" else 0.001
    info = np.iinfo(dtype)
    a, b = T(shape_a, dtype, scale), T(shape_b, dtype, scale * 0.7)
    y = T(tuple(np.broadcast_shapes(shape_a, shape_b)), dtype, scale * 2)
    x = [rng.integers(info.min, info.max + 1, t.shape).astype(dtype) for t in (a, b)]
    if op in ("maximum", "minimum"):
        a, b, y = (T(t.shape, dtype, scale) for t in (a, b, y))
    options: dict[str, Any] = {"pot_scale_int16": False} if op in ("add", "sub") else {}
    agree(oracle, op, [a, b], y, x, options, **options)


@pytest.mark.parametrize("shapes", [((2, 1, 3, 1, 2), (1, 4, 1, 5, 2))], ids=str)
@pytest.mark.parametrize("op", ARITHMETIC)
def test_five_dimensions_equal_the_oracle(
    litert: Oracle, rng: np.random.Generator, op: str, shapes: Any
) -> None:
    """TFLM asserts at most four dimensions where it broadcasts; LiteRT takes six."""
    a, b = (T(s, "int8", 0.05, 3) for s in shapes)
    y = T(tuple(np.broadcast_shapes(*shapes)), "int8", 0.11, -9)
    x = [rng.integers(-128, 128, s).astype(np.int8) for s in shapes]
    agree(litert, op, [a, b], y, x)


def test_many_dimensions_become_several_calls(rng: np.random.Generator) -> None:
    """Six dimensions that alternate between the operands cannot merge to four."""
    shapes = (2, 1, 3, 1, 2, 1), (1, 2, 1, 3, 1, 2)
    a, b = (T(s, "int8", 0.05, 3) for s in shapes)
    y = T((2, 2, 3, 3, 2, 2), "int8", 0.11, -9)
    graph = graph_of("add", [a, b], y)
    x = [rng.integers(-128, 128, s).astype(np.int8) for s in shapes]
    wide = [np.ascontiguousarray(np.broadcast_to(v, y.shape)) for v in x]
    flat = graph_of("add", [T(y.shape, "int8", 0.05, 3)] * 2, y)
    lowered = lower_node(graph, graph.nodes[0], Profile.TFLM)
    assert isinstance(lowered, tuple)
    assert len(lowered) == 4
    assert np.array_equal(ours(graph, x, Profile.TFLM), ours(flat, wide, Profile.TFLM))


@pytest.mark.parametrize("op", [*ARITHMETIC, "maximum", "minimum"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("shape", [(), (5,), (3, 5)], ids=str)
def test_constant_operand_equals_the_oracle(
    oracle: Oracle, rng: np.random.Generator, op: str, first: bool, shape: Any
) -> None:
    x = T((2, 3, 5), "int8", 0.05, 4)
    data = rng.integers(-128, 128, shape).astype(np.int8)
    constant = const(data, scale=0.05 if op.endswith("imum") else 0.013, zero_point=4)
    y = T((2, 3, 5), "int8", 0.05, 4)
    sample = rng.integers(-128, 128, x.shape).astype(np.int8)
    agree(oracle, op, [constant, x] if first else [x, constant], y, [sample])


@pytest.mark.parametrize("profile", list(Profile))
def test_sum_that_cancels_is_the_zero_point(profile: Profile) -> None:
    t = T((256,), "int8", 0.3, 5)
    graph = graph_of("sub", [t, t], T((256,), "int8", 0.01, -7))
    assert set(ours(graph, [all_codes(), all_codes()], profile).tolist()) == {-7}


@pytest.mark.parametrize("op", ARITHMETIC)
def test_edgeq_is_within_a_step_of_the_real_result(rng: np.random.Generator, op: str) -> None:
    """Half a step of the final rounding, and less than 2**-9 of the grid behind it."""
    a, b, y = T((4096,), "int8", 0.05, 3), T((4096,), "int8", 0.021, -9), T((4096,), "int8", 0.06)
    x = every_pair(rng)
    real_a, real_b = 0.05 * (x[0].astype(float) - 3), 0.021 * (x[1].astype(float) + 9)
    real = {"add": real_a + real_b, "sub": real_a - real_b, "mul": real_a * real_b}[op] / 0.06
    got = ours(graph_of(op, [a, b], y), x, Profile.EDGEQ)
    assert np.abs(got - np.clip(real, -128, 127)).max() <= 0.5 + 2.0**-9


def test_output_scale_too_fine_for_the_grid_is_refused() -> None:
    a, y = T((4,), "int8", 1.0), T((4,), "int8", 2.0**-18)
    graph = graph_of("add", [a, a], y)
    with pytest.raises(QuantError, match="too fine"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


def test_int16_products_beyond_int32_are_refused() -> None:
    a, y = T((4,), "int16", 1.0), T((4,), "int16", 0.25)
    graph = graph_of("mul", [a, a], y)
    with pytest.raises(QuantError, match="products may reach"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


def test_int16_product_with_a_small_constant_is_allowed() -> None:
    a, c = T((4,), "int16", 1.0), const(np.array([3], np.int16), scale=1.0)
    graph = graph_of("mul", [a, c], T((4,), "int16", 0.5))
    x = np.array([-32768, -1, 5, 32767], np.int16)
    assert ours(graph, [x], Profile.TFLM).tolist() == [-32768, -6, 30, 32767]


def test_mixed_dtypes_are_refused() -> None:
    graph = graph_of("add", [T((4,), "int8", 1.0), T((4,), "int16", 1.0)], T((4,), "int8", 1.0))
    with pytest.raises(GraphError, match="cannot add"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


def test_extrema_of_different_scales_are_refused_where_no_runtime_decides() -> None:
    graph = graph_of("maximum", [T((4,), "int8", 1.0), T((4,), "int8", 2.0)], T((4,), "int8", 1.0))
    with pytest.raises(QuantError, match="share their scale"):
        lower_node(graph, graph.nodes[0], Profile.EDGEQ)


@pytest.mark.parametrize("op", ["add", "sub", "mul", "maximum", "minimum"])
def test_float_meaning(rng: np.random.Generator, op: str) -> None:
    a, b = (rng.normal(size=(3, 4)).astype(np.float32) for _ in range(2))
    want = {"add": a + b, "sub": a - b, "mul": a * b,
            "maximum": np.maximum(a, b), "minimum": np.minimum(a, b)}[op]  # fmt: skip
    graph = graph_of(op, [T((3, 4), "float32")] * 2, T((3, 4), "float32"), activation="none")
    (got,) = all_ops()[op].reference(graph.nodes[0], (a, b))
    assert got.dtype == np.float32
    assert np.array_equal(got, want)


def test_sub_lowers_to_the_contract_of_add() -> None:
    t = T((4,), "int8", 1.0)
    graph = graph_of("sub", [t, t], t)
    lowered = lower_node(graph, graph.nodes[0], Profile.TFLM)
    assert isinstance(lowered, tuple)
    (call,) = lowered
    assert isinstance(call, Call)
    assert (call.contract, call.params["ka"], call.params["kb"]) == ("add_s8", 2**19, -1)
