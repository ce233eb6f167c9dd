"""Scales and zero points: the bounds of uniform quantization, checked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.errors import QuantError
from edgeq.ir import DType
from edgeq.quantize.parameters import (
    BIAS_LIMIT,
    LARGEST,
    activation_params,
    to_integers,
    to_reals,
    weight_params,
)

# Float32 scales: D is known to 2**-24 of itself, and integers are at most 2**15.
SLACK = 2.0**-8
NOISE_TOLERANCE = 0.05  # of D^2 / 12, for 100,000 values: six standard deviations are 0.03

ranges = st.tuples(st.floats(-1e6, 1e6, width=32), st.floats(-1e6, 1e6, width=32)).map(
    lambda pair: (min(pair), max(pair))
)


@given(ranges, st.sampled_from([DType.INT8, DType.INT16]))
def test_error_inside_the_range_is_half_a_step(span: tuple[float, float], dtype: DType) -> None:
    params = activation_params(*span, dtype)
    step = float(params.scale[0])
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    values = np.linspace(low, high, 1001).astype(np.float32)
    back = to_reals(to_integers(values, params, dtype), params)
    # the zero point is rounded: the ends may lie half a step outside of what integers reach
    inside = (values >= low + step) & (values <= high - step)
    assert np.abs(back - values)[inside].max(initial=0) <= step / 2 * (1 + SLACK)
    assert np.abs(back - values).max(initial=0) <= step * (1 + SLACK) or high - low < 1e-29


@given(ranges, st.sampled_from([DType.INT8, DType.INT16]))
def test_zero_is_exact(span: tuple[float, float], dtype: DType) -> None:
    params = activation_params(*span, dtype)
    zero = to_integers(np.zeros(1, np.float32), params, dtype)
    assert zero[0] == params.zero_point
    assert to_reals(zero, params)[0] == 0.0


@pytest.mark.parametrize(("dtype", "bits"), [(DType.INT4, 4), (DType.INT8, 8)])
def test_noise_has_the_power_of_a_uniform_step(
    dtype: DType, bits: int, rng: np.random.Generator
) -> None:
    weights = rng.uniform(-1, 1, (1, 100_000)).astype(np.float32)
    params = weight_params(weights, 0, dtype, None, 1.0)
    step = float(params.scale[0])
    noise = to_reals(to_integers(weights, params, dtype), params) - weights
    power = float(np.square(noise, dtype=np.float64).mean())
    assert power == pytest.approx(step**2 / 12, rel=NOISE_TOLERANCE)
    assert np.abs(noise).max() <= step / 2 * (1 + SLACK)
    sqnr = 10 * np.log10(float(np.square(weights, dtype=np.float64).mean()) / power)
    assert sqnr == pytest.approx(20 * np.log10(2 ** (bits - 1) - 1) + 6.02, abs=0.3)


def test_clipping_error_is_the_distance_to_the_range() -> None:
    params = activation_params(-1.0, 1.0, DType.INT8)
    top = float(to_reals(np.array([127]), params)[0])
    far = np.array([5.0], np.float32)
    assert to_reals(to_integers(far, params, DType.INT8), params)[0] == pytest.approx(top)


@pytest.mark.parametrize("dtype", [DType.INT4, DType.INT8])
def test_channels_have_scales_of_their_own(dtype: DType, rng: np.random.Generator) -> None:
    weights = rng.normal(0, 1, (4, 3, 3, 2)).astype(np.float32) * np.array(
        [1, 1e-3, 50, 0], np.float32
    ).reshape(-1, 1, 1, 1)
    params = weight_params(weights, 0, dtype, None, 0.1)
    expected = np.abs(weights).reshape(4, -1).max(axis=1) / LARGEST[dtype]
    assert params.scale[:3] == pytest.approx(expected[:3], rel=1e-6)
    assert params.scale[3] == 1.0
    assert np.abs(to_integers(weights, params, dtype)).max() == LARGEST[dtype]


def test_scale_grows_until_the_bias_fits() -> None:
    weights = np.full((1, 4), 1e-12, np.float32)
    params = weight_params(weights, 0, DType.INT8, np.array([100.0], np.float32), 1e-3)
    assert 100.0 / (1e-3 * params.scale[0]) == pytest.approx(BIAS_LIMIT, rel=1e-6)


@pytest.mark.parametrize("span", [(-np.inf, 1.0), (0.0, np.nan), (-3e38, 3e38)])
def test_ranges_without_a_scale_are_refused(span: tuple[float, float]) -> None:
    with pytest.raises(QuantError, match="no scale spans that"):
        activation_params(*span, DType.INT8)


def test_constant_channel_gets_a_scale() -> None:
    assert activation_params(0.0, 0.0, DType.INT8).scale[0] == 1.0
