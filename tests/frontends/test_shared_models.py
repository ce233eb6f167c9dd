"""The collection of trained networks: what is read, what is refused, and every reason why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeq.errors import Problems
from edgeq.frontends import load
from edgeq.ir import DType
from edgeq.ir.spec import check
from edgeq.passes import prepare

SharedFile = Callable[[str], Path]

INTEGER = [
    "coral_mobilenet_v1_025_128_uint8", "derived_ic_a16w8", "derived_ic_a8w4",
    "derived_person_detect_fixed_int8", "derived_vww_a16w8", "fomo_face_96_int8",
    "mlperf_tiny_ad_int8", "mlperf_tiny_ic_int8",
    "mlperf_tiny_kws_int8", "mlperf_tiny_sww_int8", "mlperf_tiny_vww_int8", "mnist_conv_fc_int8",
    "ssd_slim_face_120x160_int8", "tflm_hello_world_int8", "tflm_micro_speech_int8",
    "tflm_person_detect_int8", "wakevision_mcunet_vww_144_int8", "xtensa_mobilenet_v2_224_int8",
]  # fmt: skip
FLOAT = [
    "derived_ic_w4_dynamic", "mlperf_tiny_ad_float", "mlperf_tiny_ic_float",
    "mlperf_tiny_kws_float", "mlperf_tiny_vww_float", "mnist_conv_fc_float",
    "tflm_hello_world_float", "ultraface_slim_320_float",
]  # fmt: skip
REFUSED = {
    "litert_qwen_fc_int4_blockwise": {"block-wise or custom quantization is not supported": 1},
    "tflm_mnist_lstm_float": {"the operator is not supported": 1},
    "tflm_mnist_lstm_int8": {"the operator is not supported": 1},
    "microwakeword_okay_nabu_v2_int8": {
        "the model has 2 subgraphs": 1,
        "the operator is not supported": 19,
    },
}


@pytest.mark.parametrize("name", INTEGER)
def test_quantized_models_are_integer_graphs(name: str, shared_file: SharedFile) -> None:
    path = shared_file(f"models/{name}.tflite")
    graph = load(path)
    check(graph, "loaded")
    assert graph.source == path.read_bytes()
    prepared = prepare(graph)
    check(prepared, "integer")
    face = [(t.shape, t.dtype) for t in map(graph.tensors.get, graph.inputs) if t is not None]
    assert [
        (t.shape, t.dtype) for t in map(prepared.tensors.get, prepared.inputs) if t is not None
    ] == face


@pytest.mark.parametrize("name", FLOAT)
def test_float_models_are_read_and_not_compiled(name: str, shared_file: SharedFile) -> None:
    graph = load(shared_file(f"models/{name}.tflite"))
    check(graph, "loaded")
    assert {t.dtype for t in graph.tensors.values()} == {DType.FLOAT32}
    with pytest.raises(Problems, match="quantize the model first") as caught:
        prepare(graph)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", REFUSED)
def test_other_models_are_refused_with_every_reason(name: str, shared_file: SharedFile) -> None:
    with pytest.raises(Problems) as caught:
        load(shared_file(f"models/{name}.tflite"))
    reasons = [problem.what for problem in caught.value.problems]
    assert {what: reasons.count(what) for what in reasons} == REFUSED[name]


def test_shape_arithmetic_disappears(shared_file: SharedFile) -> None:
    graph = load(shared_file("models/ultraface_slim_320_float.tflite"), batch=2)
    assert {"shape", "pack", "strided_slice"}.isdisjoint(node.op for node in graph.nodes)
    assert [graph.tensors[name].shape for name in graph.outputs] == [(2, 4420, 4), (2, 4420, 2)]


def test_pads_before_convolutions_disappear(shared_file: SharedFile) -> None:
    for name in ("xtensa_mobilenet_v2_224_int8", "ssd_slim_face_120x160_int8"):
        graph = load(shared_file(f"models/{name}.tflite"))
        assert "pad" in {node.op for node in graph.nodes}
        assert "pad" not in {node.op for node in prepare(graph).nodes}
