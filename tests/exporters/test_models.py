"""Trained networks read, prepared and written again: the runtimes give edgeq's bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.collection import REAL_DATA, accepted_by, model_path
from edgeq.errors import Problems
from edgeq.exporters.tflite import to_tflite
from edgeq.frontends import load
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Graph
from edgeq.passes import prepare
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.exporters.graphs import PROFILES, Array, samples

SharedFile = Callable[[str], Path]
LARGE = {
    "xtensa_mobilenet_v2_224_int8", "wakevision_mcunet_vww_144_int8", "ssd_slim_face_120x160_int8",
}  # fmt: skip
LEGACY = {"coral_mobilenet_v1_025_128_uint8"}
"""Models of uint8: written as they were loaded."""

FLOAT = [
    "mlperf_tiny_ad_float", "mlperf_tiny_ic_float", "mlperf_tiny_kws_float",
    "mlperf_tiny_vww_float", "mnist_conv_fc_float", "tflm_hello_world_float",
    "ultraface_slim_320_float",
]  # fmt: skip
MODELS = [
    pytest.param(stem, marks=[pytest.mark.slow] * (stem in LARGE)) for stem in sorted(REAL_DATA)
]


def outputs(graph: Graph, profile: str, trials: list[list[Array]]) -> list[list[Array]]:
    """What edgeq computes, flat, per sample and output."""
    ready = prepare(graph)
    machine = exact(ready, PROFILES[profile])
    runs = (machine.run(dict(zip(ready.inputs, trial, strict=True))) for trial in trials)
    return [[run[name].reshape(-1) for name in ready.outputs] for run in runs]


def same(left: list[list[Array]], right: list[list[Array]]) -> bool:
    pairs = [
        (a.reshape(-1), b.reshape(-1))
        for one, two in zip(left, right, strict=True)
        for a, b in zip(one, two, strict=True)
    ]
    return bool(pairs) and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("stem", MODELS)
def test_a_trained_network_keeps_its_bytes(
    stem: str, shared_file: SharedFile, tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    shared_file("models")
    original = load(model_path(stem))
    ready = original if stem in LEGACY else prepare(original)
    written = to_tflite(ready)
    again = read_tflite(written)
    trials = samples(original, rng, 2)
    for oracle in (tflm, litert):
        want = outputs(original, oracle.name, trials)
        assert same(outputs(again, oracle.name, trials), want)
        if accepted_by(stem, oracle.name):
            answers = [list(answer.outputs) for answer in oracle.run(written, trials)]
            assert same(answers, want)


@pytest.mark.parametrize("stem", FLOAT)
def test_a_float_network_keeps_its_bytes(
    stem: str, shared_file: SharedFile, litert: Oracle, rng: np.random.Generator
) -> None:
    """Between two files of one network the runtime computes the same, to the last bit.

    The one of kws has int8 weights and float activations, which LiteRT multiplies otherwise.
    """
    original = shared_file(f"models/{stem}.tflite").read_bytes()
    graph = read_tflite(original)
    written = to_tflite(graph)
    trials = samples(graph, rng, 2)
    got = [list(answer.outputs) for answer in litert.run(written, trials)]
    assert all(np.isfinite(array).all() for arrays in got for array in arrays)
    if stem != "mlperf_tiny_kws_float":
        assert same(got, [list(answer.outputs) for answer in litert.run(original, trials)])


def test_a_prepared_uint8_network_is_refused(shared_file: SharedFile) -> None:
    graph = prepare(load(shared_file("models/coral_mobilenet_v1_025_128_uint8.tflite")))
    with pytest.raises(Problems, match="write the graph as it was loaded"):
        to_tflite(graph)
