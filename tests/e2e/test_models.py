"""Whole trained networks: numpy, the C code on this machine and both oracles, by `==`.

The default run takes as many samples as a model's size allows in a few seconds;
`python -m benchmarks.bit_exact` takes 100 of each kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from _pytest.mark.structures import ParameterSet

from benchmarks.collection import REAL_DATA, accepted_by, real_data, records, shared
from edgeq.build.host import HostModel
from edgeq.errors import Problems
from edgeq.ir import Graph, Tensor
from edgeq.passes import prepare
from edgeq.pipeline import load, plan_of, verify

MACS_PER_TEST = 40_000_000
LARGE_MACS = 10_000_000  # from here on one oracle judges in the default run
Shared = Callable[[str], Path]

MODELS = sorted(REAL_DATA)
REFUSED = {
    "litert_qwen_fc_int4_blockwise": "block-wise",
    "microwakeword_okay_nabu_v2_int8": "VAR_HANDLE",
    "tflm_mnist_lstm_float": "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "tflm_mnist_lstm_int8": "UNIDIRECTIONAL_SEQUENCE_LSTM",
}
FLOAT = {
    "derived_ic_w4_dynamic",
    "mlperf_tiny_ad_float", "mlperf_tiny_ic_float", "mlperf_tiny_kws_float",
    "mlperf_tiny_vww_float",
    "mnist_conv_fc_float", "tflm_hello_world_float", "ultraface_slim_320_float",
}  # fmt: skip
UNRECORDED = {"derived_ic_a8w4", "tflm_person_detect_int8"}
"""Models without recorded outputs: both oracles, or the one that takes them, judge them live."""

GOLDEN_NAMES = {
    "kws": "mlperf_tiny_kws_int8", "resnet": "mlperf_tiny_ic_int8", "vww": "mlperf_tiny_vww_int8",
    "ad": "mlperf_tiny_ad_int8", "sww": "mlperf_tiny_sww_int8", "person": "tflm_person_detect_int8",
    "mspeech": "tflm_micro_speech_int8", "hello": "tflm_hello_world_int8",
}  # fmt: skip


def samples_for(stem: str) -> int:
    """How many samples of a model fit a test: 2 to 20."""
    return int(np.clip(MACS_PER_TEST // records()[stem]["macs"], 2, 20))


def test_every_tflite_model_is_compared_or_refused(shared_file: Shared) -> None:
    folder = shared_file("models")
    assert {p.stem for p in folder.glob("*.tflite")} == {*MODELS, *REFUSED, *FLOAT}


def in_the_file(graph: Graph) -> set[str]:
    """The computed tensors that an oracle can know: not those that preparing a graph adds."""
    prepared = prepare(graph)
    computed = {name for node in prepared.nodes for name in node.outputs}
    return computed & {*prepared.file_index, *prepared.outputs}


def judged() -> list[ParameterSet]:
    """Every model and oracle; of large models those are slow that have another judge."""
    known = records()

    def is_second(stem: str, oracle: str) -> bool:
        large = stem in known and int(known[stem]["macs"]) > LARGE_MACS
        return large and oracle == "litert" and accepted_by(stem, "tflm")

    return [
        pytest.param(stem, oracle, marks=[pytest.mark.slow] if is_second(stem, oracle) else [])
        for stem in MODELS
        for oracle in ("tflm", "litert")
    ]


@pytest.mark.parametrize(("stem", "oracle"), judged())
def test_every_tensor_equals_the_oracle(stem: str, oracle: str, shared_file: Shared) -> None:
    graph = load(shared_file(f"models/{stem}.tflite"))
    if not accepted_by(stem, oracle):
        return  # the record says that this runtime refuses the file; the other one judges it
    count = samples_for(stem)
    data = {"x": real_data(stem, graph.tensors[graph.inputs[0]], count).x}
    shown = len(in_the_file(graph))
    for inputs in (None, data):
        report = verify(graph, samples=count, against=oracle, data=inputs)
        assert report.first_difference is None
        assert report.differing_bytes == 0
        assert report.oracle_tensors == shown


def test_each_model_is_judged_by_an_oracle(shared_file: Shared) -> None:
    shared_file("models/models.json")
    for stem in MODELS:
        assert accepted_by(stem, "tflm") or accepted_by(stem, "litert")


@pytest.mark.parametrize("stem", sorted(REFUSED))
def test_unsupported_models_are_refused_with_every_reason(stem: str, shared_file: Shared) -> None:
    with pytest.raises(Problems, match=REFUSED[stem]) as refusal:
        load(shared_file(f"models/{stem}.tflite"))
    reasons = [p.text() for p in refusal.value.problems]
    assert len(reasons) == len(set(reasons)) >= 1


@pytest.mark.parametrize("stem", sorted(FLOAT))
def test_float_models_are_read_and_not_compiled(stem: str, shared_file: Shared) -> None:
    graph = load(shared_file(f"models/{stem}.tflite"))
    with pytest.raises(Problems, match="quantize"):
        plan_of(graph)


def pattern(which: str, tensor: Tensor) -> np.ndarray:
    """The inputs that the recorded outputs of the Cortex-M runs were made with."""
    i = np.arange(tensor.size)
    zero = tensor.quant.zero_point if tensor.quant else 0
    if which == "p0":
        x = (i * 37 + 11) % 256 - 128
    elif which == "p2":
        x = np.clip(zero + (i * 13 + 5) % 17 - 8, -128, 127)
    else:
        state, x = 1, np.empty(tensor.size, np.int64)
        for k in range(tensor.size):
            state = (state * 1664525 + 1013904223) % 2**32
            x[k] = state >> 24
        x = (x + 128) % 256 - 128
    return x.astype(np.int8).reshape(tensor.shape)


@pytest.mark.parametrize("name", sorted(GOLDEN_NAMES))
def test_outputs_recorded_on_cortex_m_are_reproduced(name: str, shared_file: Shared) -> None:
    record = json.loads(shared_file("baselines/cortex_m.json").read_text(encoding="utf-8"))
    model = HostModel(plan_of(load(shared_file(f"models/{GOLDEN_NAMES[name]}.tflite"))))
    tensor = model.plan.inputs[0].tensor
    for which, expected in record["models"][name]["outputs"].items():
        assert model(pattern(which, tensor)).reshape(-1).tolist() == expected


@pytest.mark.parametrize("stem", MODELS)
def test_recorded_reference_outputs_are_reproduced(stem: str, shared_file: Shared) -> None:
    with np.load(shared_file("models/reference_outputs.npz")) as recorded:
        keys = {key for key in recorded.files if key.startswith(f"{stem}/")}
        wanted = f"{stem}/tflm" if f"{stem}/tflm" in keys else f"{stem}/litert_1_2_0_builtin_ref"
        if wanted not in keys:
            assert stem in UNRECORDED, "no outputs were recorded for this model"
            return
        inputs, outputs = recorded[f"{stem}/input"], recorded[wanted]
    count = 10 * samples_for(stem)
    model = HostModel(plan_of(load(shared() / "models" / f"{stem}.tflite")))
    for x, expected in zip(inputs[:count], outputs[:count], strict=True):
        found = model(x.reshape(model.plan.inputs[0].tensor.shape))
        first = found[0] if isinstance(found, tuple) else found
        assert np.array_equal(first.reshape(-1), expected.reshape(-1))
