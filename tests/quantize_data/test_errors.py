"""The report of quantization errors: the bounds of theory hold, predictions meet measurements."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from math import inf, isinf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgeq
from edgeq.ir import DType, Graph
from edgeq.numerics.profile import Profile
from edgeq.ops.common import RANGES
from edgeq.passes.float_graph import prepare_float
from edgeq.quantize.errors import LayerError, decibels, layer_errors, run_nodes, weight_error
from edgeq.quantize.options import Options
from edgeq.quantize.parameters import (
    activation_params,
    to_integers,
    to_reals,
    weight_params,
)
from edgeq.quantize.samples import samples_of
from edgeq.quantize.schemes import scheme_map
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from tests.quantize_data.networks import images, network, two_inputs

SMALLEST = 2.0**-20  # weights below would make scales below float32's precise range


def report(graph: Graph, scheme: str = "int8", data: object = None) -> dict[str, LayerError]:
    given = images(24) if data is None else data
    found = layer_errors(graph, samples_of(graph, given), scheme_map(scheme), Options())[1]
    return {layer.name: layer for layer in found}


@st.composite
def weights(draw: st.DrawFn) -> np.ndarray:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    scale = 2.0 ** draw(st.integers(-12, 12))
    values = rng.normal(0, scale, (rows, columns))
    if draw(st.booleans()):
        values[rng.random(values.shape) < 0.5] = 0.0
    if draw(st.booleans()):
        values[0] *= 1000.0  # channels of very different ranges
    return np.where(np.abs(values) < SMALLEST, 0.0, values).astype(np.float32)


@given(weights(), st.sampled_from([DType.INT8, DType.INT4]), st.sampled_from([0, 4]))
@settings(max_examples=150)
def test_no_weight_is_off_by_more_than_half_a_step(w: np.ndarray, dtype: DType, group: int) -> None:
    group = group if dtype is DType.INT4 else 0
    params = weight_params(w, 0, dtype, None, 1.0, group)
    found = weight_error(w, params, dtype)
    tiny = 4 * np.finfo(np.float32).eps * float(np.abs(w).max(initial=0))
    assert found.max_error <= found.bound + tiny
    assert found.bound <= found.step / 2
    assert found.rms_error <= found.step / 2 + tiny
    assert found.clipped == 0


@given(
    st.floats(-1e4, 0), st.floats(0, 1e4), st.sampled_from([DType.INT8, DType.INT16]),
    st.integers(0, 2**31),
)  # fmt: skip
@settings(max_examples=150)
def test_activations_inside_the_range_are_off_by_half_a_step_and_outside_they_clip(
    low: float, high: float, dtype: DType, seed: int
) -> None:
    if high - low < 1e-3:
        return
    params = activation_params(low, high, dtype)
    step, zero = float(params.scale[0]), params.zero_point
    bottom, top = ((q - zero) * step for q in RANGES[dtype])
    x = np.random.default_rng(seed).uniform(bottom, top, 500).astype(np.float32)
    near = np.float32(max(abs(bottom), abs(top))) * np.finfo(np.float32).eps
    assert np.abs(to_reals(to_integers(x, params, dtype), params) - x).max() <= step / 2 + 2 * near
    beyond = np.array([bottom - 5 * step, top + 5 * step], np.float32)
    error = np.abs(to_reals(to_integers(beyond, params, dtype), params) - beyond)
    np.testing.assert_allclose(error, 5 * step, rtol=1e-2)


@pytest.mark.parametrize(("dtype", "largest"), [(DType.INT8, 127), (DType.INT4, 7)])
def test_evenly_spread_weights_have_the_noise_of_theory(dtype: DType, largest: int) -> None:
    """D**2 / 12, hence 6.02 dB for each bit."""
    w = np.random.default_rng(0).uniform(-1, 1, (4, 50_000)).astype(np.float32)
    found = weight_error(w, weight_params(w, 0, dtype, None, 1.0), dtype)
    assert found.rms_error == pytest.approx(found.step / np.sqrt(12), rel=0.01)
    assert found.sqnr == pytest.approx(found.predicted_sqnr, abs=0.1)
    assert found.predicted_sqnr == pytest.approx(20 * np.log10(2 * largest), abs=0.1)


def test_clipped_weights_are_counted_and_leave_the_bound_alone() -> None:
    w = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    params = weight_params(w, 0, DType.INT8, None, 1.0)
    narrow = replace(params, scale=params.scale / 2)
    found = weight_error(w, narrow, DType.INT8)
    outside = np.abs(w) > 127.5 * narrow.scale[:, None]
    assert 0 < found.clipped == outside.mean()
    assert found.max_error <= found.bound
    assert found.sqnr < found.predicted_sqnr


SEEDS = 8
DECIBEL = 1.0  # by which theory may miss where thousands of errors add


@pytest.mark.parametrize("scheme", ["int8", "int16x8", "int4", "int4g4"])
def test_predicted_and_measured_noise_of_layers_meet(scheme: str) -> None:
    """Over random networks: a single one of so few weights may be off by some dB."""
    reports = [report(network(seed=seed), scheme) for seed in range(SEEDS)]
    for name in ("first", "second"):
        layers = [found[name] for found in reports]
        assert abs(np.mean([surplus(layer) for layer in layers])) < 1.5
        weights = [w.sqnr - w.predicted_sqnr for e in layers if (w := e.weights) is not None]
        assert len(weights) == SEEDS
        assert abs(np.mean(weights)) < 1
    assert list(reports[0]) == ["first", "second", "mean", "dense", "softmax"]
    assert reports[0]["mean"].weights is None
    assert reports[0]["mean"].predicted_sqnr is None


def surplus(layer: LayerError) -> float:
    """Measured less predicted SQNR of the output, in dB."""
    assert layer.predicted_sqnr is not None
    return layer.sqnr - layer.predicted_sqnr


def test_predictions_for_a_trained_network(shared_file: Callable[[str], Path]) -> None:
    """Its first layer reads integer pixels, which have no error: it is better than predicted."""
    graph = prepare_float(edgeq.load(shared_file("models/mlperf_tiny_ic_float.tflite")))
    with np.load(shared_file("data/cifar10.npz")) as file:
        found = list(report(graph, "int8", file["x_cal"][:16]).values())
    first, *others = [layer for layer in found if layer.weights is not None]
    assert len(others) == 9
    assert surplus(first) > 1
    for layer in others:
        assert abs(surplus(layer)) < DECIBEL
        assert layer.weights is not None
        assert layer.weights.sqnr == pytest.approx(layer.weights.predicted_sqnr, abs=DECIBEL)


def test_more_bits_make_less_noise() -> None:
    coarse, usual, fine = (report(network(), s) for s in ("int4", "int8", "int16x8"))
    for name in ("first", "second", "dense"):
        assert coarse[name].sqnr + 6 < usual[name].sqnr < fine[name].sqnr
        assert coarse[name].sensitivity < usual[name].sensitivity
    assert fine["mean"].sqnr > usual["mean"].sqnr + 30


def test_the_last_layer_is_as_sensitive_as_it_is_noisy() -> None:
    layer = report(network())["softmax"]
    assert layer.sensitivity == layer.sqnr


def test_the_sensitivity_is_that_of_the_layer_alone() -> None:
    """By hand: the first layer on its grid, everything behind it in floats."""
    graph, data = network(), images(24)
    layer = report(graph)["first"]
    quantized = edgeq.quantize(graph, data, methods=())
    tensors = quantized.tensors
    first = replace(quantized, nodes=quantized.nodes[:1], outputs=("a",)).replace_nodes({})
    run = exact(first, Profile.EDGEQ)
    wanted = FloatModel(graph).run({"x": data})["y"]
    noise = 0.0
    for i, sample in enumerate(data):
        params = tensors["x"].quant
        assert params is not None
        x = to_integers(sample[None], params, DType.INT8).astype(np.int8)
        quant = tensors["a"].quant
        assert quant is not None
        a = to_reals(run.run({"x": x})["a"].astype(np.int64), quant)
        y = run_nodes(graph, graph.nodes[1:], {"a": a[None]}, ("y",))["y"]
        noise += float(((y.reshape(4) - wanted[i]) ** 2).sum())
    by_hand = decibels(float((wanted**2).sum()), noise)
    assert layer.sensitivity == pytest.approx(by_hand, abs=0.3)


def test_a_layer_without_weights_and_one_without_noise() -> None:
    found = report(two_inputs(), data={n: images(4)[:, 0, :4, 0] for n in ("a", "b")})
    assert found["add"].weights is None
    assert not isinf(found["add"].sqnr)
    assert decibels(1.0, 0.0) == inf
    assert decibels(0.0, 1.0) == -inf
    zero = np.zeros((2, 3), np.float32)
    nothing = weight_error(zero, weight_params(zero, 0, DType.INT8, None, 1.0), DType.INT8)
    assert (nothing.max_error, nothing.rms_error, nothing.sqnr) == (0.0, 0.0, inf)


def test_analysis_tells_errors_and_costs_of_the_same_layers() -> None:
    found = edgeq.analyze(network(), data=images(40), scheme="int8")
    assert found.problems == ()
    assert found.numerics == "edgeq"
    assert found.arena_bytes is not None
    assert found.measured_samples == 32
    assert [e.name for e in found.errors] == [layer.name for layer in found.layers]
    assert edgeq.analyze(edgeq.quantize(network(), images(8))).errors == ()


def test_measuring_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = report(network())
    monkeypatch.setattr(sys.modules["edgeq.quantize.errors"], "AT_ONCE", 3000)
    for name, layer in report(network()).items():
        assert layer.sqnr == pytest.approx(whole[name].sqnr, rel=1e-6)
        assert layer.sensitivity == pytest.approx(whole[name].sensitivity, rel=1e-6)
