"""Multiply-accumulates against both oracles, byte for byte, over random and extreme parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.verify.oracle import Oracle
from tests.ops.file_trials import agree
from tests.ops.mac_models import convolutions, depthwise, fully_connected

SEEDS = st.integers(0, 2**32)
SIGNED, ALL = ("int8", "int8", "int16"), ("int8", "int16", "uint8")


def agree_where_defined(oracle: Oracle, model: bytes, seed: int) -> None:
    """`agree`, but for layers that may overflow: what TensorFlow Lite does there is undefined."""
    try:
        agree(oracle, model, np.random.default_rng(seed))
    except QuantError as error:
        assume("may reach" not in error.what)
        raise


@given(model=convolutions(SIGNED), seed=SEEDS)
@settings(max_examples=120)
def test_convolution_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(tflm, model, seed)


# LiteRT refuses a convolution without a bias.
@given(model=convolutions(ALL, needs_bias=True), seed=SEEDS)
@settings(max_examples=120)
def test_convolution_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(litert, model, seed)


@given(model=depthwise(SIGNED), seed=SEEDS)
@settings(max_examples=120)
def test_depthwise_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(tflm, model, seed)


@given(model=depthwise(ALL), seed=SEEDS)
@settings(max_examples=120)
def test_depthwise_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(litert, model, seed)


@given(model=fully_connected(SIGNED), seed=SEEDS)
@settings(max_examples=160)
def test_fully_connected_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(tflm, model, seed)


@given(model=fully_connected(ALL), seed=SEEDS)
@settings(max_examples=160)
def test_fully_connected_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(litert, model, seed)


@pytest.mark.slow
@given(
    model=st.one_of(convolutions(SIGNED), depthwise(SIGNED), fully_connected(SIGNED)), seed=SEEDS
)
@settings(max_examples=1500)
def test_all_equal_tflm_at_length(tflm: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(tflm, model, seed)


@pytest.mark.slow
@given(
    model=st.one_of(convolutions(ALL, needs_bias=True), depthwise(ALL), fully_connected(ALL)),
    seed=SEEDS,
)
@settings(max_examples=1500)
def test_all_equal_litert_at_length(litert: Oracle, model: bytes, seed: int) -> None:
    agree_where_defined(litert, model, seed)
