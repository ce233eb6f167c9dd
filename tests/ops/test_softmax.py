"""SOFTMAX: the oracles' bytes over scales, betas and row lengths, and what none decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.numerics import gemmlowp
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops, lower_node
from edgeq.verify.oracle import Oracle
from tests.one_op import T
from tests.ops.elementwise_trials import agree, graph_of, ours, scales

OUTPUT = {"int8": (1 / 256, -128), "int16": (2.0**-16, -32768)}
SUM_LIMIT = 512
"""Equal classes from which BUILTIN_REF aborts and TFLM's shift leaves 32 bits."""


@pytest.fixture(params=("tflm", "litert"))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Each oracle in turn."""
    found: Oracle = request.getfixturevalue(request.param)
    return found


def rows(rng: np.random.Generator, shape: tuple[int, ...], dtype: str, spread: int) -> Any:
    """Random values within `spread` of the dtype's upper end."""
    top = int(np.iinfo(dtype).max)
    return rng.integers(max(top - spread, -top - 1), top + 1, shape).astype(dtype)


@pytest.mark.parametrize("output", ["int8", "int16"])
@settings(max_examples=40)
@given(
    scale=scales(1e-5, 10),
    beta=scales(0.05, 5),
    depth=st.integers(1, 300),
    spread=st.integers(0, 255),
)
@example(scale=0.1, beta=1.0, depth=1, spread=255)
@example(scale=0.1, beta=1.0, depth=511, spread=0)
def test_int8_equals_the_oracle(
    oracle: Oracle,
    rng: np.random.Generator,
    output: str,
    scale: float,
    beta: float,
    depth: int,
    spread: int,
) -> None:
    shape = (3, depth)
    y = T(shape, output, *OUTPUT[output])
    x = rows(rng, shape, "int8", spread)
    agree(oracle, "softmax", [T(shape, "int8", scale, 7)], y, [x], {"beta": beta}, beta=beta)


@settings(max_examples=40)
@given(
    scale=scales(1e-7, 0.4),
    beta=scales(0.05, 5),
    depth=st.integers(1, 300),
    spread=st.integers(0, 65535),
)
@example(scale=2.0**-11, beta=1.0, depth=1, spread=255)
@example(scale=2.0**-11, beta=1.0, depth=2000, spread=0)
def test_int16_equals_the_oracle(
    oracle: Oracle,
    rng: np.random.Generator,
    scale: float,
    beta: float,
    depth: int,
    spread: int,
) -> None:
    shape = (3, depth)
    x, y = T(shape, "int16", scale), T(shape, "int16", 2.0**-15)
    sample = rows(rng, shape, "int16", spread)
    agree(oracle, "softmax", [x], y, [sample], {"beta": beta}, beta=beta)


@pytest.mark.parametrize("shape", [(5,), (2, 5), (2, 3, 5), (1, 2, 3, 5)], ids=str)
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_every_rank_goes_over_the_last_axis(
    oracle: Oracle, rng: np.random.Generator, shape: tuple[int, ...], dtype: str
) -> None:
    quant = (1 / 256, -128) if dtype == "int8" else (2.0**-15, 0)
    x = T(shape, dtype, 0.1 if dtype == "int8" else 0.001)
    sample = rows(rng, shape, dtype, 60 if dtype == "int8" else 9000)
    agree(oracle, "softmax", [x], T(shape, dtype, *quant), [sample], {"beta": 1.0}, beta=1.0)


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("depth", [SUM_LIMIT, 520, 4096, 9000])
def test_sum_of_512_and_more_gives_zeros(profile: Profile, depth: int) -> None:
    """No oracle decides here: BUILTIN_REF aborts, TFLM shifts by 32 and more.

    The contract is the real quotient, 1/512 and less, in steps of 1/256: 0.
    """
    shape = (1, depth)
    graph = graph_of(
        "softmax", [T(shape, "int8", 0.1)], T(shape, "int8", *OUTPUT["int8"]), beta=1.0
    )
    assert set(ours(graph, [np.full(shape, 9, np.int8)], profile).reshape(-1).tolist()) == {-128}


@pytest.mark.parametrize("output", ["int8", "int16"])
def test_edgeq_is_within_a_step_of_the_real_result(rng: np.random.Generator, output: str) -> None:
    shape = (20, 10)
    x = rows(rng, shape, "int8", 80)
    scale, zero_point = OUTPUT[output]
    graph = graph_of(
        "softmax", [T(shape, "int8", 0.05)], T(shape, output, *OUTPUT[output]), beta=1.0
    )
    got = ours(graph, [x], Profile.EDGEQ)
    powers = np.exp(float(np.float32(0.05)) * x.astype(float))
    real = powers / powers.sum(axis=1, keepdims=True) / scale + zero_point
    # half a step, and the sum's Q12.19 with its reciprocal: below 2**-16 relative
    assert np.abs(got - real).max() <= 0.5 + 2.0**-16 / scale


def test_float_meaning(rng: np.random.Generator) -> None:
    x = rng.normal(0, 3, (4, 9)).astype(np.float32)
    graph = graph_of("softmax", [T(x.shape, "float32")], T(x.shape, "float32"), beta=0.5)
    (got,) = all_ops()["softmax"].reference(graph.nodes[0], (x,))
    powers = np.exp(0.5 * x.astype(np.float64))
    assert np.allclose(got, powers / powers.sum(axis=1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("beta", [0.0, -1.0])
def test_beta_must_be_positive(beta: float) -> None:
    graph = graph_of(
        "softmax", [T((2, 3), "int8", 0.1)], T((2, 3), "int8", 1 / 256, -128), beta=beta
    )
    with pytest.raises(QuantError, match="positive"):
        lower_node(graph, graph.nodes[0], Profile.TFLM)


@pytest.mark.parametrize("integer_bits", [4, 5])
def test_fixed_point_exponential_is_close(rng: np.random.Generator, integer_bits: int) -> None:
    a = -rng.integers(0, 2**31, 5000)
    real = np.exp(a / 2.0 ** (31 - integer_bits))
    got = gemmlowp.exp_on_negative_values(a, integer_bits) / 2.0**31
    # the Taylor polynomial's remainder (1/8)**5 / 5! and a few roundings of 2**-31
    assert np.abs(got - real).max() < 0.125**5 / 120 + 16 * 2.0**-31


def test_fixed_point_reciprocal_is_close(rng: np.random.Generator) -> None:
    x = rng.integers(1, 2**32, 5000)
    value, bits = gemmlowp.reciprocal(x, 12)
    got = value / 2.0**31 * 2.0 ** -bits.astype(float)
    assert np.abs(got * (x / 2.0**19) - 1).max() < 2.0**-27
